// Sums by day that are kept beside the rows: whatever is written, in whatever order and by however
// many at once, reporting.earnings_daily equals the sums over all rows, affsync.earnings_by_row.
#include <pqxx/pqxx>
#include <random>

#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::daily_sums_test {
namespace {

// The rates that rows imply, as affsync.fx_implied defines them, from all rows.
constexpr char const* implied_by_row = R"sql(
SELECT c.source_id, c.currency, c.day, percentile_disc(0.5) WITHIN GROUP (ORDER BY c.rate), count(*)
FROM (SELECT source_id, currency, amount_usd / nullif(amount, 0) AS rate,
             coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date) AS day
      FROM affsync.commission
      WHERE abs(amount_usd) >= 1 AND amount <> 0 AND currency <> 'USD' AND deleted_at IS NULL
        AND grain IS DISTINCT FROM 'lifetime') c
WHERE c.day IS NOT NULL AND c.rate > 0
GROUP BY c.source_id, c.currency, c.day
HAVING count(*) >= 3 AND percentile_disc(0.75) WITHIN GROUP (ORDER BY c.rate)
                         <= 1.02 * percentile_disc(0.25) WITHIN GROUP (ORDER BY c.rate))sql";

class DailySums : public StoreTest {
 protected:
  DailySums() {
    for (auto const* name : {"b2", "b3"}) {
      loop.run(store->register_source(name, "testing", std::string("https://") + name));
    }
    sql(url,
        "INSERT INTO affsync.stream (source_id, stream, in_reports)"
        " SELECT source_id, s, true FROM affsync.source, unnest(ARRAY['a', 'b']) s");
  }
  // Lines that only one of the two has. Texts, so that digits after the point count.
  std::string differences() {
    auto const only = [](std::string const& one, std::string const& other) {
      return "(SELECT count(*) FROM (SELECT r::text FROM " + one +
             " r EXCEPT ALL SELECT r::text FROM " + other + " r) d)";
    };
    std::string const kept = "reporting.earnings_daily", rows = "affsync.earnings_by_row";
    std::string const rates =
                          "(SELECT source_id, currency, on_date, usd_rate, rows FROM "
                          "affsync.fx_implied)",
                      row_rates = "(" + std::string(implied_by_row) + ")";
    std::string const steps = "affsync.commission_steps", rebates = "affsync.rebate_steps",
                      by_row = "_by_row";
    return value("SELECT " + only(kept, rows) + " + " + only(rows, kept) + " + " +
                 only(rates, row_rates) + " + " + only(row_rates, rates) + " + " +
                 only(steps, steps + by_row) + " + " + only(steps + by_row, steps) + " + " +
                 only(rebates, rebates + by_row) + " + " + only(rebates + by_row, rebates));
  }
  bool fold(int most = 20'000) {
    return value("SELECT affsync.fold_earnings(" + std::to_string(most) + ")") == "t";
  }
  void fold_all() {
    while (fold()) continue;
  }
  // Rows whose values follow from their number; `columns` may name others.
  std::string insert(int source_of, std::string const& stream, std::string const& keys) {
    return "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, "
           "first_seen_at, changed_at, revision, run_id, client_ref, kind, status, amount, "
           "currency, "
           "amount_usd, volume_lots, grain, occurred_on, occurred_at, occurred_to, raw) SELECT " +
           std::to_string(source_of) + ", '" + stream +
           "', n::text, md5(n::text)::uuid, now(), now(), 1, 1, 'c' || n % 7,"
           " (ARRAY['cpa', 'lot', NULL])[1 + n % 3],"
           " (ARRAY['paid', 'rejected', NULL, 'approved'])[1 + n % 4],"
           " CASE WHEN n % 13 > 0 THEN round(n % 977 * 1.23456789, 2 + 6 * (n % 2)) END,"
           " (ARRAY['USD', 'EUR', 'USC', 'XYZ', NULL])[1 + n / 3 % 5],"
           " CASE WHEN n % 4 = 0 THEN round(n % 977 * 1.2, 3) END, n % 5,"
           " CASE WHEN n % 17 = 0 THEN 'lifetime' ELSE 'day' END,"
           " CASE WHEN n % 3 < 2 THEN date '2026-01-01' + n % 40 END,"
           " CASE WHEN n % 3 = 2 AND n % 5 > 0 THEN timestamptz '2026-01-01 23:30Z'"
           " + n % 40 * interval '1 day' END,"
           " CASE WHEN n % 15 = 5 THEN timestamptz '2026-01-20 00:00Z' END, '{}'"
           " FROM " +
           keys + " n ON CONFLICT DO NOTHING";
  }
};

