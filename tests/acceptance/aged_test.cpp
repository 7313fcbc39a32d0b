// A database that fifty sources have filled for three years. Frequent commands and requests must
// not read more rows than with yesterday's data only. Work is measured by the rows that the server
// reports as read, never by time.
#include <functional>

#include "tests/acceptance/fixture.hpp"
#include "tests/support/http_get.hpp"

namespace affsync::test::aged_test {
namespace {

class Aged : public Acceptance {
 protected:
  // Fills the tables that grow with time, as if they had never been pruned.
  void grow_old() {
    execute(
        "insert into affsync.source (name, connector, base_url)"
        " select 'old' || i, 'exness', 'https://broker.example' from generate_series(1, 50) i;"
        "insert into affsync.stream (source_id, stream, record_table)"
        " select s.source_id, 'feed' || f, 'commission' from affsync.source s,"
        " generate_series(1, 4) f where s.name like 'old%';"
        "insert into affsync.stream_state (source_id, stream, last_success_at)"
        " select source_id, stream, now() from affsync.stream where stream like 'feed%';"
        // Two runs a day, and forty times as many for the stream that the test reads again.
        "insert into affsync.sync_run (source_id, stream, started_at, finished_at, status, mode)"
        " select t.source_id, t.stream, now() - d * interval '12 hours',"
        " now() - d * interval '12 hours' + interval '1 second', 'succeeded', 'incremental'"
        " from affsync.stream t, generate_series(2190, 1, -1) d where t.stream like 'feed%';"
        "insert into affsync.sync_run (source_id, stream, started_at, finished_at, status, mode)"
        " select t.source_id, t.stream, now() - d * interval '18 minutes',"
        " now() - d * interval '18 minutes' + interval '1 second', 'succeeded', 'incremental'"
        " from affsync.stream t, generate_series(87600, 1, -1) d where t.stream = 'wallets';"
        "insert into affsync.record_change (source_id, record_table, stream, external_id, run_id,"
        " changed_at, operation, before, after) select t.source_id, 'commission', t.stream,"
        " d::text, 1, now() - d * interval '1 day', 'update', '{\"amount\": 1}', '{\"amount\": 2}'"
        " from affsync.stream t, generate_series(1, 1095) d where t.stream like 'feed%';"
        "insert into affsync.quarantine (source_id, stream, run_id, received_at, external_id,"
        " reason, raw, fingerprint, resolved_at) select t.source_id, t.stream, 1, now(), d::text,"
        " 'flaw', '{}', md5(d::text)::uuid, now() from affsync.stream t, generate_series(1, 500) d"
        " where t.stream like 'feed%';"
        // A window that moves on by one day.
        "insert into affsync.reconciliation (source_id, run_id, stream, metric, window_from,"
        " window_to, broker_value, our_value, difference, matched, compared_at)"
        " select t.source_id, 1, t.stream, 'rows', current_date - d - 6, current_date - d, 1, 1, 0,"
        " true, now() - d * interval '1 day' from affsync.stream t,"
        " generate_series(1095, 1, -1) d where t.stream = 'feed1' and t.source_id % 5 = 0");
    execute("analyze");
  }
  // The number of rows in the growing tables that `asked` makes the server read.
  long rows_read(std::function<void()> const& asked) {
    auto const quiet =
        "select count(*) from pg_stat_activity where application_name like 'affsync%'"
        " and datname = current_database() and pid <> pg_backend_pid()";
    auto const count = std::string(
        "select coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0) from"
        " pg_stat_user_tables where schemaname = 'affsync' and (relname in ('sync_run',"
        " 'quarantine', 'reconciliation') or relname like 'record\\_change%')");
    wait_until(quiet, "0");  // a session reports its counters no later than its end
    auto const before = std::stol(query(count));
    asked();
    wait_until(quiet, "0");
    return std::stol(query(count)) - before;
  }
};

// An upper bound for the current state of fifty sources with four streams each, without their
// history.
constexpr long row_limit = 5'000;

TEST_F(Aged, what_is_asked_all_the_time_reads_no_more_than_on_the_first_day) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  grow_old();
  EXPECT_LT(std::stol(query("select count(*) from affsync.reconciliation")), 1'000);

  EXPECT_LT(rows_read([&] {
              auto const status = affsync({"status"});
              EXPECT_EQ(status.status, 0) << status.err;
              EXPECT_NE(status.out.find("feed4"), std::string::npos);
            }),
            row_limit);

  // Marks pruning as done today, so that the daemon does not prune now.
  execute(
      "insert into affsync.upkeep values ('prune', now())"
      " on conflict (task) do update set done_at = excluded.done_at");
  auto text = config_text();
  text.replace(text.find("\"off\""), 5, "127.0.0.1:0");
  dir_.write("affsync.yaml", text);
  EXPECT_LT(rows_read([&] {
              auto const process = start({"run"});
              process->wait_for_err("started");
              auto const log = process->err();
              auto const at = log.find("listen=") + 7;
              auto const address = "http://" + log.substr(at, log.find_first_of(" \n", at) - at);
              for (int i = 0; i < 3; ++i) {
                EXPECT_NE(http_get(address + "/readyz").body.find("ready"), std::string::npos);
                EXPECT_NE(http_get(address + "/metrics").body.find("affsync_build_info"),
                          std::string::npos);
                EXPECT_EQ(http_get(address + "/").status, 200);
              }
              EXPECT_EQ(process->stop(Process::Seconds(10)), 0);
            }),
            6 * row_limit);

  configure();
  EXPECT_LT(rows_read([&] {
              auto const again = sync({"--stream", "wallets"});
              EXPECT_EQ(again.of("wallets", "status"), "succeeded") << again.err;
            }),
            row_limit);
}

// Two runs a day of two hundred streams, plus those of the stream that is read every 18 minutes.
TEST_F(Aged, prune_lets_go_of_what_is_old_and_of_nothing_else) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  grow_old();
  auto const changes = query("select count(*) from affsync.record_change");
  auto const dry = affsync({"prune", "--dry-run", "--output", "json"});
  EXPECT_EQ(dry.status, 0) << dry.err;
  auto const old =
      query("select count(*) from affsync.sync_run where finished_at < now() - interval '90 days'");
  EXPECT_NE(dry.out.find("\"runs\":" + old), std::string::npos) << dry.out;
  auto const pruned = affsync({"prune"});
  EXPECT_EQ(pruned.status, 0) << pruned.err;
  EXPECT_EQ(query("select count(*) from affsync.sync_run"
                  " where finished_at < now() - interval '90 days'"),
            "0");
  EXPECT_EQ(query("select count(*) from affsync.record_change"), changes);
  EXPECT_EQ(sync({"--stream", "wallets"}).status, 0);
}

}  // namespace
}  // namespace affsync::test::aged_test
