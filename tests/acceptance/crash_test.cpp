// The program crashes at each of its crash points, in a first load and in a pass that finds
// changes. One plain `sync` afterwards must bring the database to the same state as an undisturbed
// pass on another database: the same rows, revisions and changes.
#include "base/crash_point.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>
#include <thread>

#include "daemon/embedded/cluster.hpp"
#include "tests/acceptance/fixture.hpp"
#include "tests/support/change_replay.hpp"

namespace affsync::test::crash_test {
namespace {

constexpr int killed = 128 + SIGKILL;

// NAME or NAME:PASSAGE. Streams are read concurrently, so the stream that a later passage hits
// differs from run to run.
std::vector<std::string> const in_a_first_load{
    "migration_locked", "migration_applying:6", "migration_committed", "migration_committed:6",
    "views_applying",   "views_committed",      "source_registering",  "streams_registered",
    "lease_taken:3",    "run_beginning:2",      "run_begun:4",         "logged_in",
    "page_received",    "page_received:5",      "page_entered:5",      "rows_written",
    "rows_written:7",   "page_noted:5",         "page_committed",      "page_committed:4",
    "page_committed:7", "page_stored:6",        "slice_entered",       "slice_noted:2",
    "slice_committed",  "slice_committed:4",    "pass_entered:2",      "pass_committed:3",
    "run_ending:5",     "run_noted:3",          "run_ended",           "lease_returned:2"};

std::vector<std::string> const in_a_pass_with_changes{
    "streams_registered", "lease_taken:2",   "run_begun:3",       "page_received",
    "page_received:4",    "page_entered:3",  "rows_copied",       "rows_copied:3",
    "rows_written:3",     "page_noted:4",    "page_committed",    "page_committed:3",
    "page_stored:2",      "slice_entered:2", "slice_marked",      "slice_marked:2",
    "slice_noted:3",      "slice_committed", "slice_committed:3", "pass_entered",
    "pass_marked",        "pass_marked:2",   "pass_committed",    "pass_committed:2",
    "run_ending:2",       "run_noted:4",     "run_ended:2",       "lease_returned"};

std::vector<std::string> const with_an_embedded_server{"cluster_made", "server_started"};

std::vector<std::string> const in_the_daemon{"schedule_taking", "schedule_taking:2",
                                             "reload_begun",    "reload_read",
                                             "reload_done",     "daemon_stopping"};

std::string test_name(testing::TestParamInfo<std::string> const& info) {
  auto name = info.param;
  std::replace(name.begin(), name.end(), ':', '_');
  return name;
}

TEST(CrashTest, every_point_is_tried) {
  std::set<std::string> tried;
  for (auto const* list :
       {&in_a_first_load, &in_a_pass_with_changes, &with_an_embedded_server, &in_the_daemon}) {
    for (auto const& place : *list) tried.insert(place.substr(0, place.find(':')));
  }
  // No pass here has a refused login; RefusedLogin covers that crash point.
  tried.insert("login_refused");
  // Nothing is told here; the tests of alerts cover these two.
  tried.insert("alert_taken");
  tried.insert("alert_sent");
  // Nor does so much change at once; ManyChanges covers this.
  tried.insert("merged_ahead");
  // Nor a file; FilesCrash covers these.
  tried.insert({"file_stored", "file_noted", "file_moved"});
  EXPECT_EQ(tried, std::set<std::string>(crash_point_names.begin(), crash_point_names.end()));
}

class Crash : public Acceptance, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    Acceptance::SetUp();
    if (!crash_points_built) GTEST_SKIP() << "built without AFFSYNC_CRASH_POINTS";
    disturbed_ = database_;
    undisturbed_ = database_ + "_undisturbed";
    // Small pages. Every pass compares the whole history.
    streams_yaml =
        "      accounts: {page_size: 40, keeps: forever}\n"
        "      clients: {page_size: 40, keeps: forever}\n"
        "      rewards: {page_size: 60, keeps: forever, lookback: 60d, start: " +
        first_day() + "}\n";
    start_broker();
  }

