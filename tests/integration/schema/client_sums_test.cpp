// Sums by client that are kept beside the rows: whatever is written, in whatever order and by
// however many at once, reporting.client_performance equals what all rows add up to.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <pqxx/pqxx>
#include <random>

#include "tests/integration/schema/fixture.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::schema::test::client_sums_test {
namespace {

class ClientSums : public StoreTest {
 protected:
  ClientSums() {
    for (auto const* name : {"b2", "b3"}) {
      loop.run(store->register_source(name, "testing", std::string("https://") + name));
    }
    sql(url,
        "INSERT INTO affsync.stream (source_id, stream, in_reports)"
        " SELECT source_id, s, true FROM affsync.source, unnest(ARRAY['a', 'b']) s");
    // The view of databases that keep no sums reads all rows.
    std::ifstream file(
        affsync::test::in_source("schema/views/distributed/11_client_performance.sql"));
    std::string text{std::istreambuf_iterator<char>(file), {}};
    std::string const kept = "reporting.client_performance";
    for (auto at = text.find(kept); at != std::string::npos; at = text.find(kept)) {
      text.replace(at, kept.size(), "public.clients_by_row");
    }
    pqxx::connection connection(url);
    pqxx::nontransaction(connection).exec(text);
  }
  // Lines that only one of the two has. Texts, so that digits after the point count.
  std::string differences() {
    auto const only = [](std::string const& one, std::string const& other) {
      return "(SELECT count(*) FROM (SELECT r::text FROM " + one +
             " r EXCEPT ALL SELECT r::text FROM " + other + " r) d)";
    };
    std::string const kept = "reporting.client_performance", rows = "public.clients_by_row";
    return value("SELECT " + only(kept, rows) + " + " + only(rows, kept));
  }
  // Days only: once none is marked, the same function goes on with the clients.
  bool fold_days() {
    return value("SELECT count(*) FROM affsync.earned_mark") != "0" &&
           value("SELECT affsync.fold_earnings()") == "t";
  }
  bool fold(int most = 100'000) {
    return value("SELECT affsync.fold_clients(" + std::to_string(most) + ")") == "t";
  }
  void fold_all() {
    while (value("SELECT affsync.fold_earnings()") == "t") continue;
  }
  // As if so much time had passed since spans were added up.
  void wait_days(int days) {
    sql(url, "UPDATE affsync.client_span SET summed_at = summed_at - " + std::to_string(days) +
                 " * interval '1 day'");
  }
  // Days from 100 days ago until a few to come; values that follow from the row's number.
  static std::string insert(std::string const& table, int source_of, std::string const& stream,
                            std::string const& keys) {
    bool const earned = table == "commission";
    return "INSERT INTO affsync." + table +
           " (source_id, stream, external_id, content_hash, first_seen_at, changed_at, revision,"
           " run_id, client_ref, status, amount, currency, amount_usd, volume_lots, grain, " +
           (earned ? "link_code, occurred_on, occurred_to, " : "") + "occurred_at, raw) SELECT " +
           std::to_string(source_of) + ", '" + stream +
           "', n::text, md5(n::text)::uuid, now(), now(), 1, 1,"
           " CASE n % 9 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN repeat('long ', 300) || n % 2"
           " ELSE 'c' || n % 9 END,"
           " (ARRAY['paid', 'rejected', NULL, 'approved'])[1 + n % 4],"
           " CASE WHEN n % 13 > 0 THEN round((n % 977 - 99) * 1.23456789, 2 + 6 * (n % 2)) END,"
           " (ARRAY['USD', 'EUR', 'USC', 'XYZ', NULL])[1 + n / 3 % 5],"
           " CASE WHEN n % 4 = 0 THEN round(n % 977 * 1.2, 3) END, n % 5,"
           " CASE WHEN n % 17 = 0 THEN 'lifetime' ELSE 'day' END," +
           (earned ? " 'l' || n % 2,"
                     " CASE WHEN n % 3 < 2 THEN current_date - 100 + n % 105 END,"
                     " CASE WHEN n % 15 = 5 THEN timestamptz '2026-01-20 00:00Z' END,"
                   : "") +
           " CASE WHEN n % 3 = 2 AND n % 5 > 0 THEN now() - (n % 100) * interval '1 day' END, '{}'"
           " FROM " +
           keys + " n ON CONFLICT DO NOTHING";
  }
};

TEST_F(ClientSums, EqualTheRowsWhateverIsWritten) {
  for (unsigned const seed : {1U, 2U}) {
    std::mt19937 random(seed);
    auto const any = [&](int below) { return static_cast<int>(random() % unsigned(below)); };
    auto const text = [](int number) { return std::to_string(number); };
    int used = 0;
    for (int step = 0; step < 20; ++step) {
      auto const from = any(3'000);
      std::string const table = any(2) ? "commission" : "rebate";
      std::string const update = "UPDATE affsync." + table + " SET ";
      std::string const some = " WHERE source_id = " + text(1 + any(3)) +
                               " AND external_id::int BETWEEN " + text(from) + " AND " +
                               text(from + any(200));
      std::string const day = "current_date - " + text(any(105));
      std::vector<std::string> const writes = {
          insert(table, 1 + any(3), any(2) ? "a" : "b",
                 "generate_series(" + text(from) + ", " + text(from + any(400)) + ")"),
          update + "amount = amount + 0.01" + some,
          update + "amount_usd = CASE WHEN amount_usd IS NULL THEN 2 * amount END" + some,
          update + "currency = 'EUR', status = 'reversed'" + some,
          update + "client_ref = 'c0'" + some,
          update + "client_ref = repeat('x', 1001)" + some,
          update + "deleted_at = now()" + some,
          update + "deleted_at = NULL" + some,
          update + "occurred_at = " + day + some,
          update + "occurred_at = NULL" + some,
          update + "grain = CASE grain WHEN 'day' THEN 'lifetime' ELSE 'day' END" + some,
          "UPDATE affsync.commission SET occurred_on = " + day + ", link_code = 'l0'" + some,
          "UPDATE affsync.stream SET in_reports = NOT in_reports WHERE source_id = " +
              text(1 + any(3)) + " AND stream = 'a'",
          "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES ('EUR', " + day +
              ", 1 + 0.00012345 * " + text(any(1000)) +
              ") ON CONFLICT (source_id, stream, currency, on_date) DO UPDATE SET usd_rate = 1.1",
          "DELETE FROM affsync.fx_rate WHERE on_date < " + day,
          "INSERT INTO affsync.currency_unit VALUES ('XYZ', 'EUR', 0.123456) ON CONFLICT (currency)"
          " DO UPDATE SET factor = affsync.currency_unit.factor * 2",
          "DELETE FROM affsync.currency_unit WHERE currency = 'XYZ'",
          "DELETE FROM affsync." + table + some + " AND random() < 0.1",
          "INSERT INTO affsync.client (source_id, stream, external_id, content_hash, first_seen_at,"
          " changed_at, revision, run_id, client_ref, link_code, raw) SELECT 1, 'a', n::text,"
          " md5(n::text)::uuid, now(), now(), 1, 1, 'c' || n, 'own', '{}'"
          " FROM generate_series(0, 12) n ON CONFLICT DO NOTHING",
      };
      // Mostly rows; now and then all are gone, or nothing but the sums is worked on.
      auto const which = any(static_cast<int>(writes.size()) + 8);
      if (step == 14) {
        sql(url, "TRUNCATE affsync." + table);
      } else {
        sql(url, writes[which < static_cast<int>(writes.size()) ? static_cast<std::size_t>(which)
                                                                : std::size_t{0}]);
      }
      ASSERT_EQ(differences(), "0") << "seed " << seed << ", step " << step << ", write " << which;
      if (any(2) == 0) wait_days(any(9));
      if (any(2) == 0) fold_days();
      for (auto calls = any(8); calls > 0; --calls) fold(1 + any(300));
      if (any(8) == 0) fold_all();
      ASSERT_EQ(differences(), "0") << "seed " << seed << ", step " << step << ", added up";
      used += value("SELECT count(*) FROM affsync.client_days() WHERE settled") == "0" ? 0 : 1;
    }
    EXPECT_GT(used, 5);
    wait_days(9);
    fold_all();
    ASSERT_EQ(differences(), "0");
    EXPECT_EQ(value("SELECT count(*) FROM affsync.client_mark"), "0");
    EXPECT_EQ(value("SELECT count(*) FROM affsync.client_span WHERE stale"), "0");
    EXPECT_EQ(value("SELECT count(*) FROM affsync.client_sum m WHERE NOT EXISTS (SELECT FROM"
                    " affsync.client_span s WHERE s.source_id = m.source_id"
                    " AND s.record_table = m.record_table AND s.span_from = m.span_from)"),
              "0");
  }
}

// Each day but the last ones is added up, once.
TEST_F(ClientSums, CoverAllButTheLastDays) {
  sql(url, insert("commission", 1, "a", "generate_series(1, 3000)"));
  sql(url, insert("rebate", 1, "a", "generate_series(1, 3000)"));
  fold_all();
  EXPECT_EQ(value("SELECT count(*) FROM affsync.commission_books b JOIN affsync.client_days() o"
                  " ON NOT o.settled AND o.record_table = 'commission' AND o.source_id = "
                  "b.source_id AND b.day BETWEEN o.unit_from AND"
                  " o.unit_to WHERE b.day < (now() AT TIME ZONE 'UTC')::date - 3"),
            "0");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.rebate_books b JOIN affsync.client_days() o ON"
                  " NOT o.settled AND o.record_table = 'rebate' AND o.source_id = b.source_id AND "
                  "b.day BETWEEN o.unit_from AND o.unit_to"
                  " WHERE b.day < (now() AT TIME ZONE 'UTC')::date - 3"),
            "0");
  EXPECT_EQ(value("SELECT sum(rows) FROM affsync.client_span WHERE record_table = 'commission'"),
            value("SELECT count(*) FROM affsync.commission_books WHERE grain <> 'lifetime'"
                  " AND day <= (now() AT TIME ZONE 'UTC')::date - 3"
                  " AND octet_length(coalesce(client_ref, '')) <= 1000"));
  EXPECT_EQ(differences(), "0");
}

