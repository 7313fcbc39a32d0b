// Crashes and overlap: processes that die, stop, or meet on one database.
#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <thread>

#include <pqxx/pqxx>

#include "tests/acceptance/fixture.hpp"

namespace affsync::test::overlap_test {
namespace {

// Whether the process has a handler for this signal.
bool handles(pid_t process, int number) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::string const name = "SigCgt:";
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with(name)) continue;
    auto const caught = std::stoull(line.substr(name.size()), nullptr, 16);
    return (caught >> static_cast<unsigned>(number - 1) & 1U) != 0;
  }
  return false;
}

class Overlap : public Acceptance {
 protected:
  // Runs that a kill has ended.
  int interrupted_runs() const {
    if (query("select to_regclass('affsync.sync_run') is null") == "t") return 0;
    return std::stoi(
        query("select count(*) from affsync.sync_run"
              " where status = 'running' or error_code = 'interrupted'"));
  }
};

TEST_F(Overlap, kill_9_at_random) {
  start_broker();
  streams_yaml = "      accounts: {page_size: 10}\n";
  configure();
  broker().fault("delay:ms=5,every=1");  // so that a pass is long enough to be interrupted anywhere
  unsigned const seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  use_empty_database();  // the first may be killed while they migrate
  auto const whole = std::chrono::steady_clock::now();
  ASSERT_EQ(sync().status, 0);
  auto const length = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::steady_clock::now() - whole)
                          .count();
  use_empty_database();
  // Some moments are before the first run, or after the last.
  constexpr int least_kills = 12, most_kills = 100, least_interrupted = 3;
  auto const goes_on = [&](int kills) {
    if (kills < least_kills) return true;
    return kills < most_kills && interrupted_runs() < least_interrupted;
  };
  for (int kills = 0; goes_on(kills); ++kills) {
    auto const process = start({"sync", "--full"});
    auto const moment = std::uniform_int_distribution<long>(0, length)(random);
    std::this_thread::sleep_for(std::chrono::milliseconds(moment));  // the random time of the kill
    process->signal(SIGKILL);
    process->wait();
  }
  ASSERT_GE(interrupted_runs(), least_interrupted);
  broker().clear_faults();
  auto const last = sync();
  ASSERT_EQ(last.status, 0) << last.out;
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  EXPECT_EQ(query("select count(*) from affsync.commission where revision <> 1"), "0");
}

TEST_F(Overlap, sigterm_stops_in_time) {
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

// A lock on a table that the start needs blocks it.
TEST_F(Overlap, sigterm_in_the_middle_of_the_start_is_no_failure) {
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
    // If it were handled after the start, it would be an ordinary stop. The handler sets one for
    // the end of an orderly shutdown's time.
    while (!handles(process->pid(), SIGALRM)) {
      ASSERT_FALSE(process->poll().has_value()) << process->err();
    }
    lock.reset();
    EXPECT_EQ(process->wait(Process::Seconds(10)), daemon ? 0 : 1) << process->err();
    EXPECT_EQ(process->err().find("defect"), std::string::npos) << process->err();
  }
}

TEST_F(Overlap, sigterm_stops_a_broker_that_never_answers_in_time) {
  start_broker();
  broker().fault("never:every=1,path=rewards");
  auto const process = start({"sync"});
  process->wait_for_err("rewards: started");
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(Process::Seconds(5)), 1);
}

