// A daemon that has lost one of its tasks ends at once and says which, so that the service manager
// starts it again.
#include "base/crash_point.hpp"
#include "tests/acceptance/fixture.hpp"

namespace affsync::test::dead_task_test {
namespace {

class DeadTask : public Acceptance, public testing::WithParamInterface<char const*> {};

TEST_P(DeadTask, ends_the_daemon_loudly) {
  if (!crash_points_built) GTEST_SKIP() << "this build cannot inject failures";
  start_broker();
  environment["AFFSYNC_FAIL_TASK"] = GetParam();
  top_yaml = "";
  auto text = config_text();
  auto const off = text.find("\"off\"");
  ASSERT_NE(off, std::string::npos);
  dir_.write("affsync.yaml", text.replace(off, 5, "127.0.0.1:0"));
  auto const process = start({"run"});
  EXPECT_EQ(process->wait(Process::Seconds(30)), 1) << process->err();
  EXPECT_NE(process->err().find("the daemon's task `" + std::string(GetParam()) +
                                "` has failed: a failure that a test ordered"),
            std::string::npos)
      << process->err();
}

INSTANTIATE_TEST_SUITE_P(Tasks, DeadTask,
                         testing::Values("schedule", "reload", "upkeep", "days", "watchdog", "http",
                                         "alerts", "figures", "money"));

}  // namespace
}  // namespace affsync::test::dead_task_test
