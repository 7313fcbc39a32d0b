// Tables that Citus distributes hold and show the same as those of a single server. Runs only where
// the extension is installed; it is in no package of Debian.
#include <algorithm>

#include "schema/store/alerts/alerts.hpp"
#include "schema/store/migrate.hpp"
#include "schema/store/pg_session.hpp"
#include "tests/integration/schema/fixture.hpp"
#include "tests/support/postgres_server.hpp"

namespace affsync::schema::test::distributed_test {
namespace {

// A database with rows of every table that a view reads.
class Books : public StoreTest {
 public:
  explicit Books(std::string migrated) : StoreTest(std::move(migrated)) {}
  using StoreTest::loop;
  using StoreTest::now;
  using StoreTest::store;
  using StoreTest::url;

  void load() {
    rates();
    declare("paid", "commission", true, true);
    store_pass("paid", "commission",
               {commission("a", "2026-02-01", "10.50", "EUR", "c1"),
                commission("b", "2026-02-01", "3", "USD", "c2"),
                commission("c", "2026-02-02", "7", "XAU", "c1"), total("t", "100")});
    store_pass(
        "people", "client",
        {{"c1",
          {{"client_ref", "c1"}, {"country", "DE"}, {"registered_at", "2026-01-05T00:00:00Z"}}},
         {"c2", {{"client_ref", "c2"}, {"link_code", "l1"}}}});
    store_pass("rebated", "rebate",
               {{"r1",
                 {{"client_ref", "c1"},
                  {"amount", "1.25"},
                  {"currency", "EUR"},
                  {"occurred_at", "2026-02-01T10:00:00Z"}}}});
    store_pass("asked", "payout",
               {{"p1",
                 {{"amount", "50"},
                  {"currency", "EUR"},
                  {"status", "requested"},
                  {"requested_at", "2026-02-10T00:00:00Z"}}}});
    store_pass("owed", "balance", {{"w", {{"amount", "20"}, {"currency", "EUR"}}}});
  }

  // Rows are changed, rejected, gone, and new.
  void change() {
    now += std::chrono::hours(24);
    store_pass("paid", "commission",
               {commission("a", "2026-02-01", "9.50", "EUR", "c1"),
                commission("d", "2026-02-03", "4", "EUR", "c2"), total("t", "130")});
    store_pass("owed", "balance", {{"w", {{"amount", "5"}, {"currency", "EUR"}}}});
  }

  // All views, each with its rows as text.
  std::vector<std::string> read_views() {
    std::vector<std::string> all;
    for (auto const& view :
         rows("SELECT v.relnamespace::regnamespace || '.' || v.relname, "
              "string_agg(format('%I::text', a.attname), ', '"
              " ORDER BY a.attnum) FROM pg_class v JOIN pg_attribute a ON a.attrelid = v.oid"
              " WHERE v.relkind = 'v' AND a.attnum > 0"
              " AND v.relnamespace IN ('affsync'::regnamespace, 'reporting'::regnamespace)"
              // What depends on the time of reading, and sums that are kept on one server only.
              " AND a.attname NOT IN ('lag_seconds', 'days_waiting', 'change_id')"
              " AND v.relname NOT IN ('rates_of_sums', 'outdated_sums')"
              " GROUP BY v.oid ORDER BY 1")) {
      for (auto const& row : rows("SELECT " + *view[1] + " FROM " + *view[0])) {
        auto line = *view[0];
        for (auto const& cell : row) line += " | " + cell.value_or("null");
        all.push_back(std::move(line));
      }
    }
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  void TestBody() override {}

  static TestRow commission(std::string const& key, std::string const& day,
                            std::string const& amount, std::string const& currency,
                            std::string const& client) {
    return {key,
            {{"occurred_on", day},
             {"amount", amount},
             {"currency", currency},
             {"kind", "reward"},
             {"status", "approved"},
             {"client_ref", client}}};
  }
  static TestRow total(std::string const& key, std::string const& amount) {
    return {key, {{"grain", "lifetime"}, {"amount", amount}, {"currency", "EUR"}}};
  }

  void rates() {
    auto const run = begin("rates");
    write(run, "fx_rate",
          {{"EUR", {{"currency", "EUR"}, {"on_date", "2026-02-01"}, {"usd_rate", "1.1"}}}});
    end(run);
  }

  void store_pass(std::string const& stream, std::string_view table,
                  std::vector<TestRow> const& all) {
    auto const run = begin(stream);
    write(run, table, all);
    std::vector<std::string> keys;
    for (auto const& row : all) keys.push_back(row.key);
    auto close = slice(run, table, keys);
    close.mass_drop_limit = 1;
    close.keeps_from = parse_day("1900-01-01");
    loop.run(store->close_slice(close));
    close_pass(run, table, 1);
    end(run);
  }
};

class DistributedTables : public testing::Test {
 protected:
  void SetUp() override {
    if (!affsync::test::PostgresServer::has_library("citus")) {
      GTEST_SKIP() << "the extension citus is not installed for this PostgreSQL";
    }
    server_.emplace();
    // Citus finds its own server by the socket, too.
    server_->start(
        "shared_preload_libraries = 'citus'\ncitus.shard_count = 4\nwal_level = logical\n"
        "citus.local_hostname = '" +
        server_->socket_directory() + "'\n");
    sql(server_->url(), "CREATE DATABASE books");
    url = server_->url("books");
    sql(url, "CREATE EXTENSION citus");
    migrate(options_for(url), false).value();
  }