TEST_F(Overlap, two_daemons_one_database) {
  start_broker();
  broker().fault("delay:ms=20,every=1");
  auto const first = start({"sync", "--output", "json"});
  auto const second = start({"sync", "--output", "json"});
  int const statuses = first->wait() + second->wait();
  // A process that finds every stream leased by the other reads nothing and reports that.
  EXPECT_LE(statuses, 1) << first->out() << second->out();
  // No two runs of one stream overlap.
  EXPECT_EQ(query("select count(*) from affsync.sync_run a join affsync.sync_run b"
                  " on a.stream = b.stream and a.run_id < b.run_id"
                  " and b.started_at < a.finished_at"),
            "0");
  broker().clear_faults();
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

TEST_F(Overlap, database_connection_lost_mid_load) {
  start_broker();
  broker().fault("delay:ms=20,every=1,path=rewards");
  auto const process = start({"sync", "--output", "json"});
  process->wait_for_err("rewards: started");
  for (int i = 0; i < 3; ++i) {
    execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()");
  }
  process->wait();  // a lost connection may end a run or be restored; no row may be lost or stored
                    // twice
  broker().clear_faults();
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

// A run that has not begun takes the lease again.
TEST_F(Overlap, lease_lost_before_the_run_begins) {
  start_broker();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  pqxx::connection connection(database_url());
  auto holding = std::make_unique<pqxx::work>(connection);
  holding->exec("LOCK TABLE affsync.sync_run IN ACCESS EXCLUSIVE MODE");
  auto const process = start({"sync", "--stream", "wallets"});
  wait_until(
      "select count(*) from pg_stat_activity where datname = current_database()"
      " and wait_event_type = 'Lock' and query like '%INSERT INTO affsync.sync_run%'",
      "1");
  execute("update affsync.lease set token = gen_random_uuid(), until = clock_timestamp()");
  ASSERT_EQ(query("select count(*) from affsync.lease"), "1");
  holding.reset();
  EXPECT_EQ(process->wait(), 0) << process->err();
  EXPECT_NE(query("select count(*) from affsync.balance"), "0");
}

// The whole server dies as in a power failure, in the middle of the daemon's first load, and comes
// back. For the daemon this is an outage, not a crash.
TEST_F(Overlap, database_restart_mid_load) {
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
      return false;  // the server is not back yet
    }
  };
  while (!done() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_TRUE(done()) << process->err();
  EXPECT_FALSE(process->poll().has_value()) << "the daemon ended with the database";
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
  broker().clear_faults();
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

TEST_F(Overlap, stalled_server_does_not_hold_others) {
  SandboxProcess brisk({"--clients", "10", "--days", "10", "--password", password});
  source_yaml = "    timeout: 20s\n";
  // The source whose broker stalls comes first.
  streams_yaml = "      rewards: {start: " + first_day() +
                 "}\n  - name: brisk\n    connector: exness\n    base_url: " + brisk.url() +
                 "\n    credentials: {login: partner@example.com, password: "
                 "\"${SANDBOX_PASSWORD}\"}\n    streams:\n      rewards: {start: " +
                 first_day() + "}\n";
  start_broker();
  broker().fault("never:every=1");
  auto const process = start({"sync"});
  for (auto const* stream : {"clients", "accounts", "rewards", "rebates", "wallets"}) {
    process->wait_for_err("brisk/" + std::string(stream) + ": succeeded", Process::Seconds(15));
  }
  EXPECT_FALSE(process->poll().has_value());  // the stalled source still waits
  EXPECT_EQ(process->err().find("main/clients: succeeded"), std::string::npos);
  process->signal(SIGTERM);
  EXPECT_EQ(process->wait(Process::Seconds(5)), 1);
}

// The server's disk is full in the middle of a first load: after the first page is stored, however
// many of the others are stored together.
TEST_F(Overlap, database_full) {
  source_yaml = "    timeout: 2s\n";
  streams_yaml = "      rewards: {page_size: 30, start: " + first_day() + "}\n";
  start_broker();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  execute(
      "create function public.full_disk() returns trigger language plpgsql as $$ begin raise"
      " exception 'could not extend file: No space left on device' using errcode = '53100';"
      " end $$");
  broker().fault("never:path=rewards,skip=1,every=1");  // asked again after the time-out
  auto const process = start({"sync", "--output", "json"});
  wait_until("select count(*) > 0 from affsync.commission", "t");
  auto const stored = query("select count(*) from affsync.commission");
  execute(
      "create trigger full_disk after insert on affsync.commission for each statement"
      " execute function public.full_disk()");
  broker().clear_faults();
  Synced full;
  full.status = process->wait();
  full.out = process->out();
  auto parsed = parse_json(full.out);
  ASSERT_TRUE(parsed) << full.out << process->err();
  full.summary = std::move(*parsed);
  EXPECT_EQ(full.status, 1) << full.out;
  EXPECT_EQ(full.of("rewards", "status"), "failed");
  EXPECT_EQ(full.of("rewards", "error_code"), "database_full");
  EXPECT_NE(full.of("rewards", "error").find("No space left on device"), std::string::npos);
  EXPECT_EQ(full.of("clients", "status"), "succeeded");
  EXPECT_EQ(
      query("select status || ' ' || error_code from affsync.sync_run where stream = 'rewards'"),
      "failed database_full");
  EXPECT_EQ(query("select count(*) from affsync.commission"), stored)
      << "the pages before stay stored";

  execute("drop trigger full_disk on affsync.commission");
  auto const next = sync();
  ASSERT_EQ(next.status, 0) << next.out;
  EXPECT_EQ(next.count("rewards", "inserted"),
            static_cast<long>(broker().book("rewards").rows) - std::stol(stored));
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
}

TEST_F(Overlap, one_daemon_killed_other_takes_over) {
  streams_yaml = "      rewards: {every: 1s, page_size: 30, start: " + first_day() +
                 "}\n"
                 "      wallets: {every: 1s}\n";
  start_broker();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  broker().fault("never:path=rewards,skip=1,every=1");  // the first load stays at its first page
  auto const first = start({"run"});
  wait_until("select count(*) > 0 from affsync.commission", "t");
  auto const second = start({"run"});
  second->wait_for_err("started streams");
  // The second daemon does not touch the held stream, however often the others are read meanwhile.
  auto const read = query("select count(*) + 3 from affsync.sync_run where stream = 'wallets'");
  wait_until("select count(*) >= " + read + " from affsync.sync_run where stream = 'wallets'", "t");
  auto const run = query("select run_id from affsync.sync_run where stream = 'rewards'");
  EXPECT_EQ(query("select count(*) from affsync.sync_run where stream = 'rewards'"), "1");
  first->signal(SIGKILL);
  EXPECT_EQ(first->wait(), 128 + SIGKILL);
  ASSERT_EQ(query("select status from affsync.sync_run where run_id = " + run), "running")
      << "the first load was over before the kill";
  broker().clear_faults();
  wait_until(
      "select last_success_at is not null from affsync.stream_state where stream = 'rewards'", "t");
  EXPECT_EQ(query("select status || ' ' || error_code from affsync.sync_run where run_id = " + run),
            "failed interrupted");
  // The second daemon continues run after run.
  auto const runs = query("select count(*) + 2 from affsync.sync_run where stream = 'rewards'");
  wait_until("select count(*) >= " + runs + " from affsync.sync_run where stream = 'rewards'", "t");
  EXPECT_EQ(second->stop(Process::Seconds(5)), 0) << second->err();
  EXPECT_EQ(query("select count(*) from affsync.sync_run a join affsync.sync_run b"
                  " on a.source_id = b.source_id and a.stream = b.stream and a.run_id < b.run_id"
                  " and b.started_at < a.finished_at"),
            "0");
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.record_change where record_table = 'commission'"),
            "0");
}

}  // namespace
}  // namespace affsync::test::overlap_test
