// Migrations beside others who use the database: readers, long queries, writers.
#include <future>
#include <pqxx/pqxx>

#include "schema/store/migrate.hpp"
#include "schema/store/migration_watch.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::migrate_locks_test {
namespace {

class MigrateBesideOthers : public testing::Test {
 protected:
  MigrateBesideOthers() { migrate(options, false).value(); }

  void build_an_index_again() {
    sql(options.url, "DELETE FROM affsync.schema_migration WHERE name LIKE '0032%'");
    sql(options.url, "DROP INDEX affsync.client_of_long_ref");
  }

  StoreOptions const options = options_for(make_database());
};

// The build waits for a transaction that writes; whoever reads or writes meanwhile does not.
TEST_F(MigrateBesideOthers, ReadersAndWritersAreNotHeldWhileAnIndexIsBuilt) {
  build_an_index_again();
  sql(options.url, "INSERT INTO affsync.source (name, connector, base_url) VALUES ('s', 'c', '')");
  pqxx::connection other(options.url);
  pqxx::work writing(other);
  auto const insert =
      "INSERT INTO affsync.client (source_id, stream, external_id, content_hash, first_seen_at,"
      " changed_at, revision, run_id, raw) SELECT source_id, 'x', gen_random_uuid()::text,"
      " gen_random_uuid(), now(), now(), 1, 1, '{}' FROM affsync.source";
  writing.exec(insert);
  MigrationWatch watch;
  auto migrating = std::async(std::launch::async, [&] { return migrate(options, false, &watch); });
  while (watch.progress().find("waiting for") == std::string::npos) {
  }
  EXPECT_NE(watch.progress().find("index affsync.client_of_long_ref: "), std::string::npos)
      << watch.progress();
  auto const impatient = options.url + " options='-c lock_timeout=1s'";
  EXPECT_EQ(sql_value(impatient, "SELECT count(*) FROM affsync.client"), "0");
  sql(impatient, insert);
  writing.commit();
  auto const report = migrating.get();
  ASSERT_TRUE(report) << report.error().to_line();
  EXPECT_EQ(report->applied, std::vector<std::string>{"0032_client_indexes.sql"});
  EXPECT_EQ(watch.progress(), "");
  EXPECT_EQ(sql_value(options.url, "SELECT count(*) FROM affsync.client"), "2");
}

// A report of an hour holds the view that it reads, and no other.
TEST_F(MigrateBesideOthers, AViewThatAQueryHoldsHoldsUpNoOtherView) {
  sql(options.url, "UPDATE affsync.schema_migration SET checksum = 'older' WHERE version = 0");
  sql(options.url, "COMMENT ON VIEW reporting.balances IS 'older'");
  sql(options.url, "COMMENT ON VIEW reporting.payouts IS 'older'");
  pqxx::connection other(options.url);
  pqxx::work reading(other);
  reading.exec("SELECT count(*) FROM reporting.payouts");
  MigrationWatch watch;
  watch.views_may_wait = true;
  watch.lock_wait = std::chrono::milliseconds(50);
  watch.lock_patience = std::chrono::milliseconds(200);
  auto const report = migrate(options, false, &watch);
  ASSERT_TRUE(report) << report.error().to_line();
  EXPECT_NE(report->views_held_by.find("process " + std::to_string(other.backendpid())),
            std::string::npos)
      << report->views_held_by;
  EXPECT_TRUE(report->applied.empty());
  auto const comment = [&](std::string const& view) {
    return sql_value(options.url, "SELECT obj_description('reporting." + view + "'::regclass)");
  };
  EXPECT_NE(comment("balances"), "older");
  EXPECT_EQ(comment("payouts"), "older");
  reading.commit();
  EXPECT_EQ(migrate(options, false).value().applied, std::vector<std::string>{"views"});
  EXPECT_NE(comment("payouts"), "older");
}

TEST_F(MigrateBesideOthers, NoLockIsWaitedForLongerThanASecond) {
  EXPECT_LE(MigrationWatch().lock_wait, std::chrono::seconds(1));
}

TEST_F(MigrateBesideOthers, ViewsAreMadeAgainOnRequest) {
  sql(options.url, "ALTER TABLE affsync.balance RENAME TO balance_old");
  sql(options.url, "CREATE TABLE affsync.balance (LIKE affsync.balance_old INCLUDING ALL)");
  auto const reads =
      "SELECT count(*) FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid"
      " WHERE w.ev_class = 'reporting.balances'::regclass"
      " AND d.refobjid = 'affsync.balance'::regclass";
  EXPECT_TRUE(migrate(options, false).value().applied.empty());
  EXPECT_EQ(sql_value(options.url, reads), "0");
  MigrationRequest request;
  request.remake_views = true;
  EXPECT_EQ(migrate(options, request).value().applied, std::vector<std::string>{"views"});
  EXPECT_NE(sql_value(options.url, reads), "0");
}

TEST_F(MigrateBesideOthers, TablesAreNotDistributedWithoutTheExtension) {
  MigrationRequest request;
  request.distribute = true;
  auto const report = migrate(options, request);
  if (sql_value(options.url, "SELECT count(*) FROM pg_extension WHERE extname = 'citus'") != "0") {
    GTEST_SKIP() << "the extension citus is installed";
  }
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::migration_failed);
  EXPECT_NE(report.error().message.find("citus is not installed"), std::string::npos)
      << report.error().to_line();
}

}  // namespace
}  // namespace affsync::schema::test::migrate_locks_test