  std::string url;

 private:
  std::optional<affsync::test::PostgresServer> server_;
};

std::string migrated_again() {
  auto made = make_database();
  migrate(options_for(made), false).value();
  return made;
}

TEST_F(DistributedTables, TablesAreDistributedWhereTheExtensionIs) {
  Books one(migrated_again()), several(url);
  one.load();
  several.load();
  ASSERT_EQ(several.read_views(), one.read_views());

  MigrationRequest request;
  request.distribute = true;
  auto const report = migrate(options_for(url), request);
  ASSERT_TRUE(report) << report.error().to_line();
  EXPECT_EQ(sql_value(url,
                      "SELECT count(DISTINCT colocationid) FROM pg_dist_partition"
                      " WHERE partmethod = 'h'"),
            "1");
  EXPECT_TRUE(migrate(options_for(url), request).value().distributed.empty());
  EXPECT_EQ(several.read_views(), one.read_views()) << "what was there before";

  one.change();
  several.change();
  EXPECT_EQ(several.read_views(), one.read_views()) << "what came after";
  EXPECT_EQ(sql_value(url, "SELECT count(*) FROM affsync.record_change"),
            sql_value(one.url, "SELECT count(*) FROM affsync.record_change"));
  EXPECT_EQ(sql_value(url, "SELECT count(*) FROM reporting.clawbacks"), "3")
      << "one row lower, two gone";

  MigrationRequest again;
  again.remake_views = true;
  EXPECT_EQ(migrate(options_for(url), again).value().applied, std::vector<std::string>{"views"});
  EXPECT_EQ(several.read_views(), one.read_views()) << "views made again";
  EXPECT_TRUE(migrate(options_for(url), false).value().applied.empty());
}

// An upgrade of affsync meets tables that are distributed.
TEST_F(DistributedTables, MigrationsRunAgainAndNewTablesAreDistributed) {
  MigrationRequest request;
  request.distribute = true;
  ASSERT_TRUE(migrate(options_for(url), request));
  sql(url, "DELETE FROM affsync.schema_migration WHERE name LIKE '0017%'");
  sql(url, "DROP TABLE affsync.contradiction");
  auto const report = migrate(options_for(url), false);
  ASSERT_TRUE(report) << report.error().to_line();
  EXPECT_EQ(report->distributed, std::vector<std::string>{"contradiction"});
}

TEST_F(DistributedTables, AlertsAndRetentionWork) {
  MigrationRequest request;
  request.distribute = true;
  ASSERT_TRUE(migrate(options_for(url), request));
  Books books(url);
  books.load();
  books.change();
  AlertPolicy policy;
  policy.now = books.now;
  PgSession session(options_for(url));
  auto const changes = judge_alerts(session, policy);
  for (auto const& failed : changes.failed) ADD_FAILURE() << failed.error.message;
  EXPECT_FALSE(changes.opened.empty());
  Retention retention;
  retention.runs = std::chrono::hours(1);
  retention.quarantine = std::chrono::hours(1);
  // The latest run of each stream stays, and its first pass.
  EXPECT_EQ(books.loop.run(books.store->prune(retention, false)).runs, 2);
}

}  // namespace
}  // namespace affsync::schema::test::distributed_test
