// Money that was taken back stays told, in the currency in which it was taken, when the broker
// states the row in another currency afterwards: what it is worth there says nothing of what was
// taken.
#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_currencies_test {
namespace {

using std::chrono::hours;

class AlertsOfCurrencies : public AlertsTest {
 protected:
  AlertsOfCurrencies() { feed("rewards", "commission"); }

  void earn(std::string const& amount, std::string const& currency = "USD",
            std::string const& status = "accrued") {
    pass(hours(1));
    store_rows("rewards", "commission",
               {commission("1", "C7", amount, "2026-02-20", currency, status)});
  }
  std::string lowered() {
    judge();
    return open("commission_lowered");
  }
};

TEST_F(AlertsOfCurrencies, WhatWasTakenStaysToldWhenTheRowIsRestated) {
  earn("100");
  earn("10");
  EXPECT_EQ(lowered(), "broker-1 took back 90.00 USD");
  EXPECT_EQ(told(), "broker-1 took back 90.00 USD\n");
  earn("10", "JPY");
  EXPECT_EQ(lowered(), "broker-1 took back 90.00 USD");
  EXPECT_EQ(told(), "");
  EXPECT_EQ(text_of_open("commission_lowered"),
            "1 lowered; client C7; for 20 Feb 2026. It was 100.00 USD since 1 Mar 01:00 UTC, now it"
            " is 10.00 USD.");
}

TEST_F(AlertsOfCurrencies, WhatIsTakenInEachCurrencyIsTold) {
  earn("100");
  earn("70");
  earn("9000", "JPY");
  earn("8000", "JPY");
  EXPECT_EQ(lowered(), "broker-1 took back 1000.00 JPY\nbroker-1 took back 30.00 USD");
}

TEST_F(AlertsOfCurrencies, WhatIsGivenBackInItsOwnCurrencyIsOver) {
  earn("100");
  earn("10");
  EXPECT_EQ(lowered(), "broker-1 took back 90.00 USD");
  earn("10", "JPY");
  earn("100", "USD");
  EXPECT_EQ(lowered(), "");
  earn("60", "EUR");
  EXPECT_EQ(lowered(), "");
}

TEST_F(AlertsOfCurrencies, ARestatementItselfIsNoLoss) {
  earn("100");
  earn("1", "EUR");
  EXPECT_EQ(lowered(), "");
  earn("100");
  EXPECT_EQ(lowered(), "");
  earn("90", "EUR");
  earn("0.50", "BTC");
  EXPECT_EQ(lowered(), "");
}

// The same in every currency: nothing.
TEST_F(AlertsOfCurrencies, WhatIsRejectedAndRestatedAtOnceIsALoss) {
  earn("100");
  earn("90", "EUR", "rejected");
  EXPECT_EQ(lowered(), "broker-1 took back 100.00 USD");
  earn("90", "EUR");
  EXPECT_EQ(lowered(), "");
}

TEST_F(AlertsOfCurrencies, WhatLeftTheListAndCameBackInAnotherCurrencyIsNotLowered) {
  earn("100");
  pass(hours(1));
  vanish("rewards", "commission", {});
  earn("90", "EUR");
  EXPECT_EQ(lowered(), "");
  EXPECT_EQ(open("commission_vanished"), "");
  earn("80", "EUR");
  EXPECT_EQ(lowered(), "broker-1 took back 10.00 EUR");
}

TEST_F(AlertsOfCurrencies, WhatLeavesTheListIsLostInItsLastCurrency) {
  earn("100");
  earn("40");
  earn("30", "EUR");
  pass(hours(1));
  vanish("rewards", "commission", {});
  EXPECT_EQ(lowered(), "broker-1 took back 60.00 USD");
  EXPECT_EQ(open("commission_vanished"), "broker-1 no longer lists 30.00 EUR");
}

// Cents, or days that are cut in another way.
TEST_F(AlertsOfCurrencies, WhatWasTakenStaysToldWhenTheRowIsMappedAnew) {
  auto const remap = [&](std::string const& amount) {
    earn(amount);
    run_sql(
        "UPDATE affsync.record_change SET operation = 'remap' WHERE change_id ="
        " (SELECT max(change_id) FROM affsync.record_change)");
  };
  earn("100");
  earn("70");
  EXPECT_EQ(lowered(), "broker-1 took back 30.00 USD");
  remap("7000");
  EXPECT_EQ(lowered(), "broker-1 took back 30.00 USD");
  remap("0.70");
  EXPECT_EQ(lowered(), "broker-1 took back 30.00 USD");
  // What is taken after that is in the amounts of the new mapping.
  earn("0.50");
  EXPECT_EQ(lowered(), "broker-1 took back 30.20 USD");
}

}  // namespace
}  // namespace affsync::schema::test::alerts_currencies_test
