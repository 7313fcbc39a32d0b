// Money that was taken back is told once, in full, and until its time is over: whatever happens to
// the row afterwards.
#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_losses_test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

class AlertsOfLosses : public AlertsTest {
 protected:
  AlertsOfLosses() {
    feed("rewards", "commission");
    feed("wallet", "balance");
    feed("payouts", "payout");
  }

  void earn(std::vector<TestRow> const& rows) { store_rows("rewards", "commission", rows); }
  void gone(std::vector<std::string> const& others) { vanish("rewards", "commission", others); }
  TestRow ten(std::string const& key, std::string const& status = "approved") {
    return commission(key, "C7", "10.00", "2026-02-28", "USD", status);
  }
  TestRow hundred(std::string const& amount = "100", std::string const& status = "approved") {
    return commission("1", "C7", amount, "2026-02-28", "USD", status);
  }
  // The amount is empty at the broker.
  TestRow without_amount() {
    auto row = hundred();
    row.values[1].second = std::nullopt;
    row.raw = R"({"id": "1", "amount": null})";
    return row;
  }
  TestRow balance(std::string const& amount) {
    TestRow row;
    row.key = "main";
    row.values = {{"metric", "available"}, {"currency", "USD"}, {"amount", amount}};
    return row;
  }
  void stand(std::string const& amount) { store_rows("wallet", "balance", {balance(amount)}); }
  std::string vanished() { return open("commission_vanished"); }
  std::string lowered() { return open("commission_lowered"); }
};

TEST_F(AlertsOfLosses, AnotherCommissionOfTheSameAmountTakesNoPlace) {
  earn({ten("1"), ten("2")});
  pass(days(1));
  gone({"2"});
  judge();
  EXPECT_EQ(vanished(), "broker-1 no longer lists 10.00 USD");
}

TEST_F(AlertsOfLosses, OneNewCommissionTakesThePlaceOfOneOnly) {
  std::vector<TestRow> rows;
  for (auto const* key : {"1", "2", "3", "4"}) {
    rows.push_back(commission(key, "", "100", "2026-02-28"));
    rows.back().values[0].second = std::nullopt;
  }
  earn(rows);
  pass(days(1));
  rows[0].key = "A-1";
  earn({rows[0]});
  gone({"2", "3", "4", "A-1"});
  judge();
  EXPECT_EQ(vanished(), "");
  pass(hours(1));
  gone({"3", "4", "A-1"});
  gone({"4", "A-1"});
  judge();
  EXPECT_EQ(vanished(), "broker-1 no longer lists 200.00 USD");
}

TEST_F(AlertsOfLosses, WhatCountsNothingTakesNoPlace) {
  declare("orders", "commission", false);
  earn({ten("1"), commission("2", "C8", "20", "2026-02-28")});
  pass(days(1));
  earn({ten("A-1", "rejected")});
  // The same money in a feed that is in no report.
  store_rows("orders", "commission", {commission("O-2", "C8", "20", "2026-02-28")});
  gone({"2", "A-1"});
  gone({"A-1"});
  judge();
  EXPECT_EQ(vanished(), "broker-1 no longer lists 30.00 USD");
}

TEST_F(AlertsOfLosses, NumbersThatChangeEachDayAreNoLoss) {
  earn({ten("1")});
  pass(days(1));
  earn({ten("A-1")});
  gone({"A-1"});
  pass(days(1));
  earn({ten("B-1")});
  gone({"B-1"});
  judge();
  EXPECT_EQ(vanished(), "");
  // What came in its place is lowered: that is told, and not the number that went.
  earn({commission("B-1", "C7", "6", "2026-02-28", "USD", "approved")});
  judge();
  EXPECT_EQ(vanished(), "");
  EXPECT_EQ(lowered(), "broker-1 took back 4.00 USD");
  pass(hours(1));
  earn({ten("B-1", "rejected")});
  judge();
  EXPECT_EQ(vanished(), "");
  EXPECT_EQ(lowered(), "broker-1 took back 10.00 USD");
}

