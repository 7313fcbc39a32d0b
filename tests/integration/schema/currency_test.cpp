// The value of an amount in US dollars, and how a report states its origin.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::currency_test {
namespace {

class Currency : public StoreTest {
 protected:
  // Stores one commission row with its own key on a day; `usd` is the broker's value.
  void earn(std::string const& key, char const* currency, char const* amount, char const* day,
            std::optional<std::string> usd = std::nullopt) {
    write(begin("rewards"), "commission",
          {{key,
            {{"currency", currency},
             {"amount", amount},
             {"amount_usd", std::move(usd)},
             {"occurred_on", day},
             {"grain", "day"}}}});
  }
  // `source` as in fx_rate: 0 means entered by hand.
  void rate(int of_source, char const* currency, char const* day, char const* usd) {
    sql(url,
        "INSERT INTO affsync.fx_rate (source_id, stream, currency, on_date, usd_rate, provider)"
        " VALUES (" +
            std::to_string(of_source) + ", 's', '" + currency + "', '" + day + "', " + usd +
            ", 'provider')");
  }
  std::string usd_of(std::string const& key) {
    return value(
        "SELECT coalesce(trim_scale(amount_usd)::text, '-') || ' ' ||"
        " coalesce(usd_origin, '-') FROM affsync.commission_books"
        " WHERE external_id = '" +
        key + "'");
  }
};

TEST_F(Currency, EachFigureSaysWhereItIsFrom) {
  earn("broker", "EUR", "10", "2026-01-05", "11.5");
  earn("dollars", "USD", "7.25", "2026-01-05");
  earn("cents", "USC", "250", "2026-01-05");
  earn("euros", "EUR", "10", "2026-01-05");
  earn("euro cents", "EUC", "300", "2026-01-05");
  earn("nowhere", "XYZ", "10", "2026-01-05");
  earn("stable", "USDT", "10", "2026-01-05");
  rate(source, "EUR", "2026-01-05", "1.2");
  EXPECT_EQ(usd_of("broker"), "11.5 broker");
  EXPECT_EQ(usd_of("dollars"), "7.25 same currency");
  EXPECT_EQ(usd_of("cents"), "2.5 fixed rate");
  EXPECT_EQ(usd_of("euros"), "12 fx_rate");
  EXPECT_EQ(usd_of("euro cents"), "3.6 fx_rate");
  EXPECT_EQ(usd_of("nowhere"), "- -");
  // A stablecoin may lose its peg, so it counts as USD only with an entry in currency_unit.
  EXPECT_EQ(usd_of("stable"), "- -");
}

TEST_F(Currency, AStableCoinCountsAsDollarsOnceSomebodySaysSo) {
  earn("stable", "USDT", "10", "2026-01-05");
  sql(url, "INSERT INTO affsync.currency_unit VALUES ('USDT', 'USD', 1)");
  EXPECT_EQ(usd_of("stable"), "10 fixed rate");
}

TEST_F(Currency, ARateHoldsForTheDaysThatHaveNoneForAWeek) {
  rate(source, "EUR", "2026-01-10", "2");
  rate(source, "EUR", "2026-01-12", "3");
  earn("before", "EUR", "1", "2026-01-09");
  earn("that day", "EUR", "1", "2026-01-10");
  earn("day after", "EUR", "1", "2026-01-11");
  earn("next rate", "EUR", "1", "2026-01-12");
  earn("seven days", "EUR", "1", "2026-01-19");
  earn("eight days", "EUR", "1", "2026-01-20");
  EXPECT_EQ(usd_of("before"), "- -");
  EXPECT_EQ(usd_of("that day"), "2 fx_rate");
  EXPECT_EQ(usd_of("day after"), "2 fx_rate");
  EXPECT_EQ(usd_of("next rate"), "3 fx_rate");
  EXPECT_EQ(usd_of("seven days"), "3 fx_rate");
  EXPECT_EQ(usd_of("eight days"), "- -");
}

TEST_F(Currency, OfSeveralProvidersOneIsTakenAndNoRowIsDoubled) {
  int const other = loop.run(store->register_source("rates-2", "fx", "https://fx.example"));
  ASSERT_GT(other, source);
  earn("e", "EUR", "1", "2026-01-05");
  rate(other, "EUR", "2026-01-05", "9");
  EXPECT_EQ(usd_of("e"), "9 fx_rate");
  rate(source, "EUR", "2026-01-05", "2");
  EXPECT_EQ(usd_of("e"), "2 fx_rate");
  rate(source, "EUR", "2026-01-04", "5");  // an earlier day has no priority
  EXPECT_EQ(usd_of("e"), "2 fx_rate");
  rate(0, "EUR", "2026-01-05", "4");
  EXPECT_EQ(usd_of("e"), "4 fx_rate");
  Cells const day{"1", "1", "4", "0"};
  EXPECT_EQ(rows("SELECT count(*), sum(rows), sum(amount_usd), sum(rows_without_usd)"
                 " FROM reporting.earnings_daily")
                .at(0),
            day);
}

TEST_F(Currency, ABrokersOwnFiguresImplyARateForItsOtherRows) {
  // Per row 0.25, 0.252 and 0.254: the median is the second. Rows below a dollar and totals do not
  // count.
  earn("a", "MYR", "40", "2026-01-05", "10");
  earn("b", "MYR", "100", "2026-01-05", "25.2");
  earn("c", "MYR", "10", "2026-01-05", "2.54");
  earn("small", "MYR", "1", "2026-01-05", "0.99");
  earn("without", "MYR", "1000", "2026-01-06");
  EXPECT_EQ(usd_of("without"), "252 implied");
  Cells const implied{"MYR", "2026-01-05", "0.252", "implied:broker-1", "3"};
  EXPECT_EQ(rows("SELECT currency, on_date, trim_scale(usd_rate), provider, rows"
                 " FROM affsync.fx_implied")
                .at(0),
            implied);
  rate(source, "MYR", "2026-01-01", "0.3");  // a rate entered by hand has priority
  EXPECT_EQ(usd_of("without"), "300 fx_rate");
}

TEST_F(Currency, RowsThatAreTooFewOrDisagreeImplyNothing) {
  earn("a", "MYR", "40", "2026-01-05", "10");
  earn("b", "MYR", "40", "2026-01-05", "10");
  earn("without", "MYR", "1000", "2026-01-05");
  EXPECT_EQ(usd_of("without"), "- -");
  for (auto const* amount : {"30", "20", "10"}) earn(amount, "MYR", amount, "2026-01-05", "10");
  EXPECT_EQ(usd_of("without"), "- -");
}

TEST_F(Currency, ASumTellsWhenItDoesNotKnowEveryRow) {
  earn("known", "EUR", "10", "2026-01-05", "12");
  EXPECT_EQ(value("SELECT concat_ws(' ', amount, amount_usd, rows_without_usd)"
                  " FROM reporting.earnings_daily"),
            "10 12 0");
  earn("unknown", "EUR", "20", "2026-01-05");
  EXPECT_EQ(value("SELECT concat_ws(' ', amount, coalesce(amount_usd::text, '-'),"
                  " rows_without_usd, usd_origin) FROM reporting.earnings_daily"),
            "30 - 1 broker");
  rate(source, "EUR", "2026-01-05", "1.5");
  EXPECT_EQ(value("SELECT concat_ws(' ', amount, amount_usd, rows_without_usd, usd_origin)"
                  " FROM reporting.earnings_daily"),
            "30 42.0 0 mixed");
}

TEST_F(Currency, RebatesAndPayoutsAreConvertedByTheSameRules) {
  rate(source, "EUR", "2026-01-10", "2");
  write(begin("payouts"), "payout",
        {{"p", {{"amount", "5"}, {"currency", "EUR"}, {"paid_at", "2026-01-12T23:30:00Z"}}},
         {"q", {{"amount", "5"}, {"currency", "EUR"}, {"requested_at", "2026-01-09T00:00:00Z"}}},
         {"c", {{"amount", "5"}, {"currency", "USC"}}}});
  std::vector<Cells> const payouts{
      {"c", "0.05", "fixed rate"}, {"p", "10", "fx_rate"}, {"q", std::nullopt, std::nullopt}};
  EXPECT_EQ(rows("SELECT external_id, amount_usd, usd_origin FROM reporting.payouts ORDER BY 1"),
            payouts);
  write(begin("rebates"), "rebate",
        {{"r",
          {{"amount", "5"},
           {"currency", "EUR"},
           {"amount_usd", "11"},
           {"basis_amount", "20"},
           {"occurred_at", "2026-01-11T00:00:00Z"}}},
         {"total", {{"amount", "5"}, {"currency", "EUR"}, {"grain", "lifetime"}}}});
  std::vector<Cells> const rebates{{"r", "11", "29", "broker"},
                                   {"total", std::nullopt, std::nullopt, std::nullopt}};
  EXPECT_EQ(rows("SELECT external_id, amount_usd, net_usd, usd_origin FROM reporting.rebates"
                 " ORDER BY 1"),
            rebates);
}

}  // namespace
}  // namespace affsync::schema::test::currency_test
