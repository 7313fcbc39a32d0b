// Whether another process of the machine still runs.
#include "schema/store/process_mark.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace affsync::schema::process_mark_test {
namespace {

class Processes : public testing::Test {
 protected:
  void SetUp() override {
    if (mark.key.empty()) GTEST_SKIP() << "/proc does not show the boot of the machine";
  }
  ProcessMark const mark = own_mark();
};

TEST_F(Processes, ThisOneRuns) {
  EXPECT_EQ(mark.process_id, ::getpid());
  EXPECT_FALSE(mark.host.empty());
  EXPECT_FALSE(has_ended(mark.process_id, mark.key));
}

TEST_F(Processes, AnEarlierOneOfTheSameNumberHasEnded) {
  EXPECT_TRUE(has_ended(mark.process_id, mark.key + "0"));
}

TEST_F(Processes, OfAnotherMachineNothingIsKnown) {
  EXPECT_FALSE(has_ended(mark.process_id, "0" + mark.key + "0"));
  EXPECT_FALSE(has_ended(mark.process_id, ""));
  EXPECT_FALSE(has_ended(0, mark.key));
}

TEST_F(Processes, AKilledOneHasEndedBeforeAndAfterItsParentKnows) {
  auto const child = ::fork();
  ASSERT_NE(child, -1);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  ::kill(child, SIGKILL);
  siginfo_t died;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &died, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(has_ended(child, mark.key));
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(has_ended(child, mark.key));
}

}  // namespace
}  // namespace affsync::schema::process_mark_test
