// Rules about money: each fires on its cause, and stays quiet on what only looks like it.
#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_money_test {
namespace {

using std::chrono::days;
using std::chrono::hours;

class AlertsOfMoney : public AlertsTest {
 protected:
  AlertsOfMoney() {
    feed("rewards", "commission");
    feed("wallet", "balance");
    feed("payouts", "payout");
  }

  void earn(std::vector<TestRow> const& rows) { store_rows("rewards", "commission", rows); }
  TestRow payout(std::string const& key, std::string const& status, std::string const& amount,
                 std::optional<TimePoint> requested,
                 std::optional<TimePoint> rejected = std::nullopt) {
    TestRow row;
    row.key = key;
    row.values = {{"status", status}, {"amount", amount}, {"currency", "USD"}};
    if (requested) row.values.emplace_back("requested_at", format_time(*requested));
    if (rejected) row.values.emplace_back("rejected_at", format_time(*rejected));
    row.raw = "{\"id\": \"" + key + "\", \"state\": \"" + status + "\"}";
    return row;
  }
  TestRow balance(std::string const& amount, std::string const& currency = "USD",
                  std::string const& reserved = "0") {
    TestRow row;
    row.key = "main";
    row.values = {{"metric", "available"},
                  {"currency", currency},
                  {"amount", amount},
                  {"reserved", reserved}};
    return row;
  }
  void stand(TestRow const& row) { store_rows("wallet", "balance", {row}); }
  void pay(TestRow const& row) { store_rows("payouts", "payout", {row}); }
};

TEST_F(AlertsOfMoney, CommissionLoweredTellsHowMuchWhoseAndSinceWhenItStood) {
  earn({commission("1", "C7", "100.00", "2026-02-20"), commission("2", "C8", "50", "2026-02-21"),
        commission("3", "C9", "10", "2026-02-22")});
  pass(days(4));
  earn({commission("1", "C7", "80.00", "2026-02-20"),
        commission("2", "C8", "50", "2026-02-21", "USD", "rejected")});
  judge();
  EXPECT_EQ(open("commission_lowered"), "broker-1 took back 70.00 USD");
  EXPECT_EQ(text_of_open("commission_lowered"),
            "1 lowered, 1 rejected; clients C7, C8; for 20-21 Feb 2026. It was 150.00 USD since"
            " 1 Mar 00:00 UTC, now it is 80.00 USD.");
  EXPECT_EQ(value("SELECT amount || ' ' || amount_usd || ' ' || (figures ->> 'clients')"
                  " FROM affsync.alert"),
            "70.00 70.00 2");
  // What shows it, shows it.
  auto const shown = value("SELECT shown_by FROM affsync.alert");
  EXPECT_EQ(rows(shown).size(), 2U);
}

TEST_F(AlertsOfMoney, CommissionLoweredIsInTheBrokersCurrencyAndInUsDollars) {
  run_sql(
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES ('EUR', '2026-02-20',"
      " 1.10)");
  earn({commission("1", "C7", "100", "2026-02-20", "EUR")});
  pass(days(1));
  earn({commission("1", "C7", "60", "2026-02-20", "EUR")});
  judge();
  EXPECT_EQ(open("commission_lowered"), "broker-1 took back 40.00 EUR (44.00 USD)");
}

TEST_F(AlertsOfMoney, CommissionLoweredIsQuietAboutWhatIsNoLoss) {
  // A first load, and a correction upwards.
  earn({commission("1", "C7", "100", "2026-02-20"), commission("2", "C8", "50", "2026-02-20"),
        commission("3", "C9", "70", "2026-02-20", "EUR"),
        commission("4", "C9", "9.50", "2026-02-20"),
        commission("5", "C9", "30", "2026-02-20", "USD", "rejected")});
  judge();
  EXPECT_EQ(open("commission_lowered"), "");
  pass(hours(1));
  earn({commission("1", "C7", "110", "2026-02-20"),
        // It was approved and paid.
        commission("2", "C8", "50", "2026-02-20", "USD", "paid"),
        // The account's currency changed.
        commission("3", "C9", "60", "2026-02-20", "USD"),
        // Cents.
        commission("4", "C9", "9.10", "2026-02-20"),
        // It did not count before either.
        commission("5", "C9", "20", "2026-02-20", "USD", "rejected")});
  judge();
  EXPECT_EQ(open("commission_lowered"), "");
}

TEST_F(AlertsOfMoney, WhatAnotherMappingLowersIsNoDoingOfTheBrokers) {
  earn({commission("1", "C7", "100", "2026-02-20"), commission("2", "C8", "50", "2026-02-20")});
  pass(hours(1));
  // The connector is another: all rows are read again.
  state("rewards", "full_wanted_after = 1");
  EXPECT_EQ(value("SELECT read_again_from IS NOT NULL AND read_again_until IS NULL"
                  " FROM affsync.stream_state WHERE stream = 'rewards'"),
            "t");
  state("rewards", "read_again_from = " + at());
  earn({commission("1", "C7", "80", "2026-02-20")});
  judge();
  EXPECT_EQ(open("commission_lowered"), "");
  pass(hours(1));
  state("rewards", "full_wanted_after = NULL");
  EXPECT_EQ(value("SELECT read_again_until IS NOT NULL FROM affsync.stream_state"
                  " WHERE stream = 'rewards'"),
            "t");
  state("rewards", "read_again_until = " + at());
  // From then on it is the broker.
  pass(hours(1));
  earn({commission("2", "C8", "40", "2026-02-20")});
  judge();
  EXPECT_EQ(open("commission_lowered"), "broker-1 took back 10.00 USD");
}

TEST_F(AlertsOfMoney, CommissionThatIsGivenBackIsToldToBeOver) {
  earn({commission("1", "C7", "100", "2026-02-20")});
  pass(hours(1));
  earn({commission("1", "C7", "60", "2026-02-20")});
  judge();
  EXPECT_EQ(told(), "broker-1 took back 40.00 USD\n");
  pass(hours(5));
  earn({commission("1", "C7", "100", "2026-02-20")});
  judge();
  EXPECT_EQ(open("commission_lowered"), "");
  EXPECT_EQ(told(), "Over: broker-1 took back 40.00 USD\n");
}

TEST_F(AlertsOfMoney, WhatWasTakenBackLongAgoIsNoLongerOpenAndNotOver) {
  earn({commission("1", "C7", "100", "2026-02-20")});
  pass(hours(1));
  earn({commission("1", "C7", "60", "2026-02-20")});
  judge();
  EXPECT_EQ(told(), "broker-1 took back 40.00 USD\n");
  pass(days(3));
  judge();
  EXPECT_EQ(open("commission_lowered"), "");
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsOfMoney, ARunningTotalThatFallsIsTold) {
  auto row = commission("total", "C7", "500", "2026-02-20");
  row.values[4].second = "lifetime";
  earn({row});
  pass(hours(1));
  row.values[1].second = "450";
  earn({row});
  judge();
  EXPECT_EQ(open("commission_lowered"), "broker-1 took back 50.00 USD");
  // What shows it, shows it.
  EXPECT_EQ(value("SELECT sum(difference) FROM (" + value("SELECT shown_by FROM affsync.alert") +
                  ") shown"),
            "-50");
}

// Of a total only what it grew had counted: as in reports and clawbacks.
TEST_F(AlertsOfMoney, ARunningTotalThatIsRejectedTakesItsGrowthBack) {
  auto row = commission("total", "C7", "100", "2026-02-20");
  row.values[4].second = "lifetime";
  auto other = row;
  other.key = "other";
  for (auto const* amount : {"100", "150", "140"}) {
    row.values[1].second = amount;
    earn({row, other});
    pass(hours(1));
  }
  row.values[3].second = other.values[3].second = "rejected";
  earn({row, other});
  judge();
  // 10 that it fell, and 40 of its growth; the other one never grew.
  EXPECT_EQ(open("commission_lowered"), "broker-1 took back 50.00 USD");
  EXPECT_EQ(value("SELECT sum(difference) FROM (" + value("SELECT shown_by FROM affsync.alert") +
                  ") shown"),
            "-50");
}

TEST_F(AlertsOfMoney, WhatWasARejectedTotalIsWhatItGrew) {
  auto row = commission("total", "C7", "100", "2026-02-20");
  row.values[4].second = "lifetime";
  earn({row});
  pass(hours(1));
  row.values[1].second = "150";
  earn({row});
  pass(hours(1));
  row.values[3].second = "reversed";
  earn({row});
  judge();
  EXPECT_EQ(open("commission_lowered"), "broker-1 took back 50.00 USD");
  EXPECT_EQ(value("SELECT (figures ->> 'before') || ' ' || (figures ->> 'after')"
                  " FROM affsync.alert"),
            "50 0");
}

TEST_F(AlertsOfMoney, ANameIsToldOnlyWhereItIsKeptAndWanted) {
  feed("clients", "client");
  TestRow client;
  client.key = "C7";
  client.values = {{"client_ref", "C7"}, {"name", "Ada"}};
  store_rows("clients", "client", {client});
  earn({commission("1", "C7", "100", "2026-02-20")});
  pass(hours(1));
  earn({commission("1", "C7", "60", "2026-02-20")});
  policy.personal = true;
  judge();
  EXPECT_EQ(text_of_open("commission_lowered").find("Ada"), std::string::npos);
  run_sql("UPDATE affsync.source SET privacy = 'keep'");
  judge();
  EXPECT_NE(text_of_open("commission_lowered").find("client C7 Ada;"), std::string::npos);
  policy.personal = false;
  judge();
  EXPECT_EQ(text_of_open("commission_lowered").find("Ada"), std::string::npos);
}

TEST_F(AlertsOfMoney, CommissionVanishedTellsOfRowsThatAreGone) {
  earn({commission("1", "C7", "100", "2026-02-20"), commission("2", "C8", "50", "2026-02-21")});
  pass(days(1));
  vanish("rewards", "commission", {"2"});
  judge();
  EXPECT_EQ(open("commission_vanished"), "broker-1 no longer lists 100.00 USD");
  EXPECT_EQ(text_of_open("commission_vanished"),
            "1 row is no longer in its list; client C7; for 20 Feb 2026. It was 100.00 USD since"
            " 1 Mar 00:00 UTC, now it is 0.00 USD.");
  EXPECT_EQ(open("commission_lowered"), "");
}

TEST_F(AlertsOfMoney, CommissionVanishedIsQuietAboutARowUnderAnotherNumber) {
  earn({commission("1", "C7", "100", "2026-02-20"), commission("2", "C8", "50", "2026-02-21")});
  pass(days(1));
  earn({commission("A-1", "C7", "100", "2026-02-20")});
  vanish("rewards", "commission", {"2", "A-1"});
  judge();
  EXPECT_EQ(open("commission_vanished"), "");
}

// A stream that is off since keeps what its last run met.
TEST_F(AlertsOfMoney, AClockThatWasWrongOnceIsNotWrongForever) {
  pay(payout("P1", "processing", "500", now - days(8)));
  state("rewards", "clock_skew_seconds = 1728000, run_id = 5");
  state("payouts", "clock_skew_seconds = 1, run_id = 6");
  judge();
  EXPECT_EQ(open("payout_overdue"), "broker-1 has not paid 500.00 USD for 8 days");
}

TEST_F(AlertsOfMoney, APayoutIsNotOverdueByAWrongClock) {
  pay(payout("P1", "processing", "500", now - days(2)));
  state("payouts", "clock_skew_seconds = 1728000");
  pass(days(20));
  judge();
  EXPECT_EQ(told(), "");
  state("payouts", "clock_skew_seconds = 0");
  pass(-days(14));
  judge();
  EXPECT_EQ(told(), "broker-1 has not paid 500.00 USD for 8 days\n");
  state("payouts", "clock_skew_seconds = -864000");
  pass(-days(10));
  judge();
  EXPECT_EQ(told(), "");
  EXPECT_EQ(open("payout_overdue"), "broker-1 has not paid 500.00 USD for 8 days");
  state("payouts", "clock_skew_seconds = 0");
  pass(days(11));
  pay(payout("P1", "paid", "500", now - days(9)));
  judge();
  EXPECT_EQ(told(), "Over: broker-1 has not paid 500.00 USD for 8 days\n");
}

TEST_F(AlertsOfMoney, PayoutOverdueTellsForHowLong) {
  pay(payout("P1", "processing", "500", now - days(9)));
  judge();
  EXPECT_EQ(open("payout_overdue"), "broker-1 has not paid 500.00 USD for 9 days");
  EXPECT_EQ(text_of_open("payout_overdue"),
            "Payout P1 was asked for on 20 Feb 2026 and is still processing.");
  pass(hours(1));
  pay(payout("P1", "paid", "500", now - days(9)));
  judge();
  EXPECT_EQ(open("payout_overdue"), "");
}

TEST_F(AlertsOfMoney, PayoutOverdueIsQuietAboutAFreshOneAndFollowsItsSetting) {
  pay(payout("P1", "requested", "500", now - days(6)));
  pay(payout("P2", "paid", "500", now - days(60)));
  judge();
  EXPECT_EQ(open("payout_overdue"), "");
  set("payout_overdue", "after", "432000");  // 5 days
  judge();
  EXPECT_EQ(open("payout_overdue"), "broker-1 has not paid 500.00 USD for 6 days");
}

// The same dollars as in reporting.payouts: by the rate of the day on which it was asked for.
TEST_F(AlertsOfMoney, PayoutsAreConvertedAtTheRateOfTheirRequest) {
  run_sql(
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES ('EUR', '2026-02-20', 1.1),"
      " ('EUR', '2026-02-27', 1.2), ('EUR', '2026-03-01', 2)");
  auto overdue = payout("P1", "processing", "500", now - days(9));
  auto refused = payout("P2", "rejected", "100", now - days(2), now - days(1));
  for (auto* one : {&overdue, &refused}) {
    for (auto& [name, value] : one->values) {
      if (name == "currency") value = "EUR";
    }
  }
  pay(overdue);
  pay(refused);
  judge();
  EXPECT_EQ(open("payout_overdue"), "broker-1 has not paid 500.00 EUR (550.00 USD) for 9 days");
  EXPECT_EQ(open("payout_refused"), "broker-1 refused to pay 100.00 EUR (120.00 USD)");
}

// Some brokers list what they pay out as negative: it is a debit to the account.
TEST_F(AlertsOfMoney, APayoutThatIsListedAsNegativeIsToldWithoutItsSign) {
  pay(payout("P1", "processing", "-465", now - days(8)));
  pay(payout("P2", "rejected", "-100", now - days(2), now - days(1)));
  judge();
  EXPECT_EQ(open("payout_overdue"), "broker-1 has not paid 465.00 USD for 8 days");
  EXPECT_EQ(open("payout_refused"), "broker-1 refused to pay 100.00 USD");
}

TEST_F(AlertsOfMoney, PayoutRefusedTellsTheReason) {
  pay(payout("P1", "requested", "250", now - days(2)));
  judge();
  EXPECT_EQ(open("payout_refused"), "");
  pass(hours(1));
  auto refused = payout("P1", "rejected", "250", now - days(2));
  refused.values.emplace_back("reject_reason", "wallet not verified");
  pay(refused);
  judge();
  EXPECT_EQ(open("payout_refused"), "broker-1 refused to pay 250.00 USD");
  EXPECT_EQ(text_of_open("payout_refused"),
            "Payout P1 of 27 Feb 01:00 UTC is rejected: wallet not verified.");
}

TEST_F(AlertsOfMoney, PayoutRefusedIsQuietAboutOldOnesAndOwnCancellations) {
  // A first load brings refusals of last year.
  pay(payout("P1", "rejected", "250", now - days(200), now - days(199)));
  pay(payout("P2", "requested", "80", now - days(1)));
  judge();
  EXPECT_EQ(open("payout_refused"), "");
  pass(hours(1));
  pay(payout("P2", "cancelled", "80", now - days(1)));
  // Another part of the old one changes.
  auto other = payout("P1", "rejected", "250", now - days(200), now - days(199));
  other.raw = R"({"id": "P1", "state": "rejected", "note": "archived"})";
  pay(other);
  judge();
  EXPECT_EQ(open("payout_refused"), "");
}

TEST_F(AlertsOfMoney, BalanceDroppedTellsWhatNoPayoutExplains) {
  stand(balance("500.00"));
  pass(days(1));
  stand(balance("380.00"));
  judge();
  EXPECT_EQ(open("balance_dropped"), "The balance at broker-1 fell by 120.00 USD");
  EXPECT_EQ(text_of_open("balance_dropped"),
            "From 500.00 USD to 380.00 USD, available, found at 2 Mar 00:00 UTC. No payout explains"
            " it.");
  // The payout turns up later.
  pay(payout("P1", "paid", "120", now));
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
}

TEST_F(AlertsOfMoney, BalanceDroppedIsQuietAboutPayoutsRisesAndWhatIsReserved) {
  stand(balance("500"));
  pass(hours(1));
  pay(payout("P1", "processing", "300", now));
  stand(balance("200"));
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
  pass(days(10));
  stand(balance("260"));  // a rise
  pass(days(1));
  stand(balance("255"));  // little
  pass(days(1));
  stand(balance("200", "USD", "55"));  // reserved
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
  pass(days(10));
  stand(balance("180", "EUR", "55"));  // another currency
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
}

TEST_F(AlertsOfMoney, BalanceDroppedIsExplainedByAPayoutInAnotherCurrency) {
  run_sql(
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES ('EUR', '2026-02-27', "
      "1.2)");
  stand(balance("500"));
  pass(hours(1));
  stand(balance("380"));
  auto in_euros = payout("P1", "paid", "50", now);
  in_euros.values[2].second = "EUR";
  pay(in_euros);  // 60 of the 120
  judge();
  EXPECT_EQ(open("balance_dropped"), "The balance at broker-1 fell by 120.00 USD");
  in_euros.values[1].second = "100";
  pay(in_euros);
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
}

// A payout explains no more than its amount, and that once.
TEST_F(AlertsOfMoney, BalanceDroppedTellsOfTheFallsThatOnePayoutLeaves) {
  auto const stand_at = [&](std::vector<std::string> const& amounts) {
    std::vector<TestRow> wallets;
    for (auto const& amount : amounts) {
      wallets.push_back(balance(amount));
      wallets.back().key = "wallet-" + std::to_string(wallets.size());
    }
    store_rows("wallet", "balance", wallets);
  };
  auto const told = [&] {
    return value(
        "SELECT string_agg(amount::text, ' ' ORDER BY amount, cause) FROM affsync.alert"
        " WHERE rule = 'balance_dropped' AND closed_at IS NULL");
  };
  stand_at({"1000", "1000", "1000", "1000", "1000"});
  pass(days(1));
  stand_at({"990", "1000", "1000", "1000", "1000"});
  stand_at({"890", "910", "909.99", "910", "910"});
  // A payout of four weeks ago that is listed only now.
  pay(payout("P1", "paid", "100", now - days(28)));
  judge();
  EXPECT_EQ(told(), "90 90 90 110");
  // What it explained, it explains for as long as it is told.
  pass(days(2));
  judge();
  EXPECT_EQ(told(), "90 90 90 110");
  // Two more: one for two of them, one for a third.
  pay(payout("P2", "paid", "180", now));
  pay(payout("P3", "paid", "110", now));
  judge();
  EXPECT_EQ(told(), "90");
}

TEST_F(AlertsOfMoney, BalanceDroppedKnowsWhatAPayoutExplainedDaysAgo) {
  stand(balance("500"));
  pass(hours(1));
  pay(payout("P1", "paid", "100", now));
  stand(balance("400"));
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
  pass(days(2));
  stand(balance("600"));  // earned since
  pass(days(2));
  stand(balance("500"));
  judge();
  EXPECT_EQ(open("balance_dropped"), "The balance at broker-1 fell by 100.00 USD");
}

TEST_F(AlertsOfMoney, BalanceDroppedIsExplainedForEachMetricByOnePayout) {
  auto const both = [&](std::string const& amount) {
    std::vector<TestRow> rows{balance(amount), balance(amount)};
    rows[1].key = "total";
    rows[1].values[0].second = "total";
    store_rows("wallet", "balance", rows);
  };
  both("500");
  pass(hours(1));
  both("400");
  pay(payout("P1", "paid", "100", now));
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
}

TEST_F(AlertsOfMoney, RatesMissingTellsOfACurrencyWithoutARate) {
  earn({commission("1", "C7", "100", "2026-02-20", "XYZ"),
        commission("2", "C7", "40", "2026-02-21", "XYZ")});
  loop.run(store->fold_earnings(20'000));
  judge();
  EXPECT_EQ(open("rates_missing"), "No rate for XYZ");
  EXPECT_EQ(text_of_open("rates_missing"),
            "140.00 XYZ of broker-1, 20-21 Feb 2026, is in no sum in US dollars.");
}

TEST_F(AlertsOfMoney, RatesMissingIsQuietAboutWhatHasARateAndWhatIsOld) {
  run_sql(
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES ('EUR', '2026-02-17',"
      " 1.10)");
  auto own = commission("4", "C7", "100", "2026-02-20", "ABC");
  own.values.emplace_back("amount_usd", "12");
  earn({commission("1", "C7", "100", "2026-02-20", "EUR"),
        commission("2", "C7", "100", "2026-02-20", "USC"),
        commission("3", "C7", "100", "2026-01-20", "XYZ"), own});
  loop.run(store->fold_earnings(20'000));
  judge();
  EXPECT_EQ(open("rates_missing"), "");
}

}  // namespace
}  // namespace affsync::schema::test::alerts_money_test
