// What stored money and times mean: currencies, time zones, words.
#include <chrono>

#include "base/clock.hpp"
#include "tests/acceptance/fixture.hpp"
#include "tests/acceptance/own_broker.hpp"
#include "tests/support/clock/wall_clock.hpp"

namespace affsync::test::meaning_test {
namespace {

class Meaning : public Acceptance {
 protected:
  // Sets the rows of the broker and reads all of them.
  void read(std::vector<std::string> rows, std::string const& timezone = "UTC") {
    own_.set_rows(std::move(rows));
    connector = "own";
    credentials_yaml = "{}";
    base_url = own_.url();
    source_yaml = "    settings: {timezone: " + timezone + "}\n";
    use_connector("own", OwnBroker::connector());
    auto const synced = sync();
    ASSERT_EQ(synced.status, 0) << synced.out << synced.err;
    ASSERT_EQ(synced.count("earnings", "quarantined"), 0) << synced.out;
  }
  static std::string row(std::string const& id, std::string const& money,
                         std::string const& at = "2026-03-02T10:00:00Z") {
    return R"({"id":")" + id + R"(","client":"c1","state":"paid","at":")" + at + "\"," + money +
           "}";
  }
  // stored(): "amount currency amount_usd" of a row. reported(): "amount amount_usd
  // rows_without_usd usd_origin" of the daily report.
  std::string stored(std::string const& id) const {
    return query(
        "select concat_ws(' ', amount, coalesce(currency, '-'), coalesce(amount_usd::text, '-'))"
        " from affsync.commission where external_id = '" +
        id + "'");
  }
  std::string reported(std::string const& currency) const {
    return query(
        "select concat_ws(' ', amount, coalesce(trim_scale(amount_usd)::text, '-'),"
        " rows_without_usd, coalesce(usd_origin, '-')) from reporting.earnings_daily"
        " where currency is not distinct from " +
        currency);
  }

