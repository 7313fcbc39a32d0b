// The views over three brokers that have nothing in common: one with dated rows in two currencies,
// one with running totals, one in a coin without a rate. All expected values were computed by hand.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::reports_test {
namespace {

class Reports : public StoreTest {
 protected:
  // What is written from here on belongs to this source.
  void at(std::string const& name) {
    source = loop.run(store->register_source(name, "testing", "https://" + name + ".example"));
  }
  void put(std::string const& stream, std::string_view table, std::vector<TestRow> const& rows) {
    write(begin(stream), table, rows);
  }
  static TestRow earned(std::string key, char const* client, char const* day, char const* status,
                        char const* amount, char const* currency) {
    TestRow row;
    row.key = std::move(key);
    row.values = {{"client_ref", client}, {"occurred_on", day},   {"status", status},
                  {"amount", amount},     {"currency", currency}, {"grain", "day"},
                  {"kind", "cpa"},        {"volume_lots", "0.5"}};
    return row;
  }
  static TestRow total(std::string key, char const* client, char const* amount,
                       char const* currency, char const* usd) {
    TestRow row;
    row.key = std::move(key);
    row.values = {{"client_ref", client}, {"amount", amount}, {"currency", currency},
                  {"amount_usd", usd},    {"kind", "lot"},    {"grain", "lifetime"}};
    return row;
  }

