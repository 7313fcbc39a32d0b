// Rules read what is recent: at volume none of them reads the rows of years.
#include "base/alert_rules.hpp"
#include "base/json.hpp"
#include "schema/store/alerts/causes.hpp"
#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_volume_test {
namespace {

using std::chrono::hours;

std::string with(std::string text, std::string const& parameter, std::string const& value) {
  for (auto at = text.find(parameter); at != std::string::npos;
       at = text.find(parameter, at + value.size())) {
    text.replace(at, parameter.size(), value);
  }
  return text;
}

class AlertsVolume : public AlertsTest {
 protected:
  // Pages of 8 kB that a query touches, not those that are read to plan it: with cold caches, and
  // with all months.
  long pages_touched(std::string const& query) {
    // Once before, since a function plans its queries while it runs.
    std::string const explain = std::string(query_settings) + "; " + query +
                                "; EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ";
    JsonLimits limits;
    limits.depth = 200;  // plans are deeper than what brokers send
    auto const plan = parse_json(value(explain + query), limits).value();
    auto const* top = plan.items().at(0).find("Plan");
    long pages = 0;
    for (auto const* member : {"Shared Hit Blocks", "Shared Read Blocks"}) {
      pages += std::stol(top->find(member)->number_text());
    }
    return pages;
  }
  // Those of the rule's query.
  long pages_of(std::string const& name) {
    auto const* rule = find_alert_rule(name);
    auto query = with(rule->sql, "$1", "'" + alert_settings(*rule, nullptr) + "'");
    query = with(query, "$2", at());
    query = with(query, "$3", "'" + alert_context(policy, {}) + "'");
    std::string const losses = "affsync.losses_of_sources(";
    if (query.find(losses) == std::string::npos) return pages_touched(query);
    // What it asks, one by one: the second is planned anew each time, and touches a thousand pages
    // for that.
    auto const since = at() + " - interval '3 days'";
    std::string const vanished = name == "commission_vanished" ? "true" : "false";
    return pages_touched("SELECT * FROM affsync.sources_with_falls(" + since + ")") +
           pages_touched(
               "SELECT g.* FROM affsync.source s CROSS JOIN LATERAL"
               " affsync.losses_together(s.source_id, " +
               since + ", " + vanished + ", true) g WHERE s.retired_at IS NULL");
  }
  void years_of_rows() {
    feed("rewards", "commission");
    feed("wallet", "balance");
    feed("payouts", "payout");
    auto const id = std::to_string(source);
    // Twenty thousand rows a quarter, each of which changed some days later.
    run_sql(
        "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash,"
        " first_seen_at, changed_at, revision, run_id, client_ref, status, amount, currency,"
        " grain, occurred_on, raw) SELECT " +
        id +
        ", 'rewards', i::text, md5(i::text)::uuid, d.day, d.day, 1, 1, 'C' || i % 500, 'paid',"
        " 1.5, 'USD', 'trade', d.day, '{\"id\": 1}' FROM generate_series(1, 120000) i,"
        " LATERAL (SELECT '2026-02-28'::date - i / 80 AS day) d");
    run_sql(
        "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id,"
        " run_id, changed_at, operation, before, after) SELECT " +
        id +
        ", 'commission', 'rewards', i::text, 1, '2026-02-20'::timestamptz - i * interval '17"
        " min', 'update', '{\"amount\": 2.5}', '{\"amount\": 1.5}'"
        " FROM generate_series(1, 120000) i");
    run_sql(
        "INSERT INTO affsync.payout (source_id, stream, external_id, content_hash,"
        " first_seen_at, changed_at, revision, run_id, status, amount, currency, requested_at,"
        " raw) SELECT " +
        id +
        ", 'payouts', i::text, md5(i::text)::uuid, d.at, d.at, 1, 1,"
        " CASE i % 2 WHEN 0 THEN 'paid' ELSE 'rejected' END, 10, 'USD', d.at, '{}' FROM"
        " generate_series(1, 30000) i, LATERAL (SELECT '2026-02-01'::timestamptz - i *"
        " interval '1 hour' AS at) d");
    // And what happened lately.
    run_sql(
        "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id,"
        " run_id, changed_at, operation, before, after) SELECT " +
        id + ", 'commission', 'rewards', i::text, 2, " + at(hours(2)) +
        ", 'update', '{\"amount\": 2}', '{\"amount\": 1.5}' FROM generate_series(1, 20) i");
    run_sql("VACUUM ANALYZE affsync.commission, affsync.record_change, affsync.payout");
  }
};

TEST_F(AlertsVolume, TheRulesAboutMoneyReadWhatIsRecentOnly) {
  years_of_rows();
  judge();
  EXPECT_EQ(open("commission_lowered"), "broker-1 took back 10.00 USD");
  auto const whole =
      std::stol(value("SELECT (pg_relation_size('affsync.commission')"
                      " + pg_relation_size('affsync.record_change_early')) / 8192"));
  EXPECT_GT(whole, 3000);
  for (auto const* rule : {"commission_lowered", "commission_vanished", "payout_overdue",
                           "payout_refused", "balance_dropped", "rates_missing", "silence"}) {
    auto const pages = pages_of(rule);
    RecordProperty(rule, std::to_string(pages));
    EXPECT_LT(pages, 2000) << rule;
  }
}

// For most of the days that are looked at there is no row, as for a new source.
TEST_F(AlertsVolume, SilenceDoesNotReadAllRowsForEachDayWithoutOne) {
  feed("rewards", "commission");
  run_sql(
      "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash,"
      " first_seen_at, changed_at, revision, run_id, client_ref, status, amount, currency,"
      " grain, occurred_on, raw) SELECT " +
      std::to_string(source) +
      ", 'rewards', i::text, md5(i::text)::uuid, d.day, d.day, 1, 1, 'C' || i % 500, 'paid',"
      " 1.5, 'USD', 'trade', d.day, '{\"id\": 1}' FROM generate_series(1, 20000) i,"
      " LATERAL (SELECT '2026-02-28'::date - i % 5 AS day) d");
  run_sql("VACUUM ANALYZE affsync.commission");
  EXPECT_LT(pages_of("silence"), 3000);
}

// Running totals of many clients grow many times a day.
TEST_F(AlertsVolume, WhatOnlyGrewIsNotReadToFindWhatFell) {
  feed("totals", "commission");
  auto const id = std::to_string(source);
  run_sql(
      "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash,"
      " first_seen_at, changed_at, revision, run_id, client_ref, kind, amount, currency, grain,"
      " raw) SELECT " +
      id +
      ", 'totals', i::text, md5(i::text)::uuid, '2025-01-01', '2025-01-01', 9, 1, 'C' || i, 'lot',"
      " 500, 'USD', 'lifetime', '{}' FROM generate_series(1, 1000) i");
  std::string const change =
      "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id,"
      " changed_at, operation, before, after) SELECT " +
      id + ", 'commission', 'totals', i::text, 2, " + at(hours(2));
  run_sql(change +
          " - n * interval '20 min', 'update', jsonb_build_object('amount', 499 - n),"
          " jsonb_build_object('amount', 500 - n)"
          " FROM generate_series(1, 1000) i, generate_series(1, 60) n");
  run_sql(change +
          ", 'update', '{\"amount\": 510}', '{\"amount\": 500}' FROM generate_series(7, 7) i");
  run_sql("VACUUM ANALYZE affsync.commission, affsync.record_change");
  for (auto const* rule : {"commission_lowered", "commission_vanished"}) {
    auto const pages = pages_of(rule);
    RecordProperty(rule, std::to_string(pages));
    EXPECT_LT(pages, 1000) << rule;
  }
  judge();
  EXPECT_EQ(open("commission_lowered"), "broker-1 took back 10.00 USD");
}

TEST_F(AlertsVolume, OfASourceThatEarnedLatelyNoHabitIsLookedFor) {
  feed("rewards", "commission");
  feed("totals", "commission");
  run_sql(
      "INSERT INTO affsync.commission (source_id, stream, external_id, content_hash,"
      " first_seen_at, changed_at, revision, run_id, client_ref, status, amount, currency,"
      " grain, occurred_on, raw) SELECT " +
      std::to_string(source) +
      ", 'rewards', i::text, md5(i::text)::uuid, d.day, d.day, 1, 1, 'C' || i % 500, 'paid',"
      " 1.5, 'USD', 'trade', d.day, '{\"id\": 1}' FROM generate_series(1, 20000) i,"
      " LATERAL (SELECT (" +
      at() + "::timestamptz AT TIME ZONE 'UTC')::date - i % 300 AS day) d");
  run_sql("VACUUM ANALYZE affsync.commission");
  EXPECT_LT(pages_of("silence"), 100);
}

TEST_F(AlertsVolume, ARuleThatTakesLongRestsTwentyTimesAsLong) {
  using std::chrono::seconds;
  feed("rewards", "commission");
  store_rows("rewards", "commission", {commission("1", "C1", "100", "2026-02-20")});
  judge();
  store_rows("rewards", "commission", {commission("1", "C1", "70", "2026-02-20")});
  run_sql("UPDATE affsync.alert_rule SET took_ms = 2500 WHERE rule = 'commission_lowered'");
  pass(seconds(49));
  judge();
  EXPECT_EQ(open("commission_lowered"), "");
  pass(seconds(2));
  judge();
  EXPECT_EQ(open("commission_lowered"), "broker-1 took back 30.00 USD");
  // What it found stays open while it rests.
  run_sql("UPDATE affsync.alert_rule SET took_ms = 25000 WHERE rule = 'commission_lowered'");
  pass(seconds(400));
  judge();
  EXPECT_EQ(open("commission_lowered"), "broker-1 took back 30.00 USD");
  EXPECT_EQ(value("SELECT took_ms FROM affsync.alert_rule WHERE rule = 'commission_lowered'"),
            "25000");
  // Ten minutes are the longest rest.
  pass(seconds(201));
  judge();
  EXPECT_NE(value("SELECT took_ms FROM affsync.alert_rule WHERE rule = 'commission_lowered'"),
            "25000");
}

// A broker may send new words without end.
TEST_F(AlertsVolume, OfManyCausesTwoHundredAreToldAndHowManyMoreThereAre) {
  feed("rewards", "commission");
  std::vector<TestRow> rows;
  for (int i = 1000; i < 1300; ++i) {
    auto const number = std::to_string(i);
    rows.push_back(commission(number, "C1", "1", "2026-02-20", "X" + number));
  }
  store_rows("rewards", "commission", rows);
  auto const judge_sums = [&] {
    loop.run(store->fold_earnings(20'000));
    judge();
  };
  auto const count = [&](std::string const& condition) {
    return value("SELECT count(*) FROM affsync.alert WHERE rule = 'rates_missing' AND " +
                 condition);
  };
  std::string const title = "SELECT title FROM affsync.alert WHERE cause = '0/more'";
  judge_sums();
  EXPECT_EQ(count("closed_at IS NULL"), "201");
  EXPECT_EQ(value(title), "100 more causes of the rule rates_missing");
  // One that comes now and is earlier in the list ends no other.
  store_rows("rewards", "commission", {commission("1", "C1", "1", "2026-02-20", "A0000")});
  judge_sums();
  EXPECT_EQ(count("closed_at IS NOT NULL"), "0");
  EXPECT_EQ(value(title), "101 more causes of the rule rates_missing");
  run_sql("DELETE FROM affsync.commission WHERE currency > 'X1004'");
  judge_sums();
  EXPECT_EQ(count("closed_at IS NULL"), "6");
  EXPECT_EQ(count("closed_at IS NULL AND cause = '0/more'"), "0");
}

TEST_F(AlertsVolume, TheBoundIsThatOfEachSource) {
  feed("payouts", "payout");
  run_sql("INSERT INTO affsync.source (name, connector, base_url) VALUES ('other', 'exness', 'x')");
  run_sql(
      "INSERT INTO affsync.stream (source_id, stream, record_table) SELECT source_id, 'payouts',"
      " 'payout' FROM affsync.source WHERE name = 'other'");
  run_sql(
      "INSERT INTO affsync.payout (source_id, stream, external_id, content_hash, first_seen_at,"
      " changed_at, revision, run_id, status, amount, currency, requested_at, paid_at, raw)"
      " SELECT s.source_id, 'payouts', i::text, md5(i::text)::uuid, d.at, d.at, 1, 1, 'rejected',"
      " 10, 'USD', d.at, d.at, '{}' FROM affsync.source s, generate_series(1, 230) i, LATERAL"
      " (SELECT " +
      at(hours(5)) + "::timestamptz AS at) d WHERE s.name <> 'other' OR i <= 3");
  judge();
  EXPECT_EQ(
      value("SELECT string_agg(n, ', ' ORDER BY n) FROM (SELECT source || ' ' || count(*) AS n"
            " FROM affsync.alert WHERE rule = 'payout_refused' GROUP BY source) a"),
      "broker-1 201, other 3");
  EXPECT_EQ(value("SELECT title FROM affsync.alert WHERE cause LIKE '%/more'"),
            "broker-1: 30 more causes of the rule payout_refused");
}

// It is said once, not again after each rest.
TEST_F(AlertsVolume, ARuleThatFailedAndRestsHasStillFailed) {
  feed("rewards", "commission");
  judge();
  run_sql(
      "UPDATE affsync.alert_rule SET took_ms = 30000, failed_at = judged_at, error = 'too long'"
      " WHERE rule = 'silence'");
  pass(std::chrono::seconds(60));
  auto const changes = judge_alerts(session(), [&] {
    auto asked = policy;
    asked.now = now;
    return asked;
  }());
  ASSERT_EQ(changes.failed.size(), 1u);
  EXPECT_EQ(changes.failed[0].rule, "silence");
  EXPECT_EQ(changes.failed[0].error.message, "too long");
}

}  // namespace
}  // namespace affsync::schema::test::alerts_volume_test