  OwnBroker own_;
};

TEST_F(Meaning, currency_missing) {
  read({row("none", R"("amount":"12.30")"), row("null", R"("amount":"0.70","currency":null)"),
        row("dollars", R"("amount":"5.00","currency":"USD")")});
  // Not treated as dollars, not part of a dollar sum, and reported as missing there.
  EXPECT_EQ(stored("none"), "12.30 - -");
  EXPECT_EQ(stored("null"), "0.70 - -");
  EXPECT_EQ(reported("null"), "13.00 - 2 -");
  EXPECT_EQ(reported("'USD'"), "5.00 5 0 same currency");
  auto const report = affsync({"report", "earnings", "--by", "day"});
  EXPECT_EQ(report.status, 0);
  EXPECT_NE(report.out.find("13.00"), std::string::npos) << report.out;
}

TEST_F(Meaning, unknown_currency) {
  read({row("1", R"("amount":"12.34","currency":"xqz")"),
        row("2", R"("amount":"7","currency":"XQZ","amount_usd":"3.5")"),
        row("3", R"("amount":"1.00","currency":"USD")")});
  EXPECT_EQ(stored("1"), "12.34 XQZ -");
  EXPECT_EQ(stored("2"), "7 XQZ 3.5");
  // The sum of only some rows would be mistaken for the sum of all rows.
  EXPECT_EQ(reported("'XQZ'"), "19.34 - 1 broker");
  EXPECT_EQ(reported("'USD'"), "1.00 1 0 same currency");
}

TEST_F(Meaning, cents) {
  read({row("1", R"("amount":"250.5","currency":"USC")"),
        row("2", R"("amount":"100","currency":"USD")")});
  EXPECT_EQ(stored("1"), "250.5 USC -");
  EXPECT_EQ(reported("'USC'"), "250.5 2.505 0 fixed rate");
  EXPECT_EQ(query("select trim_scale(sum(amount_usd)) from reporting.earnings_daily"), "102.505");
}

TEST_F(Meaning, conversion_keeps_original) {
  auto const row_of_euros = row("1", R"("amount":"10.50","currency":"EUR")");
  read({row_of_euros});
  auto const version = "select xmin::text || ctid::text || raw::text from affsync.commission";
  auto const before = query(version);
  for (auto const& [rate, dollars] : {std::pair("1.25", "13.125"), std::pair("1.3", "13.65")}) {
    execute(std::string("insert into affsync.fx_rate (currency, on_date, usd_rate)"
                        " values ('EUR', '2026-03-02', ") +
            rate +
            ") on conflict (source_id, stream, currency, on_date)"
            " do update set usd_rate = excluded.usd_rate");
    EXPECT_EQ(reported("'EUR'"), std::string("10.50 ") + dollars + " 0 fx_rate");
    EXPECT_EQ(stored("1"), "10.50 EUR -");
    EXPECT_EQ(query(version), before) << "a conversion has touched the row";
  }
}

// Clocks in Berlin went forward on 2026-03-29 and back on 2025-10-26.
TEST_F(Meaning, dst_gap_and_overlap) {
  auto const money = R"("amount":"1","currency":"USD")";
  read({row("before the gap", money, "2026-03-29T01:59:59"),
        row("in the gap", money, "2026-03-29T02:30:00"),
        row("after the gap", money, "2026-03-29T03:00:00"),
        row("before the overlap", money, "2025-10-26T01:59:59"),
        row("in the overlap", money, "2025-10-26T02:30:00"),
        row("after the overlap", money, "2025-10-26T03:00:00"),
        row("told with its offset", money, "2025-10-26T02:30:00+01:00")},
       "Europe/Berlin");
  auto const moment = [&](std::string const& id) {
    return query(
        "select occurred_at at time zone 'UTC' from affsync.commission where external_id = '" + id +
        "'");
  };
  EXPECT_EQ(moment("before the gap"), "2026-03-29 00:59:59");
  EXPECT_EQ(moment("in the gap"), "2026-03-29 01:00:00");
  EXPECT_EQ(moment("after the gap"), "2026-03-29 01:00:00");
  EXPECT_EQ(moment("before the overlap"), "2025-10-25 23:59:59");
  EXPECT_EQ(moment("in the overlap"), "2025-10-26 00:30:00");
  EXPECT_EQ(moment("after the overlap"), "2025-10-26 02:00:00");
  EXPECT_EQ(moment("told with its offset"), "2025-10-26 01:30:00");
  EXPECT_EQ(query("select string_agg(distinct occurred_on::text, ' ') from affsync.commission"),
            "2025-10-26 2026-03-29");
}

TEST_F(Meaning, day_boundary_of_source_zone) {
  auto const money = R"("amount":"1","currency":"USD")";
  read({row("late evening there", money, "2026-01-31T23:30:00"),
        row("first second there", money, "2026-02-01T00:00:00"),
        row("told in UTC", money, "2026-01-31T20:30:00Z"),
        row("last second before", money, "2026-01-31T15:59:59Z")},
       "Asia/Shanghai");
  auto const day = [&](std::string const& id) {
    return query(
        "select occurred_on || ' ' || (occurred_at at time zone 'UTC')"
        " from affsync.commission where external_id = '" +
        id + "'");
  };
  EXPECT_EQ(day("late evening there"), "2026-01-31 2026-01-31 15:30:00");
  EXPECT_EQ(day("first second there"), "2026-02-01 2026-01-31 16:00:00");
  EXPECT_EQ(day("told in UTC"), "2026-02-01 2026-01-31 20:30:00");
  EXPECT_EQ(day("last second before"), "2026-01-31 2026-01-31 15:59:59");
  EXPECT_EQ(query("select string_agg(day || ' ' || rows, ', ' order by day)"
                  " from reporting.earnings_daily"),
            "2026-01-31 2, 2026-02-01 2");
}

// The last window ends with today in the source's time zone.
TEST_F(Meaning, day_boundary_of_source_zone_in_windows) {
  start_broker();
  auto const now = std::chrono::system_clock::now();
  auto const today = std::chrono::floor<std::chrono::days>(now);
  WallClock clock;
  clock.add_to_environment(environment);
  struct Edge {
    char const* zone;
    int minutes;  // minute of the UTC day
    int day;      // local day relative to the UTC day
  };
  for (auto const& edge :
       {Edge{"Asia/Shanghai", 15 * 60 + 55, 0}, Edge{"Asia/Shanghai", 16 * 60 + 5, 1},
        Edge{"America/Caracas", 3 * 60 + 55, -1}, Edge{"America/Caracas", 4 * 60 + 5, 0}}) {
    auto const wanted = today + std::chrono::minutes(edge.minutes);
    clock.set_ahead(std::chrono::duration_cast<std::chrono::seconds>(wanted - now));
    source_yaml = std::string("    settings: {timezone: ") + edge.zone + "}\n";
    configure();
    broker().control({{"do", "clear_log"}});
    ASSERT_EQ(sync({"--stream", "rewards", "--full"}).status, 0);
    auto const targets = broker().targets("/rewards/");
    ASSERT_FALSE(targets.empty());
    auto const last = "reward_date_to=" + format_day(today + std::chrono::days(edge.day));
    EXPECT_NE(targets.back().find(last), std::string::npos)
        << targets.back() << " at minute " << edge.minutes << " in " << edge.zone;
  }
}

TEST_F(Meaning, status_vocabulary) {
  auto const in_state = [](std::string const& id, std::string const& state) {
    return R"({"id":")" + id + R"(","state":)" + state +
           R"(,"amount":"1","currency":"USD","at":"2026-03-02T10:00:00Z"})";
  };
  read({in_state("1", "\"paid\""), in_state("2", "\"under_review\""),
        in_state("3", "\"under_review\""), in_state("4", "\"Ожидает\""), in_state("5", "null")});
  EXPECT_EQ(query("select string_agg(concat_ws('=', broker_status, status), ' '"
                  " order by external_id) from affsync.commission"),
            "paid=paid under_review=unknown under_review=unknown Ожидает=unknown ");
  // Reported by the database, by `status` and by `inspect`.
  auto const words = rows(
      "select source, stream, record_table, word, rows from reporting.unknown_words order by word");
  std::vector<std::vector<std::string>> const expected{
      {"main", "earnings", "commission", "under_review", "2"},
      {"main", "earnings", "commission", "Ожидает", "1"}};
  EXPECT_EQ(words, expected);
  auto const status = affsync({"status"});
  EXPECT_NE(status.out.find("\"under_review\""), std::string::npos) << status.out;
  EXPECT_NE(status.out.find("\"Ожидает\""), std::string::npos) << status.out;
  auto const json = parse_json(affsync({"status", "--output", "json"}).out).value();
  auto const* const word = JsonPath("streams.0.unknown_words.0.word").in(json);
  auto const* const count = JsonPath("streams.0.unknown_words.0.rows").in(json);
  ASSERT_TRUE(word != nullptr && count != nullptr) << json.dump();
  EXPECT_EQ(word->as_string(), "under_review");
  EXPECT_EQ(count->scalar_text(), "2");
  auto const inspected = affsync({"inspect", "main", "earnings"});
  auto const told = inspected.out.find("Words that the connector does not know");
  ASSERT_NE(told, std::string::npos) << inspected.out;
  EXPECT_NE(inspected.out.find("state: under_review  (in 2 of 3 rows)", told), std::string::npos)
      << inspected.out;
  // A connector that knows the word stores it, and nothing is left to report.
  auto corrected = OwnBroker::connector();
  corrected.replace(corrected.find("table: {pending"), 8,
                    "table: {under_review: held, Ожидает: pending, ");
  use_connector("own", corrected);
  ASSERT_EQ(sync({"--full"}).status, 0);
  EXPECT_EQ(query("select count(*) from reporting.unknown_words"), "0");
}

}  // namespace
}  // namespace affsync::test::meaning_test