// A change of today says nothing about the days that are added up; one of an old day does, until
// the span is made anew: at most every so many milliseconds as it has rows.
TEST_F(ClientSums, AreMadeAnewWithPauses) {
  sql(url, insert("commission", 1, "a", "generate_series(1, 3000)"));
  fold_all();
  auto const settled = value("SELECT count(*) FROM affsync.client_days() WHERE settled");
  EXPECT_NE(settled, "0");
  sql(url,
      "UPDATE affsync.commission SET amount = 5 WHERE affsync.earned_on(occurred_on, occurred_at,"
      " occurred_to) > (now() AT TIME ZONE 'UTC')::date - 3");
  fold_days();
  EXPECT_EQ(value("SELECT count(*) FROM affsync.client_days() WHERE settled"), settled);

  sql(url, "UPDATE affsync.client_span SET rows = 100000, summed_at = now()");
  sql(url, "UPDATE affsync.commission SET amount = 7 WHERE occurred_on = current_date - 49");
  EXPECT_LT(std::stoi(value("SELECT count(*) FROM affsync.client_days() WHERE settled")),
            std::stoi(settled));
  while (fold_days()) continue;
  EXPECT_FALSE(fold());
  EXPECT_EQ(value("SELECT count(*) FROM affsync.client_span WHERE stale"), "1");
  EXPECT_EQ(differences(), "0");
  sql(url, "UPDATE affsync.client_span SET summed_at = summed_at - interval '101 seconds'");
  EXPECT_TRUE(fold());
  EXPECT_EQ(value("SELECT count(*) FROM affsync.client_span WHERE stale"), "0");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.client_days() WHERE settled"), settled);
  EXPECT_EQ(differences(), "0");
}

