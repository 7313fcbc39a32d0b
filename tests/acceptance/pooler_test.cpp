// The program behind a PgBouncer.
#include <csignal>

#include "tests/acceptance/fixture.hpp"

namespace affsync::test::pooler_test {
namespace {

class Pooled : public Acceptance {};

TEST_F(Pooled, per_session_everything_works_with_the_poolers_defaults) {
  PoolerProcess const pooler(database_url());
  database_options = pooler.connection_suffix();
  start_broker();
  auto const first = sync();
  ASSERT_EQ(first.status, 0) << first.err;
  expect_books_equal();
  EXPECT_GT(first.count("rewards", "inserted"), 0);
  broker().control({{"do", "change"}, {"feed", "rewards"}, {"rows", "6"}, {"seed", "4"}});
  auto const again = sync({"--full"});
  EXPECT_EQ(again.count("rewards", "updated"), 6);
  expect_books_equal();
  EXPECT_EQ(affsync({"status"}).status, 0);
  EXPECT_EQ(affsync({"check"}).status, 0);
  auto const daemon = start({"run"});
  daemon->wait_for_err("started");
  daemon->signal(SIGTERM);
  EXPECT_EQ(daemon->wait(Process::Seconds(10)), 0) << daemon->err();
}

class PooledByTransaction : public Acceptance {
 protected:
  void put_pooler_between(int pool_size = 20) {
    PoolerOptions options;
    options.mode = "transaction";
    options.pool_size = pool_size;
    options.more = "server_round_robin = 1\n";  // another session with each transaction
    pooler_ = std::make_unique<PoolerProcess>(database_url(), options);
  }
  void expect_no_overlap() const {
    EXPECT_EQ(query("select count(*) from affsync.sync_run a join affsync.sync_run b"
                    " on a.source_id = b.source_id and a.stream = b.stream and a.run_id < b.run_id"
                    " and b.started_at < a.finished_at"),
              "0");
  }
};

TEST_F(PooledByTransaction, everything_works) {
  put_pooler_between();
  start_broker();
  auto const first = sync();
  ASSERT_EQ(first.status, 0) << first.out << first.err;
  expect_books_equal();
  EXPECT_GT(first.count("rewards", "inserted"), 300);
  auto const unchanged = sync({"--full"});
  EXPECT_EQ(unchanged.status, 0);
  EXPECT_EQ(unchanged.count("rewards", "inserted") + unchanged.count("rewards", "updated"), 0);
  // More than would go without a temporary table on a session of our own.
  broker().control({{"do", "change"}, {"feed", "rewards"}, {"rows", "300"}, {"seed", "4"}});
  auto const changed = sync({"--full"});
  EXPECT_EQ(changed.count("rewards", "updated"), 300);
  expect_books_equal();
  broker().control({{"do", "remove"},
                    {"feed", "rewards"},
                    {"rows", "3"},
                    {"seed", "5"},
                    {"spare", oldest_rewards}});
  sync({"--full"});
  EXPECT_EQ(sync({"--full"}).status, 0);
  EXPECT_EQ(query("select count(*) from affsync.commission where deleted_at is not null"), "3");
  expect_books_equal();
  for (auto const* command : {"status", "check", "migrate", "quarantine", "prune"}) {
    EXPECT_EQ(affsync({command}).status, 0) << command;
  }
  EXPECT_EQ(affsync({"report", "earnings"}).status, 0);
  EXPECT_EQ(query("select count(*) from pg_locks where locktype = 'advisory' and database ="
                  " (select oid from pg_database where datname = current_database())"),
            "0");
}

TEST_F(PooledByTransaction, two_daemons_share_the_streams_over_two_connections) {
  put_pooler_between(2);
  streams_yaml = "      rewards: {every: 1s, page_size: 30, start: " + first_day() +
                 "}\n"
                 "      wallets: {every: 1s}\n      clients: {every: 1s}\n";
  start_broker();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const first = start({"run"});
  auto const second = start({"run"});
  wait_until(
      "select count(*) > 6 from affsync.sync_run where stream = 'wallets'"
      " and status = 'succeeded'",
      "t");
  wait_until(
      "select last_success_at is not null from affsync.stream_state"
      " where stream = 'rewards'",
      "t");
  EXPECT_EQ(first->stop(Process::Seconds(5)), 0) << first->err();
  EXPECT_EQ(second->stop(Process::Seconds(5)), 0) << second->err();
  expect_no_overlap();
  EXPECT_EQ(query("select count(*) from affsync.sync_run where error_code = 'lease_lost'"), "0");
  ASSERT_EQ(sync().status, 0);
  expect_books_equal();
}

TEST_F(PooledByTransaction, a_killed_one_leaves_nothing_held) {
  put_pooler_between();
  start_broker();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  broker().fault("delay:ms=20,every=1,path=rewards");
  auto const process = start({"sync"});
  wait_until("select count(*) > 0 from affsync.commission", "t");
  process->signal(SIGKILL);
  process->wait();
  broker().clear_faults();
  auto const next = sync();
  ASSERT_EQ(next.status, 0) << next.out;
  expect_books_equal();
  expect_no_overlap();
}

}  // namespace
}  // namespace affsync::test::pooler_test
