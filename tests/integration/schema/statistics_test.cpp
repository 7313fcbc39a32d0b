// PostgreSQL's statistics of tables that were just filled, where autovacuum has not been yet, or is
// off.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::statistics_test {
namespace {

class Statistics : public StoreTest {
 protected:
  Statistics() {
    sql(url, "ALTER TABLE affsync.commission SET (autovacuum_enabled = off)");
    sql(url, "ALTER TABLE affsync.rebate SET (autovacuum_enabled = off)");
  }
  void insert(std::string const& table, std::string const& keys) {
    sql(url, "INSERT INTO affsync." + table +
                 " (source_id, stream, external_id, content_hash, first_seen_at, changed_at,"
                 " revision, run_id, client_ref, amount, currency, grain, occurred_at, raw)"
                 " SELECT 1, 'feed', n, md5(n::text)::uuid, now(), now(), 1, 1, 'c' || n % 9, n,"
                 " 'USD', 'trade', timestamptz '2026-01-02 03:04Z' + n * interval '1 minute', '{}'"
                 " FROM generate_series(" +
                 keys + ") n");
  }
  std::string known(std::string const& table) {
    return value(
        "SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'affsync' AND tablename = '" + table +
        "'");
  }
};

TEST_F(Statistics, OfANewTableAreThereAfterTheFirstUpkeep) {
  insert("commission", "1, 3000");
  insert("rebate", "1, 5");  // too few to matter
  ASSERT_EQ(known("commission"), "f");
  loop.run(store->fold_earnings(20'000));
  EXPECT_EQ(known("commission"), "t");
  EXPECT_EQ(known("rebate"), "f");
  EXPECT_EQ(value("SELECT reltuples FROM pg_class WHERE oid = 'affsync.commission'::regclass"),
            "3000");

  // What has some is autovacuum's.
  insert("commission", "3001, 6000");
  while (loop.run(store->fold_earnings(20'000))) continue;
  EXPECT_EQ(value("SELECT reltuples FROM pg_class WHERE oid = 'affsync.commission'::regclass"),
            "3000");
}

// Of the first page of a first load they say that all rows are of one day or client.
TEST_F(Statistics, OfAFewRowsAreGatheredAnewWhenThereAreManyMore) {
  insert("commission", "1, 900");
  while (loop.run(store->fold_earnings(20'000))) continue;
  ASSERT_EQ(known("commission"), "t");
  insert("commission", "901, 12000");
  while (loop.run(store->fold_earnings(20'000))) continue;
  EXPECT_EQ(value("SELECT reltuples FROM pg_class WHERE oid = 'affsync.commission'::regclass"),
            "12000");
}

// As after pg_upgrade, which keeps none.
TEST_F(Statistics, ThatWereLostAreGatheredAnewAlsoByTheWriter) {
  insert("commission", "1, 3000");
  auto const writer = url + " options='-c role=affsync_writer'";
  sql(url, "ANALYZE affsync.commission");
  sql(url, "DELETE FROM pg_statistic WHERE starelid = 'affsync.commission'::regclass");
  ASSERT_EQ(known("commission"), "f");
  sql(writer, "SELECT affsync.fold_earnings(100)");
  EXPECT_EQ(known("commission"), "t");
}

// A reader has no use for it, and everybody could hold up the owner's vacuum with it.
TEST_F(Statistics, AreGatheredForTheWriterAlone) {
  auto const may = [&](std::string const& role) {
    return value("SELECT has_function_privilege('" + role +
                 "', 'affsync.gather_statistics()', 'EXECUTE')");
  };
  EXPECT_EQ(may("affsync_writer"), "t");
  EXPECT_EQ(may("affsync_reader"), "f");
  EXPECT_EQ(may("public"), "f");
}

TEST_F(Statistics, AreNotNeededToAddUpDays) {
  insert("commission", "1, 3000");
  sql(url, "REVOKE EXECUTE ON FUNCTION affsync.gather_statistics() FROM affsync_writer");
  EXPECT_EQ(sql_value(url + " options='-c role=affsync_writer'", "SELECT affsync.fold_earnings()"),
            "t");
  EXPECT_EQ(known("commission"), "f");
}

// As those of marks are most of the time. It would be looked at with each call for ever.
TEST_F(Statistics, OfATableWithoutRowsAreGatheredOnce) {
  insert("commission", "1, 3000");
  sql(url, "DELETE FROM affsync.commission");
  pqxx::connection connection(url);
  pqxx::nontransaction tx(connection);
  for (int call = 0; call < 5; ++call) tx.exec("SELECT affsync.gather_statistics()");
  tx.exec("SELECT pg_stat_force_next_flush()");
  tx.exec("SELECT pg_stat_clear_snapshot()");
  EXPECT_EQ(
      tx.exec("SELECT pg_stat_get_analyze_count('affsync.commission'::regclass)")[0][0].as<int>(),
      1);
}

// Nobody waits for it: a table that is being vacuumed is passed over.
TEST_F(Statistics, OfATableThatIsBeingVacuumedAreLeftToThat) {
  insert("commission", "1, 3000");
  pqxx::connection vacuum(url);
  pqxx::work holding(vacuum);
  holding.exec("LOCK TABLE affsync.commission IN SHARE UPDATE EXCLUSIVE MODE");
  EXPECT_TRUE(loop.run(store->fold_earnings(20'000)));
  EXPECT_EQ(known("commission"), "f");
  holding.commit();
  loop.run(store->fold_earnings(20'000));
  EXPECT_EQ(known("commission"), "t");
}

}  // namespace
}  // namespace affsync::schema::test::statistics_test