// Small spans of old days become one, so that a client of many years has few sums.
TEST_F(ClientSums, SmallSpansBecomeOne) {
  sql(url, insert("commission", 1, "a", "generate_series(1, 3000)"));
  while (fold_days()) continue;
  int spans = 0;
  while (fold(200)) {
    spans = std::max(spans, std::stoi(value("SELECT count(*) FROM affsync.client_span")));
    if (spans % 5 == 0) {
      ASSERT_EQ(differences(), "0");
    }
  }
  EXPECT_GT(spans, 5);
  while (fold()) ASSERT_EQ(differences(), "0");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.client_span"), "1");
}

// Whoever writes waits for nobody, and what was not committed when clients were added up is not
// lost.
TEST_F(ClientSums, AreRightWithSeveralWritersAtOnce) {
  sql(url, insert("commission", 1, "a", "generate_series(1, 400)"));
  sql(url, insert("rebate", 1, "a", "generate_series(1, 400)"));
  std::string const never_wait = "SET lock_timeout = '10s'";
  pqxx::connection first(url), second(url), third(url);
  for (auto* connection : {&first, &second, &third}) {
    pqxx::nontransaction(*connection).exec(never_wait);
  }
  pqxx::work earned(first), rates(second);
  earned.exec(insert("commission", 1, "b", "generate_series(1, 400)"));
  earned.exec(insert("rebate", 1, "b", "generate_series(1, 400)"));
  rates.exec(
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate)"
      " SELECT 'EUR', current_date - n, 1.25 FROM generate_series(0, 110) n");
  fold_all();
  EXPECT_NE(value("SELECT count(*) FROM affsync.client_days() WHERE settled"), "0");
  EXPECT_EQ(differences(), "0");
  earned.commit();
  EXPECT_EQ(differences(), "0");
  rates.commit();
  EXPECT_EQ(differences(), "0");

  wait_days(1);
  while (fold_days()) continue;
  pqxx::work folding(third);
  EXPECT_TRUE(folding.exec("SELECT affsync.fold_clients()")[0][0].as<bool>());
  EXPECT_FALSE(fold()) << "two at once";
  sql(url, never_wait + "; " + insert("commission", 1, "b", "generate_series(401, 500)"));
  sql(url, never_wait + "; UPDATE affsync.rebate SET amount = 3, currency = 'USD'");
  sql(url, never_wait + "; UPDATE affsync.fx_rate SET usd_rate = 1.5");
  EXPECT_EQ(differences(), "0");
  folding.commit();
  EXPECT_EQ(differences(), "0");
  wait_days(1);
  fold_all();
  EXPECT_EQ(differences(), "0");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.client_mark"), "0");
}