// Changes of the running totals among some rows, with amounts that are unknown in between, dollars,
// lots and currencies, of any time; `late`: with numbers before those of all others. `together`: of
// each row two or three changes of one time, of which the last is the broker's and those before are
// not.
std::string changes(std::string const& table, std::string const& some, int seed, bool late,
                    int together = 1) {
  auto const member = [&](char const* name, int of, std::string const& value) {
    return " || CASE WHEN (n + " + std::to_string(seed) + ") % " + std::to_string(of) +
           " = 0 THEN jsonb_build_object('" + name + "', " + value + ") ELSE '{}' END";
  };
  auto const side = [&](int more) {
    auto const amount = [&](int unknown) {
      return "CASE WHEN (n + " + std::to_string(seed + more) + ") % " + std::to_string(unknown) +
             " > 0 THEN round((n + " + std::to_string(seed * more) +
             ") * 1.23456789, 2 + n % 7) END";
    };
    return "'{}'::jsonb" + member("amount", 1, amount(4)) + member("amount_usd", 3, amount(5)) +
           member("volume_lots", 4, amount(6)) +
           member("currency", 9,
                  "(ARRAY['USD', 'EUR', 'XYZ', NULL])[1 + (n + " + std::to_string(seed + more) +
                      ") % 4]");
  };
  std::string const operation =
      together == 1 ? "(ARRAY['update', 'update', 'remap', 'restore', 'delete'])[1 + n % 5]"
                    : "(ARRAY['restore', 'remap', 'update'])[3 - nth]";
  std::string const ours = " || CASE WHEN " + operation +
                           " = 'restore' AND n % 4 > 0 THEN jsonb_build_object('ours',"
                           " (ARRAY['key', 'where', 'window'])[n % 4]) WHEN " +
                           operation + " = 'update' AND n % 6 = 0 AND " + std::to_string(together) +
                           " = 3 THEN '{\"ours\": \"key\"}' ELSE '{}' END";
  return "INSERT INTO affsync.record_change (source_id, " + std::string(late ? "change_id, " : "") +
         "record_table, stream, external_id, run_id, changed_at, operation, before, after)"
         " SELECT source_id, " +
         (late ? std::to_string(seed) +
                     " * 10000 + row_number() OVER (ORDER BY external_id, nth DESC), "
               : "") +
         "'" + table +
         "', stream, external_id, 1 + n % 60, timestamptz '2026-01-01 05:00Z' + m % 900 * interval"
         " '1 hour', " +
         operation + ", " + side(1) + ours + ", " + side(2) +
         " FROM (SELECT *, external_id::int + " + std::to_string(seed) +
         " AS m, external_id::int + " + std::to_string(seed) + " + 5 * nth AS n FROM affsync." +
         table + ", generate_series(0, " + std::to_string(together - 1) + ") nth WHERE " + some +
         ") c ORDER BY source_id, stream, external_id, nth DESC";
}