TEST_F(AlertsOfLosses, AnotherNumberIsTheSameCommissionWhateverBecomesOfItsAmount) {
  earn({ten("1"), ten("2"), commission("3", "C8", "50", "2026-02-28")});
  pass(days(1));
  auto less = commission("A-3", "C8", "45", "2026-02-28");
  earn({ten("A-1"), ten("A-2"), less});
  gone({"2", "3", "A-1", "A-2", "A-3"});
  gone({"3", "A-1", "A-2", "A-3"});
  gone({"A-1", "A-2", "A-3"});
  judge();
  EXPECT_EQ(vanished(), "broker-1 no longer lists 50.00 USD");
  pass(hours(1));
  // One rises, one is what the lost one was at last.
  less.values[1].second = "50";
  earn({commission("A-1", "C7", "10.01", "2026-02-28", "USD", "approved"), less});
  judge();
  EXPECT_EQ(vanished(), "");
  EXPECT_EQ(lowered(), "");
}

TEST_F(AlertsOfLosses, WhatWasRejectedAndThenLeavesTheListIsNoNews) {
  earn({hundred(), ten("2")});
  pass(hours(1));
  earn({hundred("100", "rejected")});
  judge();
  EXPECT_EQ(told(), "broker-1 took back 100.00 USD\n");
  pass(days(1));
  gone({"2"});
  judge();
  EXPECT_EQ(lowered(), "broker-1 took back 100.00 USD");
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsOfLosses, WhatWasLoweredAndThenLeavesTheListIsToldByItsRest) {
  earn({hundred(), ten("2")});
  pass(hours(1));
  earn({hundred("60")});
  judge();
  EXPECT_EQ(told(), "broker-1 took back 40.00 USD\n");
  // On the same day, and the text of each tells its own part.
  pass(hours(2));
  gone({"2"});
  judge();
  EXPECT_EQ(lowered(), "broker-1 took back 40.00 USD");
  EXPECT_EQ(vanished(), "broker-1 no longer lists 60.00 USD");
  EXPECT_EQ(told(), "broker-1 no longer lists 60.00 USD\n");
  // It comes back with what it was lowered to.
  pass(hours(2));
  earn({hundred("60")});
  judge();
  EXPECT_EQ(lowered(), "broker-1 took back 40.00 USD");
  EXPECT_EQ(vanished(), "");
}

TEST_F(AlertsOfLosses, ALossThatIsUndoneAndComesBackIsToldOnce) {
  earn({hundred()});
  pass(hours(1));
  earn({hundred("60")});
  judge();
  EXPECT_EQ(told(), "broker-1 took back 40.00 USD\n");
  pass(days(1));
  earn({hundred()});
  judge();
  EXPECT_EQ(told(), "Over: broker-1 took back 40.00 USD\n");
  pass(days(1));
  earn({hundred("60")});
  judge();
  EXPECT_EQ(lowered(), "broker-1 took back 40.00 USD");
  EXPECT_EQ(value("SELECT sum(amount) FROM affsync.alert WHERE closed_at IS NULL"), "40");
}

TEST_F(AlertsOfLosses, EachPartOfALossIsToldOnTheDayOfItsLastFall) {
  earn({hundred()});
  pass(hours(1));
  earn({hundred("60")});
  pass(days(1));
  earn({hundred("80")});
  pass(hours(1));
  earn({hundred("50")});
  judge();
  // 100 to 80 on the first day, 80 to 50 on the second.
  EXPECT_EQ(lowered(), "broker-1 took back 20.00 USD\nbroker-1 took back 30.00 USD");
}

// Rows without an id: others came in their place, with less, with as much as before, with less
// again.
TEST_F(AlertsOfLosses, ALossOfAClientsDayThatComesBackIsToldOnce) {
  earn({hundred(), commission("2", "C7", "60", "2026-02-28"),
        commission("3", "C7", "100", "2026-02-28"), commission("4", "C7", "60", "2026-02-28")});
  pass(days(3));
  auto const replaced = [&](std::string const& key, Duration ago, std::string const& was,
                            std::string const& is_now) {
    run_sql("UPDATE affsync.commission SET deleted_at = " + at(ago) + " WHERE external_id = '" +
            key + "'");
    run_sql(
        "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id,"
        " changed_at, operation, before, after) VALUES (" +
        std::to_string(source) + ", 'commission', 'rewards', '" + key + "', 1, " + at(ago) +
        R"(, 'delete', '{"deleted_at": null, "counted": )" + was + R"(}', '{"counted": )" + is_now +
        "}')");
  };
  replaced("1", hours(49), "100", "60");
  replaced("2", hours(25), "60", "100");
  replaced("3", hours(1), "100", "60");
  judge();
  EXPECT_EQ(lowered(), "broker-1 took back 40.00 USD");
}

