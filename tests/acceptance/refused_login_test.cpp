// No command repeats a refused login or key, across processes and crashes, until a pause is over,
// the credentials change or the user asks for it.
#include "tests/acceptance/plain_broker.hpp"

namespace affsync::test::refused_login_test {
namespace {

class RefusedLogin : public Acceptance {
 protected:
  void SetUp() override {
    Acceptance::SetUp();
    start_broker();
    environment["SANDBOX_PASSWORD"] = "planted-wrong";
  }
  auto logins() const { return broker_->count("logins") + broker_->count("logins_refused"); }
  std::string block(std::string const& column) const {
    return query("select " + column + " from affsync.source_block");
  }
};

TEST_F(RefusedLogin, every_command_keeps_to_the_block) {
  // `check` registers no source but still records the refusal, and nothing else.
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const first = affsync({"check"});
  EXPECT_EQ(first.status, 1);
  EXPECT_EQ(block("code"), "auth_invalid");
  EXPECT_EQ(query("select count(*) from affsync.source"), "0");

  auto const held = affsync({"check"});
  EXPECT_EQ(held.status, 1);
  EXPECT_NE(held.out.find("nothing is sent until"), std::string::npos) << held.out;
  EXPECT_NE(held.out.find("--retry-login"), std::string::npos) << held.out;
  for (int i = 0; i < 2; ++i) {
    auto const synced = sync();
    EXPECT_EQ(synced.status, 1);
    EXPECT_EQ(synced.of("rewards", "error_code"), "auth_invalid");
    EXPECT_EQ(synced.count("rewards", "requests"), 0);
  }
  EXPECT_EQ(affsync({"sync", "--dry-run"}).status, 1);
  EXPECT_EQ(affsync({"inspect", "main", "rewards"}).status, 1);
  EXPECT_EQ(logins(), 1u);
  EXPECT_EQ(block("refusals"), "1");
  EXPECT_EQ(block("until - since between interval '59 minutes' and interval '61 minutes'"), "t");
  EXPECT_EQ(query("select count(*) from affsync.source_block where credential_hash ~ 'planted' or "
                  "reason ~ 'planted'"),
            "0");

  // A forced attempt that fails lengthens the pause.
  EXPECT_EQ(affsync({"check", "--retry-login"}).status, 1);
  EXPECT_EQ(logins(), 2u);
  EXPECT_EQ(affsync({"sync", "--retry-login"}).status, 1);
  EXPECT_EQ(logins(), 3u);

  // New credentials are tried immediately, and a successful login ends the block.
  environment["SANDBOX_PASSWORD"] = password;
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.source_block"), "0");
}

// Somebody tries a password before he gives it to the daemon, and mistypes it. The source works, so
// nothing shows it as blocked; but the wrong password is not sent again and again.
TEST_F(RefusedLogin, a_trial_of_other_credentials_does_not_stop_a_source_that_works) {
  environment["SANDBOX_PASSWORD"] = password;
  ASSERT_EQ(sync().status, 0);
  auto const good = logins();
  environment["SANDBOX_PASSWORD"] = "planted-wrong";
  EXPECT_EQ(affsync({"check"}).status, 1);
  EXPECT_EQ(logins(), good + 1);
  auto const again = affsync({"check"});
  EXPECT_EQ(again.status, 1);
  EXPECT_NE(again.out.find("nothing is sent until"), std::string::npos) << again.out;
  EXPECT_EQ(logins(), good + 1);
  EXPECT_EQ(query("select count(*) from reporting.source_health where blocked_until is not null"),
            "0");
  auto const alerts = affsync({"alerts"});
  EXPECT_EQ(alerts.out.find("refuses the login"), std::string::npos) << alerts.out;

  environment["SANDBOX_PASSWORD"] = password;
  EXPECT_EQ(affsync({"check"}).status, 0);
  EXPECT_EQ(sync().status, 0);
}

// In a JSON log counts are numbers, those of alerts too.
TEST_F(RefusedLogin, alerts_are_counted_by_numbers_in_the_log) {
  top_yaml = "log: {format: json}\n";
  configure();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const daemon = start({"run"});
  daemon->wait_for_err("\"opened\":");
  EXPECT_EQ(daemon->stop(), 0);
  EXPECT_EQ(daemon->err().find("\"opened\":\""), std::string::npos) << daemon->err();
}

// Another process's refusal does not stay where the credentials of this one work.
TEST_F(RefusedLogin, a_daemon_whose_login_works_removes_the_block_of_others) {
  environment["SANDBOX_PASSWORD"] = password;
  source_yaml = "    every: 1s\n";
  configure();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const daemon = start({"run"});
  wait_until("select count(distinct stream) > 3 from affsync.sync_run where status = 'succeeded'",
             "t");
  environment["SANDBOX_PASSWORD"] = "planted-wrong";
  EXPECT_EQ(sync().status, 1);
  wait_until("select count(*) from affsync.source_block", "0");
  EXPECT_EQ(daemon->stop(), 0);
}

// The same with the private PostgreSQL, which each command starts and stops.
TEST_F(RefusedLogin, commands_keep_to_the_block_of_an_embedded_database) {
  use_embedded_database();
  ASSERT_EQ(affsync({"sync"}).status, 1);
  EXPECT_EQ(logins(), 1u);
  for (std::vector<std::string> const& command :
       {std::vector<std::string>{"check"}, {"sync", "--dry-run"}, {"inspect", "main", "rewards"}}) {
    auto const held = affsync(command);
    EXPECT_EQ(held.status, 1) << command[0];
    EXPECT_NE((held.out + held.err).find("nothing is sent until"), std::string::npos)
        << command[0] << held.out << held.err;
  }
  EXPECT_EQ(logins(), 1u);
}

TEST_F(RefusedLogin, is_remembered_by_a_process_that_dies_of_it) {
  environment["AFFSYNC_CRASH_AT"] = "login_refused";
  EXPECT_EQ(affsync({"sync"}).status, 128 + 9);
  environment.erase("AFFSYNC_CRASH_AT");
  EXPECT_EQ(sync().of("rewards", "error_code"), "auth_invalid");
  EXPECT_EQ(affsync({"check"}).status, 1);
  EXPECT_EQ(logins(), 1u);
}

TEST_F(RefusedLogin, two_daemons_log_in_once_and_a_reload_tries_again) {
  source_yaml = "    every: 1s\n";
  configure();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const one = start({"run"});
  auto const two = start({"run"});
  wait_until("select count(*) from affsync.source_block", "1");
  wait_until("select count(distinct stream) > 3 from affsync.sync_run where status = 'failed'",
             "t");
  // Runs after the refusal send nothing.
  wait_until(
      "select count(*) >= 3 from affsync.sync_run where stream = 'rewards' and status = "
      "'failed' and requests = 0 and error_code = 'auth_invalid' and error ~ 'until'",
      "t");
  EXPECT_EQ(logins(), 1u);
  one->signal(SIGHUP);
  one->wait_for_err("configuration reloaded");
  wait_until("select count(*) from affsync.source_block", "1");
  EXPECT_LE(logins(), 2u);
  EXPECT_EQ(one->stop(), 0);
  EXPECT_EQ(two->stop(), 0);
}

// Else receivers are told that all is well, because somebody added another broker.
TEST_F(RefusedLogin, a_reload_tries_at_once_and_is_no_end_of_the_alert) {
  source_yaml = "    every: 1h\n";
  configure();
  EXPECT_EQ(sync().status, 1);
  auto const daemon = start({"run"});
  // A signal that comes before is answered by reading the configuration.
  daemon->wait_for_err("started");
  auto const alert =
      "select count(*) from affsync.alert where rule = 'source_blocked' and openings = 1";
  wait_until(std::string(alert) + " and closed_at is null", "1");
  wait_until("select count(*) from affsync.stream_state where running", "0");
  // As after a pass by timer, which leaves the daemon's own times alone.
  execute("update affsync.stream_state set next_run_at = now() + interval '50 minutes'");
  auto const before = block("since");
  daemon->signal(SIGHUP);
  wait_until("select refusals = 1 and until > now() + interval '59 minutes' and since > '" +
                 before + "' and credential_hash <> '' from affsync.source_block",
             "t");
  EXPECT_EQ(logins(), 2U);
  execute("delete from affsync.alert_rule where rule = 'source_blocked'");
  // Rules are judged once a minute while nothing runs.
  wait_until("select count(*) from affsync.alert_rule where rule = 'source_blocked'", "1", 150);
  EXPECT_EQ(query(std::string(alert) + " and closed_at is null"), "1");
  EXPECT_EQ(query("select count(*) from affsync.alert where closed_at is not null"), "0");
  EXPECT_EQ(daemon->stop(), 0);

  environment["SANDBOX_PASSWORD"] = password;
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(query("select count(*) from affsync.source_block"), "0");
  EXPECT_EQ(query(std::string(alert) + " and closed_at is not null"), "1");
}

class RefusedKey : public PlainAcceptance {};

TEST_F(RefusedKey, one_stray_401_among_good_answers_is_no_end) {
  page_yaml = "{type: page, parameter: page, size: 1, limit: n}";
  int requests = 0;
  serve([&](std::string const& target) -> std::string {
    if (++requests == 2) return "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}";
    auto const page = parameter_of(target, "page");
    if (page == "3") return answer_of(list_of({}));
    return answer_of(list_of({R"({"id":")" + page + R"(","amount":1,"currency":"USD"})"}));
  });
  auto const synced = sync();
  EXPECT_EQ(synced.status, 0) << synced.out;
  EXPECT_EQ(synced.count("rows", "inserted"), 2);
}

TEST_F(RefusedKey, a_firewalls_page_is_a_failure_and_no_block) {
  serve([](std::string const&) {
    std::string const page = "<html><title>Access denied</title></html>";
    return "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: " +
           std::to_string(page.size()) + "\r\n\r\n" + page;
  });
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("rows", "status"), "failed");
  EXPECT_NE(synced.of("rows", "error").find("Access denied"), std::string::npos);
  EXPECT_EQ(query("select count(*) from affsync.source_block"), "0");
  EXPECT_EQ(affsync({"check"}).status, 1);
}

}  // namespace
}  // namespace affsync::test::refused_login_test
