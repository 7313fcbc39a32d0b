// Cursors, crashes, overlap of processes: what a run finds when it begins, and what it leaves.
#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <thread>

#include <pqxx/pqxx>

#include "base/clock.hpp"
#include "tests/acceptance/fixture.hpp"

namespace affsync::test {
namespace {

class State : public Acceptance {};

TEST_F(State, two_sequential_reads) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  broker().control({{"do", "clear_log"}});
  auto const again = sync();
  ASSERT_EQ(again.status, 0);
  EXPECT_EQ(again.count("rewards", "inserted"), 0);
  // From the last day that was read, less the lookback of a week, up to today.
  auto const day = [](int back) {
    return format_day(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) -
                      std::chrono::days(back));
  };
  auto const targets = broker().targets("/rewards/");
  ASSERT_FALSE(targets.empty());
  for (auto const& target : targets) {
    EXPECT_NE(target.find("reward_date_from=" + day(6)), std::string::npos) << target;
    EXPECT_NE(target.find("reward_date_to=" + day(0)), std::string::npos) << target;
  }
}

TEST_F(State, late_row_within_lookback_and_beyond) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const day = [](int back) {
    return format_day(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) -
                      std::chrono::days(back));
  };
  broker().control({{"do", "add"}, {"feed", "rewards"}, {"rows", "2"}, {"day", day(3)}});
  EXPECT_EQ(sync({"--stream", "rewards"}).count("rewards", "inserted"), 2);
  broker().control({{"do", "add"}, {"feed", "rewards"}, {"rows", "3"}, {"day", day(20)}});
  EXPECT_EQ(sync({"--stream", "rewards"}).count("rewards", "inserted"), 0);
  EXPECT_EQ(sync({"--stream", "rewards", "--full"}).count("rewards", "inserted"), 3);
  ASSERT_EQ(sync().status, 0);  // clients and accounts, whose totals have moved with the rewards
  expect_books_equal();
}

TEST_F(State, failed_run_is_not_success) {
  start_broker();
  ASSERT_EQ(sync({"--stream", "clients"}).status, 0);
  auto const before = query("select last_success_at from affsync.stream_state");
  broker().fault("status:code=500,every=1,path=clients");
  auto const failed = sync({"--stream", "clients"});
  EXPECT_EQ(failed.status, 1);
  EXPECT_EQ(failed.of("clients", "error_code"), "server_error");
  EXPECT_EQ(query("select last_success_at from affsync.stream_state"), before);
  EXPECT_EQ(query("select consecutive_failures from affsync.stream_state"), "1");
  EXPECT_EQ(query("select status from affsync.sync_run order by run_id desc limit 1"), "failed");
}

TEST_F(State, kill_9_at_random) {
  start_broker();
  streams_yaml = "      accounts: {page_size: 10}\n";
  configure();
  broker().fault("delay:ms=5,every=1");  // so that a pass is long enough to be hit anywhere
  unsigned const seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  auto const whole = std::chrono::steady_clock::now();
  ASSERT_EQ(sync().status, 0);
  auto const length = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::steady_clock::now() - whole)
                          .count();
  execute("drop schema affsync cascade");
  execute("drop schema reporting cascade");
  for (int i = 0; i < 12; ++i) {
    auto const process = start({"sync", "--full"});
    auto const moment = std::uniform_int_distribution<long>(0, length)(random);
    std::this_thread::sleep_for(std::chrono::milliseconds(moment));  // the random moment itself
    process->signal(SIGKILL);
    process->wait();
  }
  broker().clear_faults();
  auto const last = sync();
  ASSERT_EQ(last.status, 0) << last.out;
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  EXPECT_EQ(query("select count(*) from affsync.commission where revision <> 1"), "0");
}

TEST_F(State, sigterm_stops_in_time_and_the_next_run_goes_on) {
  start_broker();
  broker().fault("delay:ms=200,every=1,path=rewards");
  auto const process = start({"sync", "--output", "json"});
  process->wait_for_err("rewards: started");
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(Process::Seconds(5)), 1);
  EXPECT_NE(process->out().find("\"cancelled\""), std::string::npos) << process->out();
  broker().clear_faults();
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

// The start is held up by a lock on a table that it needs.
TEST_F(State, sigterm_in_the_middle_of_the_start_is_no_failure) {
  start_broker();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  for (bool const daemon : {true, false}) {
    pqxx::connection connection(database_url());
    auto lock = std::make_unique<pqxx::work>(connection);
    lock->exec("lock table affsync.source");
    auto const process = start({daemon ? "run" : "sync"});
    while (query("select count(*) from pg_locks where not granted") == "0") {
      ASSERT_FALSE(process->poll().has_value()) << process->err();
    }
    process->signal(SIGTERM);
    // Long enough for the signal to be seen; were it seen later, it would be an ordinary stop.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    lock.reset();
    EXPECT_EQ(process->wait(Process::Seconds(10)), daemon ? 0 : 1) << process->err();
    EXPECT_EQ(process->err().find("defect"), std::string::npos) << process->err();
  }
}

