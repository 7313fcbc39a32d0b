// A connection pooler in front of PostgreSQL: session and transaction pooling must make no
// difference, statement pooling must be refused before anything is locked.
#include "tests/support/pooler_process.hpp"

#include <pqxx/transaction>

#include <thread>

#include "schema/store/examine.hpp"
#include "schema/store/migrate.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::pooler_test {
namespace {

using affsync::test::PoolerOptions;
using affsync::test::PoolerProcess;

class Pooler : public StoreTest {
 protected:
  static PoolerOptions mode(std::string name, int pool_size = 20) {
    PoolerOptions options;
    options.mode = std::move(name);
    options.pool_size = pool_size;
    return options;
  }
  // Advisory locks of any session in this database, on which another session could wait.
  std::string advisory_locks() {
    return value(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())");
  }
};

TEST_F(Pooler, PerSessionReadsWithItsDefaults) {
  PoolerProcess const pooler(url);
  auto const pooled = make_pg_store(options_for(url + pooler.connection_suffix()));
  auto const lease = loop.run(pooled->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  auto const run = begin_on(*pooled);
  auto const first = page(run, {batch_of("payout", {{"p1", {{"amount", "1"}}}})});
  EXPECT_EQ(loop.run(pooled->write_page(first)).inserted, 1);
  auto const second = page(run, {batch_of("payout", {{"p1", {{"amount", "2"}}}})});
  EXPECT_EQ(loop.run(pooled->write_page(second)).updated, 1);
  RunEnd end;
  end.run = run;
  end.success = true;
  end.now = now;
  end.report.status = RunStatus::succeeded;
  loop.run(pooled->end_run(end));
  EXPECT_EQ(value("SELECT status FROM affsync.sync_run"), "succeeded");
}

TEST_F(Pooler, PerSessionTheLeaseOfADeadInstanceIsNoticed) {
  PoolerProcess const pooler(url);
  auto const slow = make_pg_store(options_for(url + pooler.connection_suffix()));
  auto const lease = loop.run(slow->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  rows("UPDATE affsync.lease SET process_key = process_key || '0'");
  ASSERT_TRUE(loop.run(store->try_lease({source, "feed"})));
  RunStart late;
  late.id = {source, "feed"};
  late.mode = "full";
  late.started_at = now;
  EXPECT_EQ(loop.code_of(slow->begin_run(std::move(late))), ErrorCode::lease_lost);
}

TEST_F(Pooler, PerSessionASchemaIsMade) {
  auto const empty = make_database();
  PoolerProcess const pooler(empty);
  auto const report = migrate(options_for(empty + pooler.connection_suffix()), false);
  ASSERT_TRUE(report) << report.error().to_line();
  EXPECT_EQ(report->applied.back(), "views");
  EXPECT_TRUE(examine(options_for(empty + pooler.connection_suffix())).value().sync_lacks.empty());
}

// Everything that a run does, with server sessions that change owners all the time.
TEST_F(Pooler, PerTransactionReadsToo) {
  for (int const pool_size : {2, 20}) {
    for (auto const* order : {"", "server_round_robin = 1\n"}) {
      SCOPED_TRACE(std::to_string(pool_size) + order);
      auto options = mode("transaction", pool_size);
      options.more = order;
      PoolerProcess const pooler(url, options);
      auto const pooled = make_pg_store(options_for(url + pooler.connection_suffix()));
      pqxx::connection other(url + pooler.connection_suffix());
      auto const stream = "feed" + std::to_string(pool_size) + (*order ? "r" : "");
      auto lease = loop.run(pooled->try_lease({source, stream}));
      ASSERT_TRUE(lease);
      ASSERT_FALSE(loop.run(store->try_lease({source, stream})));
      auto const run = begin_on(*pooled, stream);
      std::vector<TestRow> first, second;
      for (int i = 0; i < 500; ++i) {
        auto const key = "p" + std::to_string(i);
        first.push_back({key, {{"amount", "1"}}});
        second.push_back({key, {{"amount", "2"}}});
      }
      EXPECT_EQ(loop.run(pooled->write_page(page(run, {batch_of("payout", first)}))).inserted, 500);
      EXPECT_EQ(loop.run(pooled->write_page(page(run, {batch_of("payout", second)}))).updated, 500);
      EXPECT_EQ(loop.run(pooled->close_slice(slice(run, "payout", {"p1"}))).missed, 499);
      RunEnd end;
      end.run = run;
      end.success = true;
      end.now = now;
      end.report.status = RunStatus::succeeded;
      loop.run(pooled->end_run(end));
      lease.reset();
      loop.run(pooled->ping());
      EXPECT_TRUE(loop.run(store->try_lease({source, stream})));
      EXPECT_EQ(value("SELECT sum(amount) FROM affsync.payout WHERE stream = '" + stream + "'"),
                "1000");
      EXPECT_EQ(loop.run(pooled->health()).size(), loop.run(store->health()).size());
    }
  }
  EXPECT_EQ(advisory_locks(), "0");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.sync_run WHERE status <> 'succeeded'"), "0");
}

TEST_F(Pooler, PerTransactionASchemaIsMade) {
  auto const empty = make_database();
  auto options = mode("transaction", 2);
  options.more = "server_round_robin = 1\n";
  PoolerProcess const pooler(empty, options);
  auto const report = migrate(options_for(empty + pooler.connection_suffix()), false);
  ASSERT_TRUE(report) << report.error().to_line();
  EXPECT_EQ(report->applied.back(), "views");
  EXPECT_TRUE(examine(options_for(empty + pooler.connection_suffix())).value().sync_lacks.empty());
  EXPECT_EQ(sql_value(empty,
                      "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                      " (SELECT oid FROM pg_database WHERE datname = current_database())"),
            "0");
}

// Sessions of the pooler belong to other programs as well.
TEST_F(Pooler, PerTransactionLeavesNoSettingBehind) {
  PoolerProcess const pooler(url, mode("transaction", 2));
  auto const pooled = make_pg_store(options_for(url + pooler.connection_suffix()));
  auto const lease = loop.run(pooled->try_lease({source, "feed"}));
  write(begin_on(*pooled), "payout", {{"p1", {{"amount", "1"}}}});
  loop.run(pooled->health());
  auto const through = url + pooler.connection_suffix();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(sql_value(through, "SELECT current_setting('search_path')"), "\"$user\", public");
    EXPECT_EQ(sql_value(through, "SELECT current_setting('lock_timeout')"), "0");
    EXPECT_EQ(sql_value(through, "SELECT count(*) FROM pg_prepared_statements"), "0");
  }
}

TEST_F(Pooler, PerStatementIsRefusedAndNothingStaysLocked) {
  PoolerProcess const pooler(url, mode("statement", 20));
  auto const pooled = options_for(url + pooler.connection_suffix());
  auto const report = migrate(pooled, false);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::database_unavailable);
  EXPECT_NE(report.error().hint.find("pool_mode = session or transaction"), std::string::npos)
      << report.error().to_line();
  ASSERT_FALSE(examine(pooled));
  auto const by_statement = make_pg_store(pooled);
  EXPECT_EQ(loop.code_of(by_statement->try_lease({source, "feed"})),
            ErrorCode::database_unavailable);
  EXPECT_EQ(advisory_locks(), "0");
}

TEST_F(Pooler, WithoutASecondConnectionSaysWhatItNeeds) {
  // There is something to migrate: else transactions follow each other, and one connection is
  // enough.
  rows("DO $$ BEGIN DROP SCHEMA affsync CASCADE; DROP SCHEMA reporting CASCADE; END $$");
  for (auto const* name : {"session", "transaction"}) {
    PoolerProcess const pooler(url, mode(name, 1));
    auto options = options_for(url + pooler.connection_suffix());
    options.connect_timeout = std::chrono::milliseconds(1000);
    auto const report = migrate(options, false);
    ASSERT_FALSE(report) << name;
    EXPECT_EQ(report.error().code, ErrorCode::database_unavailable);
    EXPECT_NE(report.error().hint.find("pool_size"), std::string::npos)
        << name << report.error().to_line();
  }
}

// A pooler takes no cancellation for a statement that waits for a server.
TEST_F(Pooler, AStatementThatWaitsForAServerDoesNotHoldUpTheEnd) {
  PoolerProcess const pooler(url, mode("transaction", 2));
  auto pooled = make_pg_store(options_for(url + pooler.connection_suffix()));
  loop.run(pooled->ping());
  pqxx::connection one(url + pooler.connection_suffix()), two(url + pooler.connection_suffix());
  pqxx::work first(one), second(two);
  first.exec("SELECT 1");
  second.exec("SELECT 1");
  // One statement waits on a session that is there, one on a session that is being made.
  auto known = asio::co_spawn(loop.io(), pooled->ping(), asio::use_future);
  auto made = asio::co_spawn(loop.io(), pooled->fold_earnings(20'000), asio::use_future);
  std::thread io([&] {
    loop.io().restart();
    loop.io().run();
  });
  pooled->shut_down(std::chrono::milliseconds(500));
  EXPECT_THROW(known.get(), Failure);
  EXPECT_THROW(made.get(), Failure);
  io.join();
  pooled.reset();
  second.commit();
  first.commit();
}

TEST_F(Pooler, StartUpOptionsOfTheUsersOwnAreToldOfWhereThePoolerRefusesThem) {
  PoolerProcess const pooler(url);
  auto const report =
      migrate(options_for(url + pooler.connection_suffix() + " options='-c jit=on'"), false);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("unsupported startup parameter"), std::string::npos)
      << report.error().to_line();
  EXPECT_NE(report.error().hint.find("pooler"), std::string::npos) << report.error().to_line();
}

class Settings : public StoreTest {
 protected:
  // Gives the server settings other than those affsync expects.
  void change_server_settings() {
    rows(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Kolkata''',"
        " current_database()); EXECUTE format('ALTER DATABASE %I SET datestyle = ''SQL, DMY''',"
        " current_database()); END $$");
  }
  std::string shown(Store& by, std::string const& name) {
    std::vector<std::optional<std::string>> const given{name};
    return *loop.run(by.query("SELECT current_setting($1)", given)).rows[0][0];
  }
};

TEST_F(Settings, HoldWhateverTheServersOwnAre) {
  change_server_settings();
  PoolerProcess const pooler(url);
  PoolerOptions by_transaction;
  by_transaction.mode = "transaction";
  PoolerProcess const changing(url, by_transaction);
  for (auto const& detour :
       {std::string(), pooler.connection_suffix(), changing.connection_suffix()}) {
    auto const changed_server = make_pg_store(options_for(url + detour));
    EXPECT_EQ(shown(*changed_server, "timezone"), "UTC");
    EXPECT_EQ(shown(*changed_server, "datestyle"), "ISO, MDY");
    EXPECT_EQ(shown(*changed_server, "statement_timeout"), "2min");
    EXPECT_EQ(shown(*changed_server, "lock_timeout"), "30s");
    EXPECT_EQ(shown(*changed_server, "idle_in_transaction_session_timeout"), "30s");
    EXPECT_EQ(shown(*changed_server, "synchronous_commit"), "off");
    EXPECT_EQ(shown(*changed_server, "search_path"), "pg_catalog");
    EXPECT_EQ(shown(*changed_server, "jit"), "off");
  }
  // The history holds times in UTC, and days in ISO format.
  auto const changed_server = make_pg_store(options_for(url));
  auto const run = begin_on(*changed_server);
  auto const first =
      page(run, {batch_of("commission", {{"c", {{"occurred_at", "2026-01-02 03:04:05.678+00"}}}})});
  loop.run(changed_server->write_page(first));
  auto const second =
      page(run, {batch_of("commission", {{"c", {{"occurred_at", "2026-01-12 03:04:05.678+00"}}}})});
  loop.run(changed_server->write_page(second));
  EXPECT_EQ(value("SELECT before ->> 'occurred_at' FROM affsync.record_change"),
            "2026-01-02T03:04:05.678+00:00");
  EXPECT_EQ(*loop.run(changed_server->query("SELECT date '2025-11-12'", {})).rows[0][0],
            "2025-11-12");
}

TEST_F(Settings, OfTheUsersOwnGoFirst) {
  auto const own = make_pg_store(options_for(url + " options='-c statement_timeout=7s -c jit=on'"));
  EXPECT_EQ(shown(*own, "statement_timeout"), "7s");
  EXPECT_EQ(shown(*own, "jit"), "on");
  EXPECT_EQ(shown(*own, "lock_timeout"), "30s");
}

}  // namespace
}  // namespace affsync::schema::test::pooler_test