// A rate that one source's rows imply converts those of all sources.
TEST_F(ClientSums, FollowRatesThatOtherSourcesImply) {
  sql(url,
      "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at,"
      " changed_at, revision, run_id, client_ref, status, amount, currency, amount_usd, grain,"
      " occurred_on, raw) SELECT s, 'a', n::text, md5(n::text)::uuid, now(), now(), 1, 1, 'c1',"
      " 'paid', 10, 'EUR', CASE WHEN s = 1 THEN 12 END, 'day', current_date - 50, '{}'"
      " FROM generate_series(1, 2) s, generate_series(1, 4) n");
  fold_all();
  std::string const other =
      "SELECT commission_usd || ' ' || usd_origin FROM reporting.client_performance WHERE source ="
      " 'b2'";
  EXPECT_EQ(value(other), "48.00000000 implied");
  EXPECT_NE(value("SELECT count(*) FROM affsync.client_days() WHERE settled AND source_id = 2"),
            "0");
  // Changed, gone, and there again, each time before and after the days are added up.
  for (auto const& [set, wanted] : {std::pair("amount_usd = 13", "52.00000000 implied"),
                                    std::pair("deleted_at = now()", "(null)"),
                                    std::pair("deleted_at = NULL", "52.00000000 implied")}) {
    sql(url, std::string("UPDATE affsync.commission SET ") + set + " WHERE source_id = 1");
    EXPECT_EQ(value(other), wanted) << set;
    while (fold_days()) continue;
    EXPECT_EQ(value(other), wanted) << set;
    wait_days(1);
    fold_all();
    EXPECT_EQ(value(other), wanted) << set;
    EXPECT_NE(value("SELECT count(*) FROM affsync.client_days() WHERE settled AND source_id = 2"),
              "0");
  }
}

