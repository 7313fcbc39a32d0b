// The next run that `affsync status` shows: only what a living daemon waits for.
#include <csignal>

#include "tests/acceptance/fixture.hpp"

namespace affsync::test::next_run_test {
namespace {

class NextRun : public Acceptance {
 protected:
  // As `status` shows it; empty if it shows none.
  void expect(bool shown) const {
    auto const table = affsync({"status"});
    EXPECT_EQ(table.status, 0) << table.err;
    EXPECT_EQ(table.out.find("next run") != std::string::npos, shown) << table.out;
    auto const json = affsync({"status", "--output", "json"}).out;
    EXPECT_EQ(json.find(R"("next_run_at":"2)") != std::string::npos, shown) << json;
  }
};

TEST_F(NextRun, is_that_of_a_daemon_and_gone_with_it) {
  start_broker();
  auto const daemon = start({"run"});
  daemon->wait_for_err("main/wallets: run succeeded");
  expect(true);
  EXPECT_EQ(daemon->stop(Process::Seconds(10)), 0);
  expect(false);
  EXPECT_EQ(sync().status, 0);
  expect(false);
}

TEST_F(NextRun, may_be_of_a_daemon_elsewhere_that_was_seen_lately) {
  start_broker();
  EXPECT_EQ(sync().status, 0);
  execute("update affsync.stream_state set next_run_at = now() + interval '29 hours'");
  expect(false);
  execute(
      "insert into affsync.program (instance, process, version, release, sources, started_at,"
      " seen_at) values ('elsewhere', 'x', '1', '{1}', '{main}', now(), now())");
  auto const shown = affsync({"status"}).out;
  // Not later than the schedule allows.
  EXPECT_EQ(shown.find("in 29h"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("in 28h"), std::string::npos) << shown;
  expect(true);
  execute("update affsync.program set sources = '{other}' where process = 'x'");
  expect(false);
  execute("update affsync.program set sources = '{main}', ended_at = now() where process = 'x'");
  expect(false);
  execute(
      "update affsync.program set ended_at = null, seen_at = now() - interval '1 hour'"
      " where process = 'x'");
  expect(false);
}

TEST_F(NextRun, of_a_blocked_source_needs_a_daemon_too) {
  start_broker();
  environment["SANDBOX_PASSWORD"] = "not-the-password";
  EXPECT_NE(sync().status, 0);
  auto const shown = affsync({"status"}).out;
  EXPECT_NE(shown.find("blocked until"), std::string::npos) << shown;
  expect(false);
}

}  // namespace
}  // namespace affsync::test::next_run_test