TEST_F(DailySums, EqualTheRowsWhateverIsWritten) {
  // The readings between which totals grew.
  sql(url,
      "INSERT INTO affsync.sync_run (source_id, stream, started_at, finished_at, status, mode)"
      " SELECT 1 + n % 3, (ARRAY['a', 'b'])[1 + n % 2], d, d, (ARRAY['succeeded', 'partial',"
      " 'succeeded'])[1 + n % 3], 'full' FROM (SELECT n, timestamptz '2026-01-01 00:00Z'"
      " + n * interval '13 hours' AS d FROM generate_series(1, 70) n) r");
  sql(url, "SELECT setval(pg_get_serial_sequence('affsync.record_change', 'change_id'), 10000000)");
  for (unsigned const seed : {1U, 2U}) {
    std::mt19937 random(seed);
    auto const any = [&](int below) { return static_cast<int>(random() % unsigned(below)); };
    auto const text = [](int number) { return std::to_string(number); };
    for (int step = 0; step < 40; ++step) {
      auto const from = any(3'000);
      std::string const some = "source_id = " + text(1 + any(3)) +
                               " AND external_id::int BETWEEN " + text(from) + " AND " +
                               text(from + any(200));
      std::string const many =
          "source_id = " + text(1 + any(3)) + " AND external_id::int % 4 = " + text(any(4));
      std::string const day = "date '2026-01-01' + " + text(any(40));
      std::vector<std::string> const writes = {
          insert(1 + any(3), any(2) ? "a" : "b",
                 "generate_series(" + text(from) + ", " + text(from + any(120)) + ")"),
          changes("commission", many, 1 + any(900), any(8) == 0),
          changes("commission", many, 1 + any(900), false),
          changes("rebate", many, 1 + any(900), any(8) == 0),
          changes("commission", many, 1 + any(900), any(8) == 0, 2 + any(2)),
          changes("rebate", many, 1 + any(900), false, 2 + any(2)),
          "UPDATE affsync.commission SET amount = amount + 0.01 WHERE " + some,
          "UPDATE affsync.commission SET amount_usd = CASE WHEN amount_usd IS NULL THEN 2 * amount"
          " END WHERE " +
              some,
          "UPDATE affsync.commission SET currency = 'EUR', status = 'reversed' WHERE " + some,
          "UPDATE affsync.commission SET client_ref = 'c0' WHERE " + some,
          "UPDATE affsync.commission SET deleted_at = now() WHERE " + some,
          "UPDATE affsync.commission SET deleted_at = NULL WHERE " + some,
          "UPDATE affsync.commission SET occurred_on = " + day + " WHERE " + some,
          "UPDATE affsync.commission SET occurred_on = NULL, occurred_at = NULL WHERE " + some,
          "UPDATE affsync.commission SET occurred_to = " + day + " WHERE " + some,
          "UPDATE affsync.commission SET grain = CASE grain WHEN 'day' THEN 'lifetime' ELSE 'day' "
          "END"
          " WHERE " +
              some,
          "UPDATE affsync.stream SET in_reports = NOT in_reports WHERE source_id = " +
              text(1 + any(3)) + " AND stream = 'a'",
          "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES ('EUR', " + day +
              ", 1 + 0.00012345 * " + text(any(1000)) +
              ") ON CONFLICT (source_id, stream, currency, on_date) DO UPDATE SET usd_rate = 1.1",
          "DELETE FROM affsync.fx_rate WHERE on_date < " + day,
          "INSERT INTO affsync.currency_unit VALUES ('XYZ', 'EUR', 0.123456) ON CONFLICT (currency)"
          " DO UPDATE SET factor = affsync.currency_unit.factor * 2",
          "DELETE FROM affsync.currency_unit WHERE currency = 'XYZ'",
          "DELETE FROM affsync.commission WHERE " + some + " AND random() < 0.1",
          "INSERT INTO affsync.rebate (source_id, stream, external_id, content_hash, first_seen_at,"
          " changed_at, revision, run_id, client_ref, amount, currency, amount_usd, status, grain,"
          " raw) SELECT source_id, stream, external_id, content_hash, first_seen_at, changed_at, 1,"
          " 1, client_ref, amount, currency, amount_usd, status, grain, '{}' FROM"
          " affsync.commission WHERE " +
              many + " ON CONFLICT DO NOTHING",
          "UPDATE affsync.rebate SET grain = 'lifetime' WHERE " + some,
          "UPDATE affsync.rebate SET currency = 'EUR', amount_usd = 3 WHERE " + some,
          "DELETE FROM affsync.rebate WHERE " + some + " AND random() < 0.5",
          "DELETE FROM affsync.record_change WHERE " + some + " AND random() < 0.1",
      };
      // Mostly rows; once all of them go, and others come.
      auto const which = any(static_cast<int>(writes.size()) + 6);
      if (step == 30) {
        sql(url, "TRUNCATE affsync.commission");
      } else if (step == 31) {
        sql(url, insert(1 + any(3), "b", "generate_series(1, 400)"));
      } else if (step == 32) {
        sql(url, changes("commission", "true", 1 + any(900), false));
      } else if (which < static_cast<int>(writes.size())) {
        sql(url, writes[static_cast<std::size_t>(which)]);
      } else {
        sql(url, writes[static_cast<std::size_t>(any(4))]);
      }
      if (any(3) == 0) fold(1 + any(300));
      if (any(10) == 0) fold_all();
      ASSERT_EQ(differences(), "0") << "seed " << seed << ", step " << step;
    }
    fold_all();
    ASSERT_EQ(differences(), "0");
    EXPECT_EQ(value("SELECT count(*) FROM affsync.earned_mark"), "0");
    EXPECT_NE(value("SELECT count(*) FROM affsync.earned_day"), "0");
    EXPECT_EQ(value("SELECT count(*) FROM affsync.growth_mark"), "0");
    EXPECT_NE(value("SELECT count(*) FROM affsync.growth"), "0");
  }
}

// What was seen of a total before is in its last step: no other change is looked at again.
TEST_F(DailySums, KeepTheGrowthOfRunningTotals) {
  auto const total = [](char const* amount) {
    return TestRow{
        "t",
        {{"amount", amount}, {"currency", "USD"}, {"client_ref", "c"}, {"grain", "lifetime"}},
        std::string("{\"amount\": ") + amount + "}"};
  };
  auto const grown = [&] {
    EXPECT_EQ(differences(), "0");
    return rows("SELECT day, amount, since, clients FROM reporting.earnings_daily ORDER BY day");
  };
  std::vector<Cells> expected;
  auto const read = [&](char const* amount) {
    auto const run = begin();
    write(run, "commission", {total(amount)});
    end(run);
    now += std::chrono::hours(24);
  };
  read("10");
  read("12.50");
  expected.push_back({"2026-03-02", "2.50", "2026-03-01 00:00:00+00", "1"});
  EXPECT_EQ(grown(), expected);
  fold_all();
  EXPECT_EQ(value("SELECT count(*) FROM affsync.live_days()"), "0");
  EXPECT_EQ(grown(), expected);
  read("12.75");
  expected.push_back({"2026-03-03", "0.25", "2026-03-02 00:00:00+00", "1"});
  EXPECT_EQ(
      rows("SELECT unit_from, unit_to FROM affsync.marked_days() WHERE unit_to > '-infinity'"),
      (std::vector<Cells>{{"2026-03-03", "2026-03-03"}}));
  EXPECT_EQ(
      value("SELECT min(after_change) > 0 FROM affsync.growth_rows('commission', NULL, NULL)"),
      "t");
  EXPECT_EQ(grown(), expected);
  fold_all();
  EXPECT_EQ(grown(), expected);
}

// What the store itself writes: new, changed, narrowed, vanished and returning rows.
TEST_F(DailySums, FollowTheStore) {
  auto const row = [](char const* key, char const* amount) {
    return TestRow{
        key,
        {{"amount", amount},
         {"currency", "USD"},
         {"client_ref", key},
         {"grain", "order"},
         {"occurred_from", *key == 'x' ? "2026-01-08T00:00:00Z" : "2026-01-01T00:00:00Z"},
         {"occurred_to", "2026-01-09T00:00:00Z"}}};
  };
  std::string const all =
      "SELECT day, amount, clients, rows FROM reporting.earnings_daily ORDER BY day";
  auto const figures = [&] {
    EXPECT_EQ(differences(), "0");
    auto const before = rows(all);
    fold_all();
    EXPECT_EQ(rows(all), before);
    return before;
  };
  auto run = begin();
  write(run, "commission", {row("x", "1"), row("y", "2")});
  EXPECT_EQ(figures(), (std::vector<Cells>{{"2026-01-09", "3", "2", "2"}}));
  now += std::chrono::hours(1);
  write(run, "commission", {row("x", "5")});
  EXPECT_EQ(figures(), (std::vector<Cells>{{"2026-01-09", "7", "2", "2"}}));
  auto narrower = row("y", "2");
  narrower.values[5].second = "2026-01-02T00:00:00Z";
  write(run, "commission", {narrower});
  EXPECT_EQ(figures(),
            (std::vector<Cells>{{"2026-01-02", "2", "1", "1"}, {"2026-01-09", "5", "1", "1"}}));
  loop.run(store->close_slice(slice(run, "commission", {"y"})));
  EXPECT_EQ(close_pass(run, "commission", 1).deleted, 1);
  EXPECT_EQ(figures(), (std::vector<Cells>{{"2026-01-02", "2", "1", "1"}}));
  write(run, "commission", {row("x", "5")});
  EXPECT_EQ(figures().size(), 2U);
}

TEST_F(DailySums, ReadNoRowOfADayThatIsAddedUp) {
  sql(url, insert(1, "a", "generate_series(1, 1000)"));
  fold_all();
  EXPECT_EQ(value("SELECT count(*) FROM affsync.live_days()"), "0");
  sql(url, "UPDATE affsync.commission SET status = 'held' WHERE occurred_on = '2026-01-05'");
  EXPECT_EQ(rows("SELECT unit_from, unit_to FROM affsync.live_days()"),
            (std::vector<Cells>{{"2026-01-05", "2026-01-05"}}));
}

// Whoever writes waits for nobody, and what was not committed when days were added up is not lost.
TEST_F(DailySums, AreRightWithSeveralWritersAtOnce) {
  sql(url, insert(1, "a", "generate_series(1, 200)"));
  fold_all();
  std::string const never_wait = "SET lock_timeout = '10s'";
  pqxx::connection first(url), second(url), third(url);
  pqxx::nontransaction(first).exec(never_wait);
  pqxx::nontransaction(second).exec(never_wait);
  pqxx::nontransaction(third).exec(never_wait);
  pqxx::work one(first);
  one.exec(insert(1, "a", "generate_series(201, 400)"));
  {
    pqxx::work other(second);  // the same days, the same source, another stream
    other.exec(insert(1, "b", "generate_series(201, 400)"));
    other.commit();
  }
  EXPECT_EQ(differences(), "0");
  fold_all();
  EXPECT_EQ(differences(), "0");
  one.commit();
  EXPECT_EQ(differences(), "0");
  EXPECT_NE(value("SELECT count(*) FROM affsync.earned_mark"), "0");

  pqxx::work folding(third);
  EXPECT_TRUE(folding.exec("SELECT affsync.fold_earnings()")[0][0].as<bool>());
  EXPECT_FALSE(fold()) << "two at once";
  sql(url, never_wait + "; " + insert(1, "b", "generate_series(401, 500)"));
  EXPECT_EQ(differences(), "0");
  folding.commit();
  EXPECT_EQ(differences(), "0");
  fold_all();
  EXPECT_EQ(differences(), "0");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.earned_mark"), "0");
}

TEST_F(DailySums, AreLeftAloneByAWriteThatIsUndone) {
  sql(url, insert(1, "a", "generate_series(1, 200)"));
  fold_all();
  pqxx::connection connection(url);
  pqxx::work undone(connection);
  undone.exec(insert(1, "a", "generate_series(201, 400)"));
  undone.abort();
  EXPECT_EQ(value("SELECT count(*) FROM affsync.earned_mark"), "0");
  EXPECT_EQ(differences(), "0");
}

// A table that someone made instead, or whose triggers are off, marks nothing.
TEST_F(DailySums, AreNotUsedWithoutTheMarks) {
  sql(url, insert(1, "a", "generate_series(1, 200)"));
  fold_all();
  sql(url, "ALTER TABLE affsync.commission DISABLE TRIGGER earned_updated");
  sql(url, "UPDATE affsync.commission SET amount = 1");
  EXPECT_EQ(differences(), "0");
  EXPECT_FALSE(fold());
  EXPECT_EQ(differences(), "0");
}

// As after the migration of a database that has rows, in parts of a few rows.
TEST_F(DailySums, AreMadeInPartsOfWhatIsThere) {
  sql(url, insert(1, "a", "generate_series(1, 2000)"));
  sql(url,
      "INSERT INTO affsync.earned_mark (source_id, unit_from, unit_to)"
      " SELECT source_id, '-infinity', 'infinity' FROM affsync.source");
  int parts = 0;
  for (; fold(100); ++parts) ASSERT_EQ(differences(), "0");
  EXPECT_GT(parts, 5);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.earned_mark"), "0");
}

TEST_F(DailySums, AreAddedUpByTheWriterAndReadByTheReader) {
  sql(url, insert(1, "a", "generate_series(1, 200)"));
  auto const as = [&](std::string const& role) { return url + " options='-c role=" + role + "'"; };
  sql(as("affsync_writer"), insert(1, "b", "generate_series(1, 200)"));
  while (sql_value(as("affsync_writer"), "SELECT affsync.fold_earnings()") == "t") continue;
  EXPECT_EQ(value("SELECT count(*) FROM affsync.earned_mark"), "0");
  EXPECT_EQ(sql_value(as("affsync_reader"), "SELECT sum(rows) FROM reporting.earnings_daily"),
            value("SELECT sum(rows) FROM affsync.earnings_by_row"));
}

// A currency with a fixed rate has one on no day, too: else the sum would be out of date for ever,
// and be made anew without end.
TEST_F(DailySums, OfRowsWithoutADayAreMadeOnce) {
  sql(url, insert(1, "a", "generate_series(1, 50)"));
  sql(url,
      "UPDATE affsync.commission SET occurred_on = NULL, occurred_at = NULL, occurred_to = NULL,"
      " grain = 'day', currency = 'USC', amount = 1.12345678, amount_usd = NULL");
  int calls = 0;
  while (calls < 10 && fold()) ++calls;
  EXPECT_LT(calls, 10);
  EXPECT_EQ(differences(), "0");
}

// Many single days would be compared with each day of the report.
// A rate that a day's own rows imply is there while the other rows of that day are converted with
// it.
TEST_F(DailySums, ConvertedByARateOfTheirOwnDayAreMadeOnce) {
  sql(url,
      "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at,"
      " changed_at, revision, run_id, amount, currency, amount_usd, grain, occurred_on, raw)"
      " SELECT 1, 'a', n::text, md5(n::text)::uuid, now(), now(), 1, 1, 70 + n, 'MYR',"
      " CASE WHEN n > 0 THEN (70 + n) / 3.0 END, 'event', current_date - 20, '{}'"
      " FROM generate_series(0, 3) n");
  int calls = 0;
  while (calls < 20 && fold()) ++calls;
  EXPECT_LT(calls, 20);
  EXPECT_EQ(differences(), "0");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.outdated_sums"), "0");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.client_span"), "1");
  EXPECT_EQ(value("SELECT round(sum(known_usd), 2) FROM reporting.earnings_daily"), "95.33");
}

TEST_F(DailySums, MarksOfManyDaysBecomeFewSpans) {
  sql(url,
      "INSERT INTO affsync.earned_mark (source_id, unit_from, unit_to)"
      " SELECT 1, d, d FROM (SELECT date '2020-01-01' + 3 * n AS d FROM generate_series(1, 500) n) "
      "x"
      " UNION ALL SELECT 1, '2026-01-01', '2026-01-05' UNION ALL SELECT 1, '2026-01-04', 'infinity'"
      " UNION ALL SELECT 1, '-infinity', '-infinity'");
  auto const spans = std::stoi(value("SELECT count(*) FROM affsync.marked_days()"));
  EXPECT_GT(spans, 2);
  EXPECT_LE(spans, 40);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.earned_mark m WHERE NOT EXISTS (SELECT FROM"
                  " affsync.marked_days() d WHERE m.unit_from >= d.unit_from"
                  " AND m.unit_to <= d.unit_to)"),
            "0");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.marked_days() a JOIN affsync.marked_days() b"
                  " ON a.unit_from < b.unit_from AND a.unit_to >= b.unit_from"),
            "0");
}

}  // namespace
}  // namespace affsync::schema::test::daily_sums_test