TEST_F(State, sigterm_stops_a_broker_that_never_answers_in_time) {
  start_broker();
  broker().fault("never:every=1,path=rewards");
  auto const process = start({"sync"});
  process->wait_for_err("rewards: started");
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(Process::Seconds(5)), 1);
}

TEST_F(State, two_daemons_one_database) {
  start_broker();
  broker().fault("delay:ms=20,every=1");
  auto const first = start({"sync", "--output", "json"});
  auto const second = start({"sync", "--output", "json"});
  int const statuses = first->wait() + second->wait();
  EXPECT_EQ(statuses, 0) << first->out() << second->out();
  // No two runs of one stream overlap in time.
  EXPECT_EQ(query("select count(*) from affsync.sync_run a join affsync.sync_run b"
                  " on a.stream = b.stream and a.run_id < b.run_id"
                  " and b.started_at < a.finished_at"),
            "0");
  broker().clear_faults();
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

TEST_F(State, database_connection_lost_mid_load) {
  start_broker();
  broker().fault("delay:ms=20,every=1,path=rewards");
  auto const process = start({"sync", "--output", "json"});
  process->wait_for_err("rewards: started");
  for (int i = 0; i < 3; ++i) {
    execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()");
  }
  process->wait();  // a lost connection may end a run or be healed; it must not lose or double
  broker().clear_faults();
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

// The whole server dies as in a power failure, in the middle of the daemon's first load, and comes
// back: an outage for the daemon, not a crash.
TEST_F(State, database_restart_mid_load) {
  streams_yaml = "      rewards: {every: 2s, page_size: 20, start: " + first_day() + "}\n";
  start_broker();
  broker().fault("delay:ms=20,every=1,path=rewards");
  auto const process = start({"run"});
  process->wait_for_err("started streams");
  auto const rows = "select count(*) from affsync.commission";
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (query(rows) == "0" && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  std::ifstream pid_file(query("show data_directory") + "/postmaster.pid");
  pid_t postmaster = 0;
  ASSERT_TRUE(pid_file >> postmaster);
  ASSERT_EQ(kill(postmaster, SIGQUIT), 0);

  auto const done = [&] {
    try {
      return query(
                 "select count(*) from affsync.stream_state where stream = 'rewards'"
                 " and last_success_at is not null") == "1";
    } catch (std::exception const&) {
      return false;  // not back yet
    }
  };
  while (!done() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(done()) << process->err();
  EXPECT_FALSE(process->poll().has_value()) << "the daemon went with the database";
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
  broker().clear_faults();
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

TEST_F(State, stalled_broker_does_not_hold_others) {
  start_broker();
  SandboxProcess other({"--clients", "10", "--days", "10", "--password", password});
  source_yaml = "    timeout: 2s\n";
  configure();
  std::string text = "  - name: stalled\n    connector: exness\n    base_url: " + other.url() +
                     "\n    credentials: {login: partner@example.com, password: "
                     "\"${SANDBOX_PASSWORD}\"}\n    timeout: 20s\n    streams:\n";
  streams_yaml = "      accounts: {page_size: 50}\n" + text + "      wallets: {enabled: true}\n";
  configure();
  other.fault("never:every=1");
  auto const process = start({"sync"});
  process->wait_for_err("main/wallets: succeeded", Process::Seconds(15));
  EXPECT_FALSE(process->poll().has_value());  // the stalled one still waits
  process->signal(SIGTERM);
  process->wait(Process::Seconds(5));
}

TEST_F(State, daemon_runs_reloads_and_stops) {
  start_broker();
  auto const process = start({"run"});
  process->wait_for_err("started");
  process->wait_for_err("main/wallets: run succeeded");
  process->signal(SIGHUP);
  process->wait_for_err("configuration reloaded");
  dir_.write("affsync.yaml", "sources: [{name: x, connector: nonsense}]\n");
  process->signal(SIGHUP);
  process->wait_for_err("the old one stays");
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
  configure();
  EXPECT_NE(query("select count(*) from affsync.commission"), "0");
}

// A connector file is as good a reason as the configuration to begin anew.
TEST_F(State, reload_notices_a_changed_connector_file) {
  std::ifstream shipped(AFFSYNC_SOURCE_DIR "/connectors/exness.yaml");
  std::string text{std::istreambuf_iterator<char>(shipped), {}};
  std::filesystem::create_directory(dir_.path() / "connectors");
  dir_.write("connectors/exness.yaml", text);
  top_yaml = "connectors_dir: " + (dir_.path() / "connectors").string() + "\n";
  start_broker();
  auto const process = start({"run"});
  process->wait_for_err("main/wallets: run succeeded");

  // Only its schedule differs, which the configuration does not give.
  auto const every = text.find("every: ", text.find("\n  wallets:")) + 7;
  text.replace(every, text.find('\n', every) - every, "1s");
  dir_.write("connectors/exness.yaml", text);
  process->signal(SIGHUP);
  auto const runs = "select count(*) from affsync.sync_run where stream = 'wallets'";
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (query(runs) < "3" && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_GE(query(runs), "3");
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
}

}  // namespace
}  // namespace affsync::test
