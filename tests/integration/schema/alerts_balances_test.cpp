// What the rule balance_dropped tells of balances that leave the list, and how amounts are written.
#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_balances_test {
namespace {

using std::chrono::days;
using std::chrono::hours;

class AlertsOfBalances : public AlertsTest {
 protected:
  AlertsOfBalances() {
    feed("wallet", "balance");
    feed("payouts", "payout");
  }
  TestRow balance(std::string const& key, std::string const& amount,
                  std::string const& reserved = "0") {
    TestRow row;
    row.key = key;
    row.values = {{"metric", "available"}, {"currency", "USD"}, {"amount", amount}};
    if (!reserved.empty()) row.values.emplace_back("reserved", reserved);
    return row;
  }
  void stand(std::vector<TestRow> const& rows) { store_rows("wallet", "balance", rows); }
  // As a pass does that no longer finds it.
  void leave(std::string const& key, std::string const& why = "{}") {
    auto const of = " WHERE stream = 'wallet' AND external_id = '" + key + "'";
    run_sql("UPDATE affsync.balance SET deleted_at = " + at() + ", changed_at = " + at() + of);
    run_sql(
        "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id, run_id,"
        " changed_at, operation, before, after) SELECT source_id, 'balance', stream, external_id,"
        " run_id, " +
        at() + ", 'delete', '{\"deleted_at\": null}', jsonb_build_object('deleted_at', " + at() +
        ") || '" + why + "' FROM affsync.balance" + of);
  }
  void pay(std::string const& amount) {
    TestRow row;
    row.key = "P1";
    row.values = {
        {"status", "paid"}, {"amount", amount}, {"currency", "USD"}, {"paid_at", format_time(now)}};
    store_rows("payouts", "payout", {row});
  }
};

TEST_F(AlertsOfBalances, OneThatLeavesTheListFellToNothing) {
  stand({balance("main", "500"), balance("other", "7")});
  pass(hours(1));
  leave("main");
  judge();
  EXPECT_EQ(open("balance_dropped"), "The balance at broker-1 fell by 500.00 USD");
  EXPECT_EQ(text_of_open("balance_dropped"),
            "From 500.00 USD to 0.00 USD (no longer listed), available, found at 1 Mar 01:00 UTC."
            " No payout explains it.");
  // It comes back.
  pass(hours(1));
  stand({balance("main", "500")});
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
}

TEST_F(AlertsOfBalances, WhatFellBeforeItLeftTheListIsOneFall) {
  stand({balance("main", "500")});
  pass(hours(1));
  stand({balance("main", "300")});
  pass(hours(1));
  leave("main");
  judge();
  EXPECT_EQ(open("balance_dropped"), "The balance at broker-1 fell by 500.00 USD");
}

TEST_F(AlertsOfBalances, APayoutExplainsThatOneLeavesTheList) {
  stand({balance("main", "500")});
  pass(hours(1));
  pay("500");
  leave("main");
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
}

TEST_F(AlertsOfBalances, OneUnderAnotherNumberOrThatWentBecauseOfUsDidNotFall) {
  stand({balance("main", "500"), balance("ours", "900")});
  pass(hours(1));
  stand({balance("another", "500")});
  leave("main");
  leave("ours", "{\"ours\": \"window\"}");
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
}

TEST_F(AlertsOfBalances, OnesOfAStreamThatIsNotReadAnyMoreDidNotFall) {
  stand({balance("main", "500")});
  pass(hours(1));
  leave("main");
  run_sql("UPDATE affsync.stream SET retired_at = " + at() + " WHERE stream = 'wallet'");
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
}

TEST_F(AlertsOfBalances, WhatBecameReservedDidNotFallAlsoIfNothingWasSaidOfItBefore) {
  stand({balance("main", "500", "")});
  pass(hours(1));
  stand({balance("main", "380", "120")});
  judge();
  EXPECT_EQ(open("balance_dropped"), "");
}

TEST_F(AlertsOfBalances, NoAmountIsRoundedToWhatItIsNot) {
  EXPECT_EQ(value("SELECT string_agg(affsync.money_text(a, 'ETH', u), ' | ' ORDER BY n)"
                  " FROM (VALUES (1, 0.000000004, 0.000012), (2, 1.000001, 2000.126),"
                  " (3, 98.999999, NULL), (4, 5, 0.000000000123), (5, 0, 0), (6, 12.50, 14.0625))"
                  " v (n, a, u)"),
            "0.000000004 ETH (0.000012 USD) | 1.000001 ETH (2000.13 USD) | 98.999999 ETH"
            " | 5.00 ETH (0.00000000012 USD) | 0.00 ETH (0.00 USD) | 12.50 ETH (14.06 USD)");
}

TEST_F(AlertsOfBalances, WhatWasToldLastIsWrittenAsWhatIsToldNow) {
  feed("rewards", "commission");
  auto const earn = [&](std::string const& amount) {
    store_rows("rewards", "commission", {commission("1", "C7", amount, "2026-02-20")});
  };
  earn("300");
  pass(days(1));
  earn("295");
  judge();
  told();
  pass(hours(1));
  earn("95");
  judge();
  auto const messages = take();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].title, "Has grown: broker-1 took back 205.00 USD");
  EXPECT_NE(messages[0].body.find("It was 5.00 USD when you were told last."), std::string::npos);
}

TEST_F(AlertsOfBalances, WhatWasOverAtOnceLastedNoTime) {
  store_rows("payouts", "payout", {});
  TestRow refused;
  refused.key = "P1";
  refused.values = {{"status", "rejected"},
                    {"amount", "5"},
                    {"currency", "USD"},
                    {"rejected_at", format_time(now)}};
  store_rows("payouts", "payout", {refused});
  judge();
  run_sql("DELETE FROM affsync.payout");
  judge();
  auto const messages = take();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].title, "Was, and is over: broker-1 refused to pay 5.00 USD");
  EXPECT_EQ(messages[0].body.find("It lasted"), std::string::npos);
}

}  // namespace
}  // namespace affsync::schema::test::alerts_balances_test