  void fill_three_sources() {
    at("alpha");
    sql(url,
        "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate)"
        " VALUES ('EUR', '2026-01-04', 1.2)");
    put("rewards", "commission",
        {earned("a1", "c1", "2026-01-05", "approved", "10", "EUR"),
         earned("a2", "c1", "2026-01-05", "approved", "5", "EUR"),
         earned("a3", "c2", "2026-01-05", "rejected", "100", "EUR"),
         earned("a4", "c2", "2026-01-06", "paid", "7", "USD"),
         earned("gone", "c2", "2026-01-06", "paid", "50", "USD")});
    vanish("rewards", "commission", {"a1", "a2", "a3", "a4"});
    rows("INSERT INTO affsync.stream (source_id, stream, record_table, in_reports) VALUES (" +
         std::to_string(source) + ", 'orders', 'commission', false)");
    put("orders", "commission", {earned("again", "c2", "2026-01-06", "paid", "7", "USD")});
    put("rebates", "rebate",
        {{"r1",
          {{"client_ref", "c1"},
           {"amount", "3"},
           {"currency", "USD"},
           {"occurred_at", "2026-01-06T00:00:00Z"}}}});
    put("rebate_totals", "rebate",
        {{"r2",
          {{"client_ref", "c1"}, {"amount", "50"}, {"currency", "USD"}, {"grain", "lifetime"}}}});
    at("beta");
    put("totals", "commission",
        {total("b1", "c1", "100", "USD", "100"), total("b2", "c2", "1000", "THB", "30")});
    now += std::chrono::hours(24);
    put("totals", "commission",
        {total("b1", "c1", "130", "USD", "130"), total("b2", "c2", "1200", "THB", "30")});
    put("clients", "client",
        {{"p3", {{"client_ref", "c3"}, {"earned_usd", "44"}, {"rebate_usd", "4"}}}});
    at("gamma");
    put("rewards", "commission",
        {earned("g1", "c9", "2026-01-05", "pending", "40", "USDT"),
         earned("g2", "c9", "2026-01-07", "accrued", "2", "USD")});
    put("clients", "client", {{"p8", {{"client_ref", "c8"}}}});
  }
};

TEST_F(Reports, EarningsOfADayKeepSourcesStatusesAndCurrenciesApart) {
  fill_three_sources();
  std::vector<Cells> const wanted{
      {"alpha", "2026-01-05", "approved", "EUR", "15", "18.0", "1", "2", "fx_rate", "0"},
      {"alpha", "2026-01-05", "rejected", "EUR", "100", "120.0", "1", "1", "fx_rate", "0"},
      {"alpha", "2026-01-06", "paid", "USD", "7", "7", "1", "1", "same currency", "0"},
      {"beta", "2026-03-02", std::nullopt, "THB", "200", "0", "1", "1", "broker", "0"},
      {"beta", "2026-03-02", std::nullopt, "USD", "30", "30", "1", "1", "broker", "0"},
      {"gamma", "2026-01-05", "pending", "USDT", "40", std::nullopt, "1", "1", std::nullopt, "1"},
      {"gamma", "2026-01-07", "accrued", "USD", "2", "2", "1", "1", "same currency", "0"}};
  EXPECT_EQ(rows("SELECT source, day, status, currency, amount, amount_usd, clients, rows,"
                 " usd_origin, rows_without_usd FROM reporting.earnings_daily"
                 " ORDER BY source, day, status, currency"),
            wanted);
}

TEST_F(Reports, AClientIsOfItsSourceAndNoMoneyIsToldTwice) {
  fill_three_sources();
  std::vector<Cells> const wanted{
      // Dated rows count. The rejected row, the vanished row and the total of the rebates do not.
      {"alpha", "c1", "18.0", "3", "15.0", "0", "fx_rate", "1.0", "2026-01-05"},
      {"alpha", "c2", "7", "0", "7", "0", "same currency", "0.5", "2026-01-06"},
      // Only totals: the latest values.
      {"beta", "c1", "130", "0", "130", "0", "broker", std::nullopt, std::nullopt},
      {"beta", "c2", "30", "0", "30", "0", "broker", std::nullopt, std::nullopt},
      // No rows: the values that the broker reports for the client.
      {"beta", "c3", "44", "4", "40", "0", "broker", std::nullopt, std::nullopt},
      {"gamma", "c8", "0", "0", "0", "0", std::nullopt, std::nullopt, std::nullopt},
      // 2 dollars are known, but not the value of the coins.
      {"gamma", "c9", std::nullopt, "0", std::nullopt, "1", "same currency", "1.0", "2026-01-07"}};
  EXPECT_EQ(rows("SELECT source, client_ref, commission_usd, rebate_usd, net_usd,"
                 " rows_without_usd, usd_origin, volume_lots, last_commission_on"
                 " FROM reporting.client_performance ORDER BY source, client_ref"),
            wanted);
  // What is known of a client is not lost because of a row without a rate.
  EXPECT_EQ(rows("SELECT known_commission_usd, known_rebate_usd, known_net_usd"
                 " FROM reporting.client_performance WHERE client_ref IN ('c9', 'c2')"
                 " ORDER BY source"),
            (std::vector<Cells>{{"7", "0", "7"}, {"30", "0", "30"}, {"2", "0", "2"}}));
}

TEST_F(Reports, OfAClientWithoutAnyRateNothingIsKnown) {
  put("rows", "commission", {earned("1", "c", "2026-01-05", "approved", "5", "XTS")});
  EXPECT_EQ(rows("SELECT known_commission_usd, known_rebate_usd, known_net_usd, rows_without_usd"
                 " FROM reporting.client_performance"),
            (std::vector<Cells>{{std::nullopt, "0", std::nullopt, "1"}}));
}

TEST_F(Reports, UnpaidCommissionIsByCurrencyAndSaysWhatItDoesNotKnow) {
  fill_three_sources();
  std::vector<Cells> const wanted{
      {"alpha", "EUR", "15", "18.0", "2026-01-05", "2", "fx_rate", "0"},
      {"gamma", "USD", "2", "2", "2026-01-07", "1", "same currency", "0"},
      {"gamma", "USDT", "40", std::nullopt, "2026-01-05", "1", std::nullopt, "1"}};
  EXPECT_EQ(rows("SELECT source, currency, amount, amount_usd, oldest_on, rows, usd_origin,"
                 " rows_without_usd FROM reporting.unpaid_commission ORDER BY source, currency"),
            wanted);
}

TEST_F(Reports, ARunningTotalThatWasNothingBeforeHasNotGrownByItself) {
  auto first = total("t", "c", "0", "USD", "0");
  first.values[1].second = first.values[3].second = std::nullopt;
  put("totals", "commission", {first});
  put("totals", "commission", {total("t", "c", "500", "USD", "500")});
  EXPECT_EQ(value("SELECT count(*) FROM affsync.commission_steps"), "0");
  put("totals", "commission", {total("t", "c", "510", "USD", "511")});
  put("totals", "commission", {total("t", "c", "510", "USD", "512")});
  // Another currency, so no step.
  put("totals", "commission", {total("t", "c", "505", "EUR", "512")});
  put("totals", "commission", {total("t", "c", "504", "EUR", "512")});
  std::vector<Cells> const steps{{"10", "11"}, {"0", "1"}, {"-1", "0"}};
  EXPECT_EQ(rows("SELECT s.amount, s.amount_usd FROM affsync.commission_steps s"
                 " ORDER BY s.amount DESC"),
            steps);
}

TEST_F(Reports, DaysWaitingEndWithThePayoutOrWithItsRefusal) {
  using std::chrono::hours;
  auto const ago = [](hours time) {
    return format_time(
        std::chrono::time_point_cast<TimePoint::duration>(std::chrono::system_clock::now() - time));
  };
  auto const payout = [](char const* key, char const* status,
                         std::vector<std::pair<std::string, std::optional<std::string>>> times) {
    TestRow row;
    row.key = key;
    row.values = std::move(times);
    row.values.emplace_back("status", status);
    return row;
  };
  char const* monday = "2026-01-05T12:00:00Z";
  put("payouts", "payout",
      {payout("paid", "paid", {{"requested_at", monday}, {"paid_at", "2026-01-07T00:00:00Z"}}),
       payout("before its request", "paid",
              {{"requested_at", monday}, {"paid_at", "2026-01-05T00:00:00Z"}}),
       payout("paid some day", "paid",
              {{"requested_at", monday}, {"rejected_at", "2026-01-08T13:00:00Z"}}),
       payout("refused", "rejected",
              {{"requested_at", monday}, {"rejected_at", "2026-01-08T13:00:00Z"}}),
       payout("open", "requested", {{"requested_at", ago(hours(5 * 24 + 2))}}),
       payout("open again", "approved",
              {{"requested_at", ago(hours(9 * 24 + 2))}, {"rejected_at", ago(hours(50))}}),
       payout("cancelled", "cancelled", {{"requested_at", monday}}),
       payout("never asked", "paid", {{"paid_at", monday}})});
  std::vector<Cells> const wanted{{"before its request", "0"},
                                  {"cancelled", std::nullopt},
                                  {"never asked", std::nullopt},
                                  {"open", "5"},
                                  {"open again", "9"},
                                  {"paid", "1"},
                                  {"paid some day", std::nullopt},
                                  {"refused", "3"}};
  EXPECT_EQ(rows("SELECT external_id, days_waiting FROM reporting.payouts ORDER BY 1"), wanted);
}

TEST_F(Reports, TheFunnelKnowsWhatABrokerDoesNotTell) {
  at("alpha");
  put("clients", "client",
      {{"1",
        {{"client_ref", "c1"}, {"registered_at", "2026-01-31T23:59:59Z"}, {"has_deposit", "true"}}},
       {"2",
        {{"client_ref", "c2"},
         {"registered_at", "2026-01-02T00:00:00Z"},
         {"has_deposit", "false"}}},
       {"3", {{"client_ref", "c3"}, {"registered_at", "2026-02-01T00:00:00Z"}}},
       {"gone", {{"client_ref", "c4"}, {"registered_at", "2026-01-02T00:00:00Z"}}}});
  vanish("clients", "client", {"1", "2", "3"});
  put("more", "client",
      {{"1", {{"client_ref", "c1"}, {"first_trade_at", "2026-02-01T00:00:00Z"}}}});
  put("rewards", "commission",
      {earned("e", "c2", "2026-01-05", "paid", "1", "USD"),
       earned("f", "c1", "2026-01-05", "rejected", "1", "USD")});
  at("beta");  // the same client names are other people
  put("clients", "client",
      {{"1", {{"client_ref", "c2"}, {"registered_at", "2026-01-02T00:00:00Z"}}},
       {"2",
        {{"client_ref", "c5"}, {"registered_at", "2026-01-02T00:00:00Z"}, {"earned_usd", "3"}}}});
  std::vector<Cells> const wanted{{"alpha", "2026-01-01", "2", "1", "1", "1"},
                                  {"alpha", "2026-02-01", "1", "0", "0", "0"},
                                  {"beta", "2026-01-01", "2", std::nullopt, std::nullopt, "1"}};
  EXPECT_EQ(rows("SELECT source, month, registered, deposited, traded, earning"
                 " FROM reporting.conversion_funnel ORDER BY source, month"),
            wanted);
}

// The dollars of a change are the same money, so they are not a change of their own.
TEST_F(Reports, ARetroactiveChangeSaysOfWhichDayAndInWhichCurrency) {
  auto row = earned("d", "c1", "2026-01-05", "paid", "10", "EUR");
  row.values.emplace_back("amount_usd", "12");
  auto running = total("t", "c2", "5", "THB", "1");
  running.values.emplace_back("occurred_on", "2026-01-05");
  put("rewards", "commission", {row, running});
  running.values[1].second = "6";
  row.values[3].second = "8";
  row.values.back().second = "9.5";
  put("rewards", "commission", {row, running});
  put("payouts", "payout",
      {{"p", {{"amount", "3"}, {"currency", "USD"}, {"requested_at", "2026-01-06T01:00:00Z"}}}});
  put("payouts", "payout",
      {{"p",
        {{"amount", "2"},
         {"currency", "USD"},
         {"requested_at", "2026-01-06T01:00:00Z"},
         {"paid_at", "2026-01-09T01:00:00Z"}}}});
  std::vector<Cells> const wanted{
      {"commission", "d", "amount", "EUR", "-2", "2026-01-05", "f", "c1"},
      {"commission", "t", "amount", "THB", "1", std::nullopt, "t", "c2"},
      {"payout", "p", "amount", "USD", "-1", "2026-01-06", "f", std::nullopt}};
  EXPECT_EQ(rows("SELECT record_table, external_id, column_name, currency, difference,"
                 " occurred_on, running_total, client_ref FROM reporting.retroactive_changes"
                 " ORDER BY 1, 2, 3"),
            wanted);
}

TEST_F(Reports, ClawbacksAreWhatCountsLessThanBefore) {
  auto const first = [](char const* key, char const* status) {
    return earned(key, "c", "2026-01-05", status, "10", "USD");
  };
  put("rewards", "commission",
      {first("lowered", "approved"), first("raised", "approved"), first("rejected", "approved"),
       first("reversed", "paid"), first("void", "rejected"), first("back", "rejected"),
       first("gone", "approved"), total("total", "c", "10", "USD", "10")});
  auto const then = [](char const* key, char const* status, char const* amount) {
    return earned(key, "c", "2026-01-05", status, amount, "USD");
  };
  put("rewards", "commission",
      {then("lowered", "paid", "4"), then("raised", "paid", "11"),
       then("rejected", "rejected", "10"), then("reversed", "reversed", "0"),
       then("void", "rejected", "5"), then("back", "approved", "9"),
       total("total", "c", "5", "USD", "5")});
  vanish("rewards", "commission",
         {"lowered", "raised", "rejected", "reversed", "void", "back", "total"});
  put("rewards", "commission", {then("rejected", "rejected", "3")});  // nothing is left to revoke
  std::vector<Cells> const wanted{{"gone", "vanished", "10", "0", "-10"},
                                  {"lowered", "lowered", "10", "4", "-6"},
                                  {"rejected", "rejected", "10", "0", "-10"},
                                  {"reversed", "reversed", "10", "0", "-10"},
                                  {"total", "lowered", "0", "-5", "-5"}};
  EXPECT_EQ(rows("SELECT external_id, reason, before, after, difference FROM reporting.clawbacks"
                 " ORDER BY external_id"),
            wanted);
}

// Days, months and running totals of the same clicks stay apart; what has vanished is not counted.
TEST_F(Reports, MetricsAreAddedWithinOneGrainAndLink) {
  auto const counted = [](char const* key, char const* grain, char const* link,
                          char const* clicks) {
    return TestRow{
        key,
        {{"grain", grain}, {"occurred_on", "2026-01-01"}, {"link_code", link}, {"clicks", clicks}}};
  };
  put("traffic", "metric",
      {counted("a1", "day", "a", "5"), counted("a2", "day", "a", "7"),
       counted("b", "day", "b", "11"), counted("m", "month", "a", "100"),
       counted("gone", "day", "a", "1000")});
  vanish("traffic", "metric", {"a1", "a2", "b", "m"});
  std::vector<Cells> const wanted{{"day", "a", "12", std::nullopt, "2"},
                                  {"day", "b", "11", std::nullopt, "1"},
                                  {"month", "a", "100", std::nullopt, "1"}};
  EXPECT_EQ(rows("SELECT grain, link_code, clicks, first_deposits, rows FROM reporting.metrics"
                 " ORDER BY grain, link_code"),
            wanted);
}

}  // namespace
}  // namespace affsync::schema::test::reports_test