// A source that is removed takes the marks of its own rows along, and the rates that they implied.
TEST_F(ClientSums, FollowTheRemovalOfASourceWhoseRowsImpliedRates) {
  sql(url,
      "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash, first_seen_at,"
      " changed_at, revision, run_id, client_ref, status, amount, currency, amount_usd, grain,"
      " occurred_on, raw) SELECT s, 'a', n::text, md5(n::text)::uuid, now(), now(), 1, 1, 'c1',"
      " 'paid', 10, 'EUR', CASE WHEN s = 3 THEN 12 END, 'day', current_date - 50, '{}'"
      " FROM generate_series(2, 3) s, generate_series(1, 4) n");
  fold_all();
  std::string const of_two =
      "SELECT commission_usd FROM reporting.client_performance WHERE source ="
      " 'b2'";
  EXPECT_EQ(value(of_two), "48.00000000");
  std::string removal = "BEGIN;";
  for (int pass = 0; pass < 2; ++pass) {
    for (auto const* table : {"commission", "stream", "implied_rate", "earned_day", "earned_mark",
                              "client_mark", "client_span", "client_sum"}) {
      removal += std::string("DELETE FROM affsync.") + table + " WHERE source_id = 3;";
    }
  }
  sql(url, removal + "DELETE FROM affsync.source WHERE source_id = 3; COMMIT");
  EXPECT_EQ(value(of_two), "(null)");
  fold_all();
  EXPECT_EQ(value(of_two), "(null)");
  EXPECT_EQ(differences(), "0");
}

// A table that someone made instead, or whose triggers are off, marks nothing.
TEST_F(ClientSums, AreNotUsedWithoutTheMarks) {
  sql(url, insert("commission", 1, "a", "generate_series(1, 400)"));
  sql(url, insert("rebate", 1, "a", "generate_series(1, 400)"));
  fold_all();
  for (auto const& [table, trigger, write] :
       {std::tuple("commission", "earned_updated", "SET amount = amount + 1"),
        std::tuple("rebate", "passed_on_updated", "SET amount = amount + 1"),
        std::tuple("fx_rate", "rates_updated", "SET usd_rate = 3"),
        std::tuple("currency_unit", "units_changed", "SET factor = factor * 2")}) {
    auto const of = std::string("ALTER TABLE affsync.") + table;
    sql(url, of + " DISABLE TRIGGER " + trigger);
    sql(url, std::string("UPDATE affsync.") + table + " " + write);
    EXPECT_EQ(value("SELECT count(*) FROM affsync.client_days() WHERE settled"), "0") << table;
    EXPECT_FALSE(fold()) << table;
    EXPECT_EQ(differences(), "0") << table;
    // As docs/schema.md says.
    sql(url, of + " ENABLE TRIGGER " + trigger);
    sql(url,
        "INSERT INTO affsync.client_mark (unit_from, unit_to) VALUES ('-infinity', 'infinity')");
    EXPECT_EQ(differences(), "0") << table;
    wait_days(1);
    fold_all();
    EXPECT_NE(value("SELECT count(*) FROM affsync.client_days() WHERE settled"), "0") << table;
  }
}

// The daemon's role adds up; who may read nothing but the reports reads them; and who may write
// rates needs no right to mark days.
TEST_F(ClientSums, NeedNoFurtherRights) {
  sql(url, insert("commission", 1, "a", "generate_series(1, 400)"));
  auto const as = [&](std::string const& role) { return url + " options='-c role=" + role + "'"; };
  sql(as("affsync_writer"), insert("rebate", 1, "a", "generate_series(1, 400)"));
  // A rate that has to be looked for in the rows needs the right to read them.
  sql(url,
      "UPDATE affsync.commission SET currency = 'USD'; UPDATE affsync.rebate SET currency = 'USD'");
  while (sql_value(as("affsync_writer"), "SELECT affsync.fold_earnings()") == "t") continue;
  EXPECT_NE(value("SELECT count(*) FROM affsync.client_days() WHERE settled"), "0");
  std::string const all = "SELECT sum(commission_usd) FROM reporting.client_performance";
  EXPECT_EQ(sql_value(as("affsync_reader"), all), value(all));
  sql(url,
      "DO $$ BEGIN CREATE ROLE analyst; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
      "GRANT USAGE ON SCHEMA reporting, affsync TO analyst;"
      "GRANT SELECT ON reporting.client_performance, affsync.fx_rate TO analyst;"
      "DO $$ BEGIN CREATE ROLE banker; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
      "GRANT USAGE ON SCHEMA affsync TO banker; GRANT INSERT ON affsync.fx_rate TO banker");
  EXPECT_EQ(sql_value(as("analyst"), all), value(all));
  sql(as("banker"),
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES ('EUR', '2026-01-01', "
      "1.2)");
  EXPECT_EQ(value("SELECT currency FROM affsync.client_mark"), "EUR");
}

}  // namespace
}  // namespace affsync::schema::test::client_sums_test