  void use(std::string const& database) {
    database_ = database;
    configure();
  }

  void copy_database(std::string const& name, std::string const& copied_from) {
    database_ = "postgres";
    execute("create database " + name + " template " + copied_from);
  }

  // The server notices the end of a killed program by itself; its locks are released only then.
  void wait_until_forgotten() const {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::string others =
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid()";
    if (pooler_) others += " and state <> 'idle'";  // a pooler keeps its sessions
    while (query(others) != "0") {
      if (std::chrono::steady_clock::now() > end) FAIL() << "the killed program is still connected";
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  void crash(std::vector<std::string> arguments) {
    environment["AFFSYNC_CRASH_AT"] = GetParam();
    auto const finished = affsync(std::move(arguments));
    environment.erase("AFFSYNC_CRASH_AT");
    ASSERT_EQ(finished.status, killed) << finished.out << finished.err;
  }

  // The stored content, without values that depend on the time or the run.
  std::vector<std::vector<std::string>> contents() const {
    std::string sql;
    for (auto const* table : {"client", "trading_account", "rebate_group", "rebate", "commission",
                              "payout", "balance", "metric"}) {
      if (!sql.empty()) sql += " union all ";
      sql += std::string("select '") + table +
             "', stream, external_id, revision::text, (deleted_at is null)::text,"
             " (to_jsonb(t) - array['source_id', 'first_seen_at', 'changed_at', 'deleted_at',"
             " 'run_id', 'observed_at'])::text from affsync." +
             table + " t";
    }
    return rows(sql + " order by 1, 2, 3");
  }
  std::vector<std::vector<std::string>> changes() const {
    auto const side = [](std::string const& name) {
      return "(" + name + " - 'deleted_at')::text, (" + name + " ->> 'deleted_at') is null";
    };
    return rows("select record_table, stream, external_id, operation, " + side("before") + ", " +
                side("after") + " from affsync.record_change order by 1, 2, 3, change_id");
  }

  void expect_sound() const {
    EXPECT_EQ(query("select count(*) from affsync.sync_run where status = 'running'"), "0");
    EXPECT_EQ(query("select count(*) from affsync.quarantine"), "0");
    auto const contradictions = rows(change_replay_sql);
    for (auto const& line : contradictions) ADD_FAILURE() << line[0];
    for (auto const& stream :
         rows("select s.stream, s.record_table, z.live_rows from affsync.stream s"
              " join affsync.stream_state z using (source_id, stream)")) {
      EXPECT_EQ(query("select count(*) from affsync." + stream[1] + " where stream = '" +
                      stream[0] + "' and deleted_at is null"),
                stream[2])
          << "live rows of " << stream[0];
    }
  }

  void expect_same_as_undisturbed() {
    use(disturbed_);
    expect_sound();
    expect_books_equal();
    auto const ours = contents();
    auto const our_changes = changes();
    use(undisturbed_);
    EXPECT_EQ(ours, contents());
    EXPECT_EQ(our_changes, changes());
  }

  // Changes rows of each kind, removes some and adds some.
  void change_at_the_broker() {
    broker().control({{"do", "change"}, {"feed", "rewards"}, {"rows", "9"}, {"seed", "1"}});
    broker().control({{"do", "change"}, {"feed", "accounts"}, {"rows", "7"}, {"seed", "2"}});
    broker().control({{"do", "change"}, {"feed", "clients"}, {"rows", "6"}, {"seed", "3"}});
    broker().control({{"do", "remove"}, {"feed", "accounts"}, {"rows", "4"}, {"seed", "4"}});
    broker().control({{"do", "remove"}, {"feed", "clients"}, {"rows", "2"}, {"seed", "5"}});
    broker().control({{"do", "add"}, {"feed", "clients"}, {"rows", "3"}});
    broker().control({{"do", "add"}, {"feed", "rewards"}, {"rows", "25"}});
  }

  std::string disturbed_, undisturbed_;
};

class CrashInAFirstLoad : public Crash {};

TEST_P(CrashInAFirstLoad, kill_9_at_each_stage) {
  copy_database(undisturbed_, disturbed_);
  use(undisturbed_);
  ASSERT_EQ(sync().status, 0);

  use(disturbed_);
  bool const migrates = GetParam().starts_with("migration_") || GetParam().starts_with("views_");
  if (migrates) use_empty_database();
  crash({"sync"});
  wait_until_forgotten();
  auto const resumed = sync();
  EXPECT_EQ(resumed.status, 0) << resumed.out << resumed.err;
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  expect_same_as_undisturbed();
}

class CrashInAPassWithChanges : public Crash {};

TEST_P(CrashInAPassWithChanges, kill_9_at_each_stage) {
  use(disturbed_);
  ASSERT_EQ(sync().status, 0);
  copy_database(undisturbed_, disturbed_);
  change_at_the_broker();
  use(undisturbed_);
  ASSERT_EQ(sync().status, 0);

  use(disturbed_);
  crash({"sync"});
  wait_until_forgotten();
  auto const resumed = sync();
  EXPECT_TRUE(resumed.status == 0 || resumed.out.find("sweep_unverified") != std::string::npos)
      << resumed.out << resumed.err;
  // A resumed pass has not read the whole list. It marks nothing as deleted and reports that; the
  // next pass marks the missing rows.
  if (resumed.status != 0) {
    auto const next = sync();
    EXPECT_EQ(next.status, 0) << next.out << next.err;
  }
  expect_same_as_undisturbed();
}

class CrashWithAnEmbeddedServer : public Crash {};

TEST_P(CrashWithAnEmbeddedServer, kill_9_at_each_stage) {
  auto const state = dir_.path() / "data";
  std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
  embedded_state = state.string();
  configure();
  crash({"sync"});
  auto const resumed = sync();
  EXPECT_EQ(resumed.status, 0) << resumed.out << resumed.err;
  embedded::ClusterOptions options;
  options.state_dir = state;
  auto const cluster = embedded::Cluster::start(std::move(options)).value();
  embedded_url = cluster->url();
  expect_sound();
  expect_books_equal();
}

class CrashInTheDaemon : public Crash {};

TEST_P(CrashInTheDaemon, kill_9_at_each_stage) {
  environment["AFFSYNC_CRASH_AT"] = GetParam();
  auto const daemon = start({"run"});
  environment.erase("AFFSYNC_CRASH_AT");
  if (GetParam() != "schedule_taking") {
    daemon->wait_for_err("started");
    streams_yaml += "      wallets: {every: 1m}\n";
    configure();
    daemon->signal(GetParam() == "daemon_stopping" ? SIGTERM : SIGHUP);
  }
  ASSERT_EQ(daemon->wait(Process::Seconds(20)), killed) << daemon->err();
  wait_until_forgotten();
  auto const resumed = sync();
  EXPECT_EQ(resumed.status, 0) << resumed.out << resumed.err;
  expect_sound();
  expect_books_equal();
  EXPECT_EQ(query("select count(*) from affsync.record_change"), "0");
  auto const next = start({"run"});
  next->wait_for_err("started");
  EXPECT_EQ(next->stop(Process::Seconds(5)), 0);
}

INSTANTIATE_TEST_SUITE_P(At, CrashInAFirstLoad, testing::ValuesIn(in_a_first_load), test_name);
INSTANTIATE_TEST_SUITE_P(At, CrashInAPassWithChanges, testing::ValuesIn(in_a_pass_with_changes),
                         test_name);

INSTANTIATE_TEST_SUITE_P(At, CrashWithAnEmbeddedServer, testing::ValuesIn(with_an_embedded_server),
                         test_name);
INSTANTIATE_TEST_SUITE_P(At, CrashInTheDaemon, testing::ValuesIn(in_the_daemon), test_name);

}  // namespace
}  // namespace affsync::test::crash_test
