// How much each question reads: pages of tables and indexes, as EXPLAIN counts them, not time. What
// is asked of one client, some days or the health of streams must not read what it is not about,
// whether or not PostgreSQL knows the tables' statistics.
#include <pqxx/pqxx>

#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::reading_test {
namespace {

class PagesRead : public StoreTest {
 protected:
  PagesRead() {
    sql(url, "ALTER TABLE affsync.commission SET (autovacuum_enabled = off)");
    sql(url,
        "INSERT INTO affsync.stream (source_id, stream, record_table)"
        " VALUES (1, 'rewards', 'commission'), (1, 'rebates', 'rebate'), (1, 'clients', 'client')");
    sql(url,
        "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, "
        "first_seen_at,"
        " changed_at, revision, run_id, client_ref, kind, status, amount, currency, grain,"
        " occurred_on, raw) SELECT 1, 'rewards', n::text, md5(n::text)::uuid, now(), now(), 1, 1,"
        " 'c' || n % 1000, 'cpa', 'paid', n, 'USD', 'day', current_date - n / 100, '{}'"
        " FROM generate_series(1, 40000) n");
    sql(url,
        "INSERT INTO affsync.rebate (source_id, stream, external_id, content_hash, first_seen_at,"
        " changed_at, revision, run_id, client_ref, amount, currency, raw) SELECT 1, 'rebates',"
        " n::text, md5(n::text)::uuid, now(), now(), 1, 1, 'c' || n % 1000, 1, 'USD', '{}'"
        " FROM generate_series(1, 10000) n");
    sql(url,
        "INSERT INTO affsync.client (source_id, stream, external_id, content_hash, first_seen_at,"
        " changed_at, revision, run_id, client_ref, raw) SELECT 1, 'clients', n::text,"
        " md5(n::text)::uuid, now(), now(), 1, 1, 'c' || n, '{}' FROM generate_series(0, 999) n");
  }
  // Pages that a query touches the second time, when the session knows the tables.
  int pages(std::string const& query, std::string const& settings = {}) {
    pqxx::connection connection(url + settings);
    pqxx::nontransaction tx(connection);
    std::string const explain =
        "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON) " + query;
    tx.exec(explain);
    std::string const plan = tx.exec(explain)[0][0].c_str();
    return number(plan, "\"Shared Hit Blocks\": ") + number(plan, "\"Shared Read Blocks\": ");
  }
  // The first figure of that name: that of the whole plan.
  static int number(std::string const& plan, std::string const& name) {
    auto const at = plan.find(name);
    return at == std::string::npos ? 0 : std::stoi(plan.substr(at + name.size()));
  }
  // Parts of a plan that leave out at least twenty parts of a table before they begin.
  int searches_without_months_ahead(std::string const& query) {
    int found = 0;
    for (auto const& line : rows("EXPLAIN " + query)) {
      auto const at = line[0]->find("Subplans Removed: ");
      if (at != std::string::npos && std::stoi(line[0]->substr(at + 18)) >= 20) ++found;
    }
    return found;
  }
  bool analyzed = false;
  // Once without statistics, once with.
  template <class Check>
  void both_ways(Check check) {
    {
      SCOPED_TRACE("without statistics");
      check();
    }
    sql(url, "VACUUM ANALYZE");
    analyzed = true;
    SCOPED_TRACE("with statistics");
    check();
  }
};

// 40 rows of commission and 10 of rebates, each in a page of its own; 40,000 are there.
TEST_F(PagesRead, OneClientReadsItsOwnRows) {
  both_ways([&] {
    std::string const of_one = "SELECT * FROM reporting.client_performance WHERE client_ref = 'c7'";
    EXPECT_EQ(value("SELECT commission_usd || ' ' || rebate_usd FROM (" + of_one + ") x"),
              // 7 + 1007 + … + 39007
              "780280 10");
    EXPECT_LE(pages(of_one), 500);
    EXPECT_LE(pages(of_one + " AND source = 'broker-1'"), 10 * 50);
  });
}

TEST_F(PagesRead, APageOfClientsReadsItsOwnRows) {
  both_ways([&] {
    std::string const of_ten =
        "SELECT * FROM reporting.client_performance WHERE client_ref IN"
        " ('c1','c2','c3','c4','c5','c6','c7','c8','c9','c10')";
    EXPECT_EQ(value("SELECT count(*) FROM (" + of_ten + ") x"), "10");
    EXPECT_LE(pages(of_ten), 10 * 500);
  });
}

// A reference that is longer than an index can hold is still a client.
TEST_F(PagesRead, AClientWithALongReferenceIsFound) {
  sql(url,
      "UPDATE affsync.commission SET client_ref = repeat(md5(external_id), 400)"
      " WHERE external_id = '77'");
  both_ways([&] {
    EXPECT_EQ(value("SELECT commission_usd FROM reporting.client_performance WHERE client_ref ="
                    " repeat(md5('77'), 400)"),
              "77");
  });
}

TEST_F(PagesRead, SomeDaysReadTheirOwnRows) {
  both_ways([&] {
    std::string const of_days = " WHERE day BETWEEN current_date - 30 AND current_date - 21";
    EXPECT_EQ(value("SELECT sum(rows) FROM reporting.earnings_daily" + of_days), "1000");
    EXPECT_EQ(value("SELECT count(*) FROM affsync.commission_books" + of_days), "1000");
    // All rows lie in some 800 pages. Without statistics what belongs to a row is looked up for
    // each.
    EXPECT_LE(pages("SELECT * FROM affsync.commission_books" + of_days), analyzed ? 200 : 10'000);
  });
}

TEST_F(PagesRead, DaysThatAreAddedUpReadNoRows) {
  while (value("SELECT affsync.fold_earnings()") == "t") continue;
  both_ways([&] {
    EXPECT_EQ(value("SELECT sum(rows) FROM reporting.earnings_daily"), "40000");
    EXPECT_LE(pages("SELECT * FROM reporting.earnings_daily"), 200);
  });
}

// What a BI tool opens first: all clients, and the best of them. 50,000 rows lie in some 1,500
// pages; those of the last days are read.
// PostgreSQL expects no sum that has to be converted then. The rates of 300 days are looked up
// once, not once for each sum.
TEST_F(PagesRead, OutdatedSumsAreFoundAlsoWhereStatisticsKnowOfDollarsOnly) {
  auto const sums = [&](std::string const& currency, std::string const& from, int open) {
    sql(url,
        "INSERT INTO affsync.earned_day (source_id, unit, part, day, currency, amount, clients, "
        "rows,"
        " broker_rows, open_rows, open_amount, open_scale, usd_rate) SELECT 1, d, 1, d, '" +
            currency + "', 1, 1, 1, 0, " + std::to_string(open) +
            ", 1, 2, 1.12345678 FROM (SELECT date '" + from +
            "' + n AS d FROM generate_series(1, 300) n) days");
  };
  sql(url, "DELETE FROM affsync.earned_day");
  sql(url,
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) SELECT 'EUR', date '2024-01-01' + "
      "n,"
      " 1.12345678 FROM generate_series(1, 300) n");
  sums("USD", "2023-01-01", 0);
  sql(url, "ANALYZE affsync.earned_day");
  sums("EUR", "2024-01-01", 1);
  // As affsync.fold_earnings() asks.
  auto const settings = " options='-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off'";
  EXPECT_LE(pages("SELECT * FROM affsync.outdated_sums", settings), 10'000);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.outdated_sums"), "0");
  sql(url, "UPDATE affsync.fx_rate SET usd_rate = 1.12345679 WHERE on_date = date '2024-01-10'");
  EXPECT_EQ(value("SELECT string_agg(unit::text, ' ') FROM affsync.outdated_sums"), "2024-01-10");
}

TEST_F(PagesRead, AllClientsReadSumsAndTheLastDays) {
  sql(url,
      "UPDATE affsync.rebate SET occurred_at = now() - external_id::int / 25 * interval '1 day'");
  std::string const all = "SELECT * FROM reporting.client_performance";
  std::string const best = all + " ORDER BY net_usd DESC NULLS LAST LIMIT 20";
  auto const before = rows(best);
  EXPECT_GT(pages(best), 100'000);
  while (value("SELECT affsync.fold_earnings()") == "t") continue;
  both_ways([&] {
    EXPECT_EQ(rows(best), before);
    EXPECT_EQ(value("SELECT count(*) FROM (" + all + ") x"), "1000");
    EXPECT_LE(pages(all), analyzed ? 4'000 : 15'000);
    EXPECT_LE(pages(best), analyzed ? 4'000 : 15'000);
  });
}

TEST_F(PagesRead, HealthReadsNeitherRunsNorRows) {
  auto const add_runs = [&] {
    sql(url,
        "INSERT INTO affsync.sync_run (source_id, stream, started_at, finished_at, status, mode)"
        " SELECT 1, 'rewards', now(), now(), 'succeeded', 'full' FROM generate_series(1, 5000)");
  };
  add_runs();
  sql(url,
      "INSERT INTO affsync.stream_state (source_id, stream, run_id, live_rows, last_status)"
      " VALUES (1, 'rewards', 1, 40000, 'succeeded')");
  both_ways([&] {
    EXPECT_EQ(value("SELECT rows FROM reporting.source_health WHERE stream = 'rewards'"), "40000");
    EXPECT_LE(pages("SELECT * FROM reporting.source_health"), 60);
  });
  add_runs();
  EXPECT_LE(pages("SELECT * FROM reporting.source_health"), 60);
}

// 20,000 changes, 200 of them in the last week.
TEST_F(PagesRead, ChangesOfAWeekReadThatWeek) {
  sql(url,
      "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id,"
      " changed_at, operation, before, after) SELECT 1, 'commission', 'rewards', n::text, 1,"
      " now() - CASE WHEN n <= 200 THEN interval '1 day' ELSE interval '20 days' END, 'update',"
      " jsonb_build_object('amount', n + 1), jsonb_build_object('amount', n)"
      " FROM generate_series(1, 20000) n");
  sql(url, "ANALYZE affsync.record_change");
  std::string const of_week =
      "SELECT * FROM reporting.retroactive_changes WHERE changed_at >= now() - interval '7 days'";
  EXPECT_EQ(value("SELECT count(*) FROM (" + of_week + ") x"), "200");
  auto const taken_in_week =
      "SELECT * FROM reporting.clawbacks WHERE changed_at >= now() - interval '7 days'";
  EXPECT_LE(pages(of_week), 200 * 25);
  EXPECT_LE(pages(taken_in_week), 200 * 25);
  // The months that are made ahead are looked into by no search for the next change: of the amount,
  // of any word, of the status and of the currency.
  EXPECT_GE(searches_without_months_ahead(of_week), 4);
  EXPECT_GE(searches_without_months_ahead(taken_in_week), 4);
}

// The status and the currency of a total at each of its changes are found without all the growth
// that followed.
TEST_F(PagesRead, ChangesOfARunningTotalDoNotReadItsGrowth) {
  sql(url,
      "UPDATE affsync.commission SET grain = 'lifetime', occurred_on = NULL"
      " WHERE external_id = '1'");
  sql(url,
      "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id,"
      " changed_at, operation, before, after) SELECT 1, 'commission', 'rewards', '1', 1,"
      " now() - (2000 - n) * interval '1 minute', 'update', jsonb_build_object('amount', n - 2000),"
      " jsonb_build_object('amount', n - 1999) FROM generate_series(1, 2000) n");
  std::string const all = "SELECT * FROM reporting.retroactive_changes";
  EXPECT_EQ(value("SELECT count(*) FROM (" + all + ") x"), "2000");
  both_ways([&] { EXPECT_LE(pages(all), 2000 * 25); });
}

}  // namespace
}  // namespace affsync::schema::test::reading_test