// Within a day the loss is that of all falls together, not of the first.
TEST_F(AlertsOfLosses, ADayWithSeveralFallsHasTheHighestOne) {
  earn({hundred("60")});
  pass(hours(1));
  earn({hundred("50")});
  pass(hours(1));
  earn({hundred("100")});
  pass(hours(1));
  earn({hundred("60")});
  judge();
  EXPECT_EQ(lowered(), "broker-1 took back 40.00 USD");
}

TEST_F(AlertsOfLosses, AnAmountThatBecomesEmptyIsALoss) {
  earn({hundred()});
  pass(hours(1));
  earn({without_amount()});
  judge();
  EXPECT_EQ(lowered(), "broker-1 took back 100.00 USD");
  pass(days(1));
  earn({hundred("70")});
  judge();
  EXPECT_EQ(lowered(), "broker-1 took back 30.00 USD");
}

TEST_F(AlertsOfLosses, ACurrencyThatBecomesEmptyWithItsAmountIsALoss) {
  earn({hundred()});
  pass(hours(1));
  auto row = without_amount();
  row.values[2].second = std::nullopt;
  earn({row});
  judge();
  EXPECT_EQ(lowered(), "broker-1 took back 100.00 USD");
}

TEST_F(AlertsOfLosses, AnEmptyAmountThatIsFilledOrATotalThatIsUnknownIsNone) {
  auto total = commission("total", "C7", "500", "2026-02-28");
  total.values[4].second = "lifetime";
  earn({without_amount(), total});
  pass(hours(1));
  total.values[1].second = std::nullopt;
  total.raw = R"({"id": "total", "amount": null})";
  earn({hundred("70"), total});
  judge();
  EXPECT_EQ(lowered(), "");
}

TEST_F(AlertsOfLosses, AllLossesOfADayEndTogetherAndWithoutAWord) {
  pass(hours(10));
  earn({hundred(), ten("2")});
  pass(days(1));
  earn({hundred("0.50")});
  pass(hours(5));
  earn({commission("2", "C7", "9.50", "2026-02-28", "USD", "approved")});
  judge();
  EXPECT_EQ(told(), "broker-1 took back 100.00 USD\n");
  pass(days(3) - hours(5) + minutes(1));
  judge();
  EXPECT_EQ(lowered(), "broker-1 took back 100.00 USD");
  EXPECT_EQ(told(), "");
  pass(hours(5));
  judge();
  EXPECT_EQ(lowered(), "");
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsOfLosses, ABalanceThatFellAndRoseALittleIsNotOver) {
  pass(hours(10));
  stand("500");
  pass(days(1));
  stand("380");
  pass(hours(5));
  stand("390");
  judge();
  EXPECT_EQ(told(), "The balance at broker-1 fell by 110.00 USD\n");
  pass(days(3) - hours(5) + minutes(1));
  judge();
  EXPECT_EQ(told(), "");
  pass(hours(5));
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsOfLosses, ABalanceThatFallsAgainIsToldOnce) {
  stand("500");
  pass(hours(1));
  stand("380");
  pass(days(1));
  stand("500");
  pass(days(1));
  stand("380");
  judge();
  EXPECT_EQ(open("balance_dropped"), "The balance at broker-1 fell by 120.00 USD");
}

TEST_F(AlertsOfLosses, ARefusedPayoutWhoseRowChangesLaterIsNotOver) {
  TestRow row;
  row.key = "P1";
  row.values = {{"status", "requested"},
                {"amount", "250"},
                {"currency", "USD"},
                {"requested_at", format_time(now - days(176))}};
  auto const pay = [&](std::string const& status, std::string const& reason) {
    row.values[0].second = status;
    row.values.resize(4);
    row.values.emplace_back("reject_reason", reason);
    row.raw = R"({"state": ")" + status + R"(", "why": ")" + reason + "\"}";
    store_rows("payouts", "payout", {row});
  };
  pay("requested", "");
  pass(hours(1));
  pay("rejected", "");
  judge();
  EXPECT_EQ(told(), "broker-1 refused to pay 250.00 USD\n");
  pass(days(4));
  pay("rejected", "wallet not verified");
  judge();
  EXPECT_EQ(told(), "");
  pass(days(1));  // asked for half a year ago
  judge();
  EXPECT_EQ(told(), "");
  pass(days(2));
  judge();
  EXPECT_EQ(open("payout_refused"), "");
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsOfLosses, RatesMissingTellsOfWhatCountsOnly) {
  earn({commission("1", "C7", "100", "2026-02-20", "XYZ", "approved"),
        commission("2", "C7", "40", "2026-02-21", "XYZ", "rejected"),
        commission("3", "C7", "40", "2026-02-21", "ABC", "reversed")});
  loop.run(store->fold_earnings(20'000));
  judge();
  EXPECT_EQ(open("rates_missing"), "No rate for XYZ");
  EXPECT_EQ(text_of_open("rates_missing"),
            "100.00 XYZ of broker-1, 20 Feb 2026, is in no sum in US dollars.");
  run_sql("UPDATE affsync.source SET retired_at = " + at());
  judge();
  EXPECT_EQ(open("rates_missing"), "");
}

// The rate is still missing; only the money is of long ago.
TEST_F(AlertsOfLosses, RatesMissingIsNotOverBecauseTimePasses) {
  for (auto const* recent : {"1209600", "604800"}) {
    SCOPED_TRACE(recent);
    set("rates_missing", "recent", recent);
    earn({commission(recent, "C1", "140", format_day(std::chrono::floor<days>(now)), "XYZ")});
    loop.run(store->fold_earnings(20'000));
    judge();
    EXPECT_EQ(told(), "No rate for XYZ\n");
    pass(days(30));
    judge();
    EXPECT_EQ(open("rates_missing"), "");
    EXPECT_EQ(told(), "");
  }
}

TEST_F(AlertsOfLosses, APayoutThatIsNeverPaidIsNotOverAfterTwoYears) {
  TestRow row;
  row.key = "P1";
  row.values = {{"amount", "500"},
                {"currency", "USD"},
                {"status", "processing"},
                {"requested_at", "2026-02-10 00:00Z"}};
  store_rows("payouts", "payout", {row});
  judge();
  EXPECT_NE(told().find("has not paid 500.00 USD"), std::string::npos);
  pass(days(3 * 365));
  judge();
  EXPECT_EQ(open("payout_overdue"), "");
  EXPECT_EQ(told().find("has not paid"), std::string::npos);
}

TEST_F(AlertsOfLosses, RatesMissingTellsOfWhatRunningTotalsGrew) {
  run_sql(
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES ('EUR', '2026-02-27',"
      " 1.10)");
  std::vector<TestRow> totals;
  for (auto const* currency : {"XYZ", "EUR", "USD", "QQQ"}) {
    totals.push_back(
        commission(std::string("total ") + currency, "C7", "500", "2026-02-28", currency));
    totals.back().values[4].second = "lifetime";
  }
  totals[3].values[3].second = "rejected";
  earn(totals);
  judge();
  EXPECT_EQ(open("rates_missing"), "");
  pass(days(1));
  for (auto& row : totals) {
    row.values[1].second = "512.5";
    row.raw = R"({"amount": 512.5})";
  }
  earn(totals);
  while (loop.run(store->fold_earnings(20'000))) continue;
  judge();
  EXPECT_EQ(open("rates_missing"), "No rate for XYZ");
  EXPECT_EQ(text_of_open("rates_missing"),
            "12.50 XYZ of broker-1, 2 Mar 2026, is in no sum in US dollars.");
  pass(days(20));
  judge();
  EXPECT_EQ(open("rates_missing"), "");
}

}  // namespace
}  // namespace affsync::schema::test::alerts_losses_test
