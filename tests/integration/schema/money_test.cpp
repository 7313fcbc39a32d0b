// Money that brokers change, revoke or report in two ways. All expected values were computed by
// hand.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::money_test {
namespace {

using Values = std::vector<std::pair<std::string, std::optional<std::string>>>;

class Money : public StoreTest {
 protected:
  void put(std::string const& stream, std::string_view table, std::vector<TestRow> const& rows) {
    write(begin(stream), table, rows);
  }
  void next_day(int days = 1) { now += std::chrono::hours(24 * days); }
  static TestRow row(std::string key, Values values) { return {std::move(key), std::move(values)}; }
  static TestRow dated(std::string key, char const* status, char const* amount,
                       char const* currency = "USD", Values more = {}) {
    more.insert(more.end(), {{"occurred_on", "2026-01-05"},
                             {"status", status},
                             {"amount", amount},
                             {"currency", currency},
                             {"kind", "cpa"},
                             {"grain", "day"}});
    return {std::move(key), std::move(more)};
  }
  static TestRow total(std::string key, char const* amount, char const* currency = "USD",
                       Values more = {}) {
    more.insert(
        more.end(),
        {{"amount", amount}, {"currency", currency}, {"kind", "lot"}, {"grain", "lifetime"}});
    return {std::move(key), std::move(more)};
  }
};

// ---- what counts

TEST_F(Money, ARowSaysWhetherItCounts) {
  put("rewards", "commission",
      {dated("a", "paid", "10"), dated("b", "rejected", "100"), dated("c", "reversed", "50"),
       dated("d", "unknown", "2")});
  auto no_state = dated("e", "", "3");
  no_state.values[1].second = std::nullopt;
  put("rewards", "commission", {no_state});
  std::vector<Cells> const wanted{{"paid", "10", "t"},
                                  {"rejected", "100", "f"},
                                  {"reversed", "50", "f"},
                                  {"unknown", "2", "t"},
                                  {std::nullopt, "3", "t"}};
  EXPECT_EQ(rows("SELECT status, amount, counts FROM reporting.earnings_daily ORDER BY status"),
            wanted);
  EXPECT_EQ(value("SELECT sum(amount) FROM reporting.earnings_daily WHERE counts"), "15");
  put("rebates", "rebate",
      {row("r", {{"amount", "1"}, {"currency", "USD"}, {"status", "rejected"}}),
       row("s", {{"amount", "2"}, {"currency", "USD"}})});
  EXPECT_EQ(value("SELECT sum(amount) FROM reporting.rebates WHERE counts"), "2");
}

TEST_F(Money, EveryViewOfReportsNamesItsSourceById) {
  EXPECT_EQ(value("SELECT string_agg(c.relname, ' ') FROM pg_class c"
                  " WHERE c.relnamespace = 'reporting'::regnamespace AND c.relkind = 'v'"
                  " AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid"
                  " AND a.attname = 'source_id' AND a.atttypid = 'integer'::regtype)"),
            "(null)");
}

// ---- running totals

TEST_F(Money, ARunningTotalGrowsInTheCurrencyOfItsTime) {
  put("totals", "commission", {total("t", "100", "USD")});
  put("totals", "commission", {total("t", "110", "USD")});
  put("totals", "commission", {total("t", "95", "EUR")});  // it is unknown how much of it is new
  put("totals", "commission", {total("t", "99", "EUR")});
  std::vector<Cells> const wanted{{"EUR", "4"}, {"USD", "10"}};
  EXPECT_EQ(rows("SELECT currency, sum(amount) FROM reporting.earnings_daily GROUP BY currency"
                 " ORDER BY currency"),
            wanted);
}

TEST_F(Money, WhatARunningTotalGrewStaysInItsDayWhenItsRowLeavesTheList) {
  put("totals", "commission", {total("t", "100"), total("u", "7")});
  next_day();  // 2 March
  put("totals", "commission", {total("t", "110"), total("u", "7")});
  next_day(3);  // 5 March
  vanish("totals", "commission", {"u"});
  std::vector<Cells> const earned{{"2026-03-02", "10", "t"}};
  EXPECT_EQ(rows("SELECT day, amount, counts FROM reporting.earnings_daily"), earned);
  std::vector<Cells> const taken{
      {"2026-03-05", "vanished", "t", "USD", "10", "0", "-10", std::nullopt}};
  EXPECT_EQ(rows("SELECT changed_at::date, reason, external_id, currency, before, after,"
                 " difference, occurred_on FROM reporting.clawbacks"),
            taken);
}

TEST_F(Money, ARunningTotalThatIsRejectedCountsNoLongerAndIsTakenBack) {
  put("totals", "commission", {total("t", "100", "USD", {{"status", "approved"}})});
  put("totals", "commission", {total("t", "130", "USD", {{"status", "approved"}})});
  put("totals", "commission", {total("t", "120", "USD", {{"status", "approved"}})});
  EXPECT_EQ(value("SELECT sum(amount) FROM reporting.earnings_daily WHERE counts"), "20");
  // A decrease is negative growth, and taken back.
  EXPECT_EQ(value("SELECT difference FROM reporting.clawbacks"), "-10");
  put("totals", "commission", {total("t", "120", "USD", {{"status", "rejected"}})});
  EXPECT_EQ(value("SELECT sum(amount) FROM reporting.earnings_daily WHERE counts"), "(null)");
  std::vector<Cells> const taken{{"lowered", "30", "20", "-10"}, {"rejected", "20", "0", "-20"}};
  EXPECT_EQ(rows("SELECT reason, before, after, difference FROM reporting.clawbacks"
                 " ORDER BY before DESC"),
            taken);
}

// A broker may send no total for a while.
TEST_F(Money, ARunningTotalKeepsItsGrowthOverReadingsWithoutIt) {
  auto const put_total = [&](std::optional<std::string> amount, std::optional<std::string> currency,
                             std::optional<std::string> lots) {
    auto row = total("t", "0");
    for (auto& [name, value] : row.values) {
      if (name == "amount") value = amount;
      if (name == "currency") value = currency;
    }
    row.values.emplace_back("volume_lots", lots);
    put("totals", "commission", {row});
    next_day();
  };
  put_total("100", "USD", "1");           // 1 March
  put_total(std::nullopt, "USD", "1");    // 2 March
  put_total(std::nullopt, "USD", "1.5");  // 3 March
  put_total("120", "USD", "2");           // 4 March
  put_total("125", "USD", std::nullopt);  // 5 March
  put_total(std::nullopt, std::nullopt, std::nullopt);
  put_total(std::nullopt, std::nullopt, std::nullopt);
  put_total("130", "USD", "4");  // 8 March: the currency was missing as well
  put_total(std::nullopt, "USD", "4");
  put_total("7", "EUR", "4");  // another currency
  put_total(std::nullopt, "EUR", "4");
  put_total("9", "EUR", "4");  // 12 March
  std::vector<Cells> const wanted{{"2026-03-03", "USD", "0", "0.5"},
                                  {"2026-03-04", "USD", "20", "0.5"},
                                  {"2026-03-05", "USD", "5", std::nullopt},
                                  {"2026-03-08", "USD", "5", "2"},
                                  {"2026-03-12", "EUR", "2", std::nullopt}};
  for (std::string const view : {"reporting.earnings_daily", "affsync.earnings_by_row"}) {
    EXPECT_EQ(rows("SELECT day, currency, amount, volume_lots FROM " + view + " ORDER BY day"),
              wanted)
        << view;
  }
  // It grew after the last reading that found the old total.
  EXPECT_EQ(value("SELECT string_agg(since::date::text, ' ' ORDER BY day)"
                  " FROM affsync.commission_steps WHERE amount > 0"),
            "2026-03-01 2026-03-04 2026-03-05 2026-03-10");
}

TEST_F(Money, ARunningTotalOfRebatesKeepsItsGrowthOverReadingsWithoutIt) {
  auto const put_total = [&](std::optional<std::string> amount) {
    put("totals", "rebate",
        {{"t",
          {{"client_ref", "c"}, {"amount", amount}, {"currency", "USD"}, {"grain", "lifetime"}}}});
    next_day();
  };
  put_total("100");
  put_total(std::nullopt);
  put_total("120");
  std::vector<Cells> const wanted{{"2026-03-03", "20", "2026-03-01"}};
  EXPECT_EQ(rows("SELECT day, amount, since::date FROM affsync.rebate_flows"), wanted);
}

// The broker's dollars of a step are those of its time, whatever the row has now.
TEST_F(Money, DollarsThatComeLaterOrGoAwayChangeNoEarlierStep) {
  auto const put_total = [&](std::string const& key, char const* amount,
                             std::optional<std::string> usd) {
    auto one = total(key, amount, "USD", {{"amount_usd", usd}});
    put("totals", "commission", {one});
    one.values = {{"client_ref", "c"},
                  {"amount", amount},
                  {"currency", "USD"},
                  {"amount_usd", usd},
                  {"grain", "lifetime"}};
    put("passed on", "rebate", {one});
    next_day();
  };
  put_total("later", "100", std::nullopt);
  put_total("later", "150", std::nullopt);  // 2 March
  put_total("later", "150", "150");         // the broker tells them from now on
  put_total("later", "170", "171");         // 4 March
  put_total("gone", "100", "100");
  put_total("gone", "150", "151");  // 6 March
  put_total("gone", "160", std::nullopt);
  put_total("gone", "170", "171");  // 8 March: its first 10 were converted the day before
  put_total("gone", "180", std::nullopt);
  std::vector<Cells> const wanted{
      {"2026-03-02", "50", "50", "same currency"}, {"2026-03-04", "20", "21", "broker"},
      {"2026-03-06", "50", "51", "broker"},        {"2026-03-07", "10", "10", "same currency"},
      {"2026-03-08", "10", "10", "same currency"}, {"2026-03-09", "10", "10", "same currency"}};
  EXPECT_EQ(rows("SELECT day, amount, amount_usd, usd_origin FROM affsync.commission_steps"
                 " WHERE amount > 0 ORDER BY day"),
            wanted);
  EXPECT_EQ(rows("SELECT day, amount, amount_usd, usd_origin FROM affsync.rebate_steps"
                 " WHERE amount > 0 ORDER BY day"),
            wanted);
  EXPECT_EQ(value("SELECT sum(amount_usd) FROM affsync.commission_steps"), "152");
}

// What a total loses is taken back like what a dated row loses: of the growth that had counted, or
// beyond it. What is lost while it counts nothing is not.
TEST_F(Money, ATotalThatFallsIsAClawback) {
  auto const stands = [&](std::optional<std::string> amount, char const* status = "accrued",
                          char const* currency = "USD") {
    auto row = total("t", "0", currency, {{"status", status}});
    row.values[1].second = std::move(amount);
    put("totals", "commission", {row});
  };
  stands("100");
  stands("150");
  stands("130");  // 20 of the 50 that had counted
  stands("90");   // more than was left of them
  stands("120");
  stands(std::nullopt);  // not known for a while
  stands("115");
  stands("60", "rejected");  // it counted 15 then
  stands("40", "rejected");
  stands("50", "accrued");
  stands("45", "accrued", "EUR");
  stands("44", "accrued", "EUR");
  std::vector<Cells> const wanted{{"lowered", "30", "-10", "-40", "USD"},
                                  {"lowered", "50", "30", "-20", "USD"},
                                  {"rejected", "15", "0", "-15", "USD"},
                                  {"lowered", "20", "15", "-5", "USD"},
                                  {"lowered", "0", "-1", "-1", "EUR"}};
  EXPECT_EQ(rows("SELECT reason, before, after, difference, currency FROM reporting.clawbacks"
                 " ORDER BY difference"),
            wanted);
}

// A total that comes under its new key is still owed.
TEST_F(Money, AnotherKeyTakesNoGrowthBack) {
  put("totals", "commission", {total("t", "100"), total("u", "5"), total("v", "5")});
  put("totals", "commission", {total("t", "150"), total("u", "6")});
  vanish("totals", "commission", {"u", "v"});
  vanish("totals", "commission", {"v"});
  EXPECT_EQ(value("SELECT count(*) FROM reporting.clawbacks"), "2");
  sql(url,
      "UPDATE affsync.record_change SET before = before || '{\"counted\": 150}',"
      " after = after || '{\"counted\": 150}'"
      " WHERE operation = 'delete' AND external_id = 't'");
  std::vector<Cells> const wanted{{"u", "-1"}};
  EXPECT_EQ(rows("SELECT external_id, difference FROM reporting.clawbacks"), wanted);
}

// Neither what another mapping made of a total, nor what it grew under another key meanwhile.
TEST_F(Money, ARunningTotalGrowsByNothingThatIsOurs) {
  auto const grown = [&](std::string const& table) {
    auto const steps = [&](std::string const& view) {
      return value("SELECT string_agg(amount::text, ' ' ORDER BY change_id) FROM affsync." + table +
                   view);
    };
    while (value("SELECT affsync.fold_earnings()") == "t") continue;
    EXPECT_EQ(steps("_steps"), steps("_steps_by_row"));
    return steps("_steps");
  };
  for (std::string const table : {"commission", "rebate"}) {
    auto const put_total = [&](std::optional<std::string> amount) {
      put(table + "_totals", table,
          {{"t",
            {{"client_ref", "c"}, {"amount", amount}, {"currency", "USD"}, {"grain", "lifetime"}}},
           {"u", {{"client_ref", "c"}, {"currency", "USD"}, {"grain", "lifetime"}}}});
      next_day();
    };
    auto const change_last = [&](std::string const& to) {
      sql(url, "UPDATE affsync.record_change SET " + to +
                   " WHERE change_id = (SELECT max(change_id) FROM affsync.record_change)");
    };
    auto const remap_to = [&](std::optional<std::string> amount) {
      put_total(amount);
      change_last("operation = 'remap'");
    };
    put_total("100");
    put_total("150");
    remap_to("15000");
    EXPECT_EQ(grown(table), "50");
    put_total("15300");
    put_total(std::nullopt);
    put_total("15400");  // known before: 15300
    EXPECT_EQ(grown(table), "50 300 100");
    put_total(std::nullopt);
    remap_to("155");  // of what was known before, the unit is another
    put_total("157");
    remap_to(std::nullopt);
    put_total("158");
    EXPECT_EQ(grown(table), "50 300 100 2");
    put_total(std::nullopt);
    put_total("159");
    EXPECT_EQ(grown(table), "50 300 100 2 1");
    for (auto const* ours : {"key", "where"}) {
      vanish(table + "_totals", table, {"u"});
      put_total("200");
      change_last("before = before || '{\"ours\": \"" + std::string(ours) + "\"}'");
      EXPECT_EQ(grown(table),
                ours == std::string("key") ? "50 300 100 2 1" : "50 300 100 2 1 4 41");
      put_total(std::nullopt);
      vanish(table + "_totals", table, {"u"});
      put_total(std::nullopt);
      change_last("before = before || '{\"ours\": \"" + std::string(ours) + "\"}'");
      put_total("155");  // under another key it may have grown before
      put_total("159");
    }
    EXPECT_EQ(grown(table), "50 300 100 2 1 4 41 -45 4");
  }
}

// A daemon that did not run knows the growth, but not when it happened.
TEST_F(Money, AStepKnowsBetweenWhichReadingsItGrew) {
  end(begin("totals"));
  auto run = begin("totals");  // 1 March
  write(run, "commission", {total("t", "100")});
  end(run);
  next_day(4);  // 5 March: read, without growth
  run = begin("totals");
  write(run, "commission", {total("t", "100")});
  end(run);
  next_day(40);  // 14 April
  run = begin("totals");
  write(run, "commission", {total("t", "148")});
  end(run);
  Cells const step{"48", "2026-04-14", "2026-03-05", "2026-04-14"};
  EXPECT_EQ(
      rows("SELECT amount, day, since::date, until::date FROM affsync.commission_steps").at(0),
      step);
  EXPECT_EQ(value("SELECT since::date FROM reporting.earnings_daily"), "2026-03-05");
  // Runs are not kept forever. Without them the step begins at the last change or the first
  // reading.
  sql(url, "DELETE FROM affsync.sync_run");
  EXPECT_EQ(value("SELECT since::date FROM affsync.commission_steps"), "2026-03-01");
}

// ---- changes after the fact

TEST_F(Money, NoDifferenceIsMadeOfTwoCurrencies) {
  put("rewards", "commission", {dated("a", "paid", "110", "USD"), dated("b", "paid", "20", "USD")});
  put("rewards", "commission", {dated("a", "paid", "100", "USD"), dated("b", "paid", "20", "USD")});
  put("rewards", "commission",
      {dated("a", "paid", "95", "EUR"), dated("b", "reversed", "19", "EUR")});
  std::vector<Cells> const changes{
      {"a", "110", "100", "-10", "USD", "USD", std::nullopt},
      {"a", "100", "95", std::nullopt, "USD", "EUR", "currency changed"},
      {"b", "20", "0", "-20", "USD", "USD", std::nullopt}};  // nothing is left in any currency
  EXPECT_EQ(rows("SELECT external_id, before, after, difference, currency_before, currency, reason"
                 " FROM reporting.retroactive_changes ORDER BY external_id, before DESC"),
            changes);
  std::vector<Cells> const taken{{"a", "lowered", "110", "100", "-10", "USD"},
                                 {"a", "currency changed", "100", "95", std::nullopt, "EUR"},
                                 {"b", "reversed", "20", "0", "-20", "USD"}};
  EXPECT_EQ(rows("SELECT external_id, reason, before, after, difference, currency"
                 " FROM reporting.clawbacks ORDER BY external_id, before DESC"),
            taken);
}

TEST_F(Money, ACurrencyThatIsToldOnlyNowIsNoChangeOfIt) {
  auto without = dated("a", "paid", "10");
  without.values[3].second = std::nullopt;
  put("rewards", "commission", {without});
  put("rewards", "commission", {dated("a", "paid", "8", "USD")});
  Cells const change{"10", "8", "-2", "USD", std::nullopt};
  EXPECT_EQ(rows("SELECT before, after, difference, currency, reason"
                 " FROM reporting.retroactive_changes")
                .at(0),
            change);
}

// Reports the amount, neither its dollars nor the original amount.
TEST_F(Money, AChangeOfTheBooksIsToldOnce) {
  put("rewards", "commission", {dated("a", "paid", "10", "USD", {{"amount_usd", "10"}})});
  put("rewards", "commission",
      {dated("a", "paid", "7", "USD", {{"amount_usd", "7"}, {"original_amount", "10"}})});
  declare("orders", "commission", false);
  put("orders", "commission", {dated("o", "paid", "10")});
  put("orders", "commission", {dated("o", "paid", "7")});
  std::vector<Cells> const wanted{{"amount", "-3", "USD"}};
  EXPECT_EQ(rows("SELECT column_name, sum(difference), currency FROM reporting.retroactive_changes"
                 " GROUP BY column_name, currency"),
            wanted);
}

TEST_F(Money, AChangeOfWhatIsRejectedChangesNothing) {
  put("rewards", "commission",
      {dated("void", "rejected", "10"), dated("off", "approved", "10"),
       dated("on", "rejected", "10"), dated("gone", "reversed", "4")});
  put("rewards", "commission",
      {dated("void", "rejected", "5"), dated("off", "rejected", "5"), dated("on", "approved", "9"),
       dated("gone", "reversed", "4")});
  vanish("rewards", "commission", {"void", "off", "on"});
  put("payouts", "payout",
      {row("p", {{"amount", "6"}, {"currency", "USD"}, {"status", "cancelled"}})});
  put("payouts", "payout",
      {row("p", {{"amount", "5"}, {"currency", "USD"}, {"status", "cancelled"}})});
  std::vector<Cells> const wanted{{"off", "10", "0", "-10"}, {"on", "0", "9", "9"}};
  EXPECT_EQ(rows("SELECT external_id, before, after, difference FROM"
                 " reporting.retroactive_changes ORDER BY external_id"),
            wanted);
}

// ---- what is owed

TEST_F(Money, UnpaidIsOnlyWhatCouldBePaid) {
  declare("told", "commission", true, true);
  declare("silent", "commission", true, false);
  put("told", "commission", {dated("a", "approved", "10"), dated("b", "paid", "5")});
  put("silent", "commission", {dated("c", "approved", "1000")});
  std::vector<Cells> const wanted{{"USD", "10", "1"}};
  EXPECT_EQ(rows("SELECT currency, amount, rows FROM reporting.unpaid_commission"), wanted);
  EXPECT_EQ(value("SELECT sum(amount) FROM reporting.earnings_daily WHERE counts"), "1015");
}

TEST_F(Money, BalancesAreThereNowAndOverTime) {
  sql(url,
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES"
      " ('EUR', '2026-03-02', 1.5), ('EUR', (now() AT TIME ZONE 'UTC')::date, 2)");
  auto const balance = [&](char const* amount, char const* reserved, char const* currency) {
    return row("w", {{"metric", "wallet"},
                     {"account", "7"},
                     {"amount", amount},
                     {"reserved", reserved},
                     {"currency", currency}});
  };
  put("wallets", "balance", {balance("100", "5", "EUR"), row("other", {{"metric", "else"}})});
  next_day();
  put("wallets", "balance", {balance("120", "5", "EUR")});
  next_day();
  put("wallets", "balance", {balance("120", "9", "EUR")});
  next_day();
  vanish("wallets", "balance", {"other"});
  next_day();
  put("wallets", "balance", {balance("120", "9", "EUR")});  // the balance is back
  next_day();
  put("wallets", "balance", {balance("90", "9", "USD")});
  std::vector<Cells> const wanted{{"2026-03-01", "2026-03-02", "EUR", "100", "5", "f", "150.0"},
                                  {"2026-03-02", "2026-03-03", "EUR", "120", "5", "f", "180.0"},
                                  {"2026-03-03", "2026-03-04", "EUR", "120", "9", "f", "180.0"},
                                  {"2026-03-05", "2026-03-06", "EUR", "120", "9", "f", "180.0"},
                                  {"2026-03-06", std::nullopt, "USD", "90", "9", "t", "90"}};
  EXPECT_EQ(rows("SELECT since::date, until::date, currency, amount, reserved, is_current,"
                 " amount_usd FROM reporting.balances WHERE metric = 'wallet' AND account = '7'"
                 " ORDER BY since"),
            wanted);
  put("more", "balance", {row("x", {{"metric", "balance"}, {"amount", "3"}, {"currency", "EUR"}})});
  EXPECT_EQ(value("SELECT amount_usd FROM reporting.balances WHERE is_current AND stream = 'more'"),
            "6");
  vanish("wallets", "balance", {"other"});
  EXPECT_EQ(value("SELECT string_agg(external_id, ' ') FROM reporting.balances WHERE is_current"
                  " AND metric <> 'else'"),
            "x");
  // Nobody knows what a source owes that is no longer read.
  sql(url, "UPDATE affsync.source SET retired_at = '2026-03-20'");
  EXPECT_EQ(value("SELECT count(*) FROM reporting.balances WHERE is_current"), "0");
  EXPECT_EQ(value("SELECT until::date FROM reporting.balances WHERE stream = 'more'"),
            "2026-03-20");
}

TEST_F(Money, ARefusedPayoutHasNoDayOfPayment) {
  char const* asked = "2026-01-05T12:00:00Z";
  char const* processed = "2026-01-08T13:00:00Z";
  auto const payout = [&](char const* status) {
    return row(status, {{"status", status},
                        {"amount", "10"},
                        {"currency", "USD"},
                        {"requested_at", asked},
                        {"paid_at", processed}});
  };
  put("payouts", "payout",
      {payout("paid"), payout("unknown"), payout("rejected"), payout("failed"), payout("cancelled"),
       payout("approved")});
  std::vector<Cells> const wanted{
      {"approved", std::nullopt, std::nullopt, "f"}, {"cancelled", std::nullopt, "2026-01-08", "t"},
      {"failed", std::nullopt, "2026-01-08", "t"},   {"paid", "2026-01-08", std::nullopt, "t"},
      {"rejected", std::nullopt, "2026-01-08", "t"}, {"unknown", "2026-01-08", std::nullopt, "t"}};
  EXPECT_EQ(rows("SELECT external_id, paid_at::date, refused_at::date, days_waiting = 3"
                 " FROM reporting.payouts ORDER BY 1"),
            wanted);
}

// ---- who it belongs to

TEST_F(Money, ClientsAddUpToTheEarnings) {
  put("rewards", "commission",
      {dated("a", "paid", "10", "USD", {{"client_ref", "c1"}}), dated("b", "paid", "0.25"),
       dated("c", "approved", "2.5"), dated("d", "rejected", "1000")});
  put("rebates", "rebate",
      {row("r", {{"amount", "1"}, {"currency", "USD"}, {"occurred_at", "2026-01-05T00:00:00Z"}})});
  std::vector<Cells> const wanted{{"c1", "10", "0", "10"}, {std::nullopt, "2.75", "1", "1.75"}};
  EXPECT_EQ(rows("SELECT client_ref, commission_usd, rebate_usd, net_usd"
                 " FROM reporting.client_performance ORDER BY client_ref"),
            wanted);
  EXPECT_EQ(value("SELECT (SELECT sum(commission_usd) FROM reporting.client_performance) ="
                  " (SELECT sum(amount_usd) FROM reporting.earnings_daily WHERE counts)"),
            "t");
}

TEST_F(Money, WhatHasNoClientAndDoesNotCountMakesNoLine) {
  put("rewards", "commission", {dated("d", "rejected", "1000")});
  EXPECT_EQ(value("SELECT count(*) FROM reporting.client_performance"), "0");
}

// A sum of rows minus a lifetime total would be neither of the two.
TEST_F(Money, BothFiguresOfAClientAreOfOneKind) {
  auto const person = [&](char const* ref) {
    return row(ref, {{"client_ref", ref}, {"earned_usd", "60"}, {"rebate_usd", "6"}});
  };
  put("clients", "client", {person("none"), person("void"), person("some"), person("passed")});
  put("rewards", "commission",
      {dated("1", "rejected", "2.50", "USD", {{"client_ref", "void"}}),
       dated("2", "rejected", "2.50", "USD", {{"client_ref", "some"}}),
       dated("3", "approved", "1.50", "USD", {{"client_ref", "some"}})});
  put("rebates", "rebate",
      {row("r", {{"client_ref", "passed"},
                 {"amount", "4"},
                 {"currency", "USD"},
                 {"grain", "lifetime"}})});
  std::vector<Cells> const wanted{{"none", "60", "6", "54", "client", "client"},
                                  {"passed", "0", "4", "-4", std::nullopt, "running totals"},
                                  {"some", "1.50", "0", "1.50", "dated rows", std::nullopt},
                                  {"void", "0", "0", "0", "dated rows", std::nullopt}};
  EXPECT_EQ(rows("SELECT client_ref, commission_usd, rebate_usd, net_usd, commission_from,"
                 " rebate_from FROM reporting.client_performance ORDER BY client_ref"),
            wanted);
}

TEST_F(Money, ClientsOfAFeedThatIsNoMoreAreLeftOut) {
  put("old", "client",
      {row("1", {{"client_ref", "c1"},
                 {"registered_at", "2026-01-02T00:00:00Z"},
                 {"earned_usd", "77"}})});
  put("new", "client", {row("1", {{"client_ref", "c2"}, {"earned_usd", "5"}})});
  declare("old", "client", true);
  declare("new", "client", true);
  sql(url, "UPDATE affsync.stream SET retired_at = now(), in_reports = false WHERE stream = 'old'");
  std::vector<Cells> const wanted{{"c2", "5"}};
  EXPECT_EQ(rows("SELECT client_ref, commission_usd FROM reporting.client_performance"), wanted);
  EXPECT_EQ(value("SELECT count(*) FROM reporting.conversion_funnel"), "0");
}

TEST_F(Money, OfSeveralFeedsEachFigureIsFromTheOneThatHasIt) {
  put("people", "client", {row("1", {{"client_ref", "c1"}, {"earned_usd", "44"}})});
  next_day();
  put("leads", "client", {row("1", {{"client_ref", "c1"}, {"country", "NL"}})});
  Cells const wanted{"NL", "44"};
  EXPECT_EQ(rows("SELECT country, commission_usd FROM reporting.client_performance").at(0), wanted);
}

// As HFM lists the accounts of a client, and Exness a person of two partner accounts.
TEST_F(Money, OfSeveralRowsOfOneFeedTheFiguresAreAdded) {
  auto const account = [](char const* key, char const* lots, char const* usd) {
    return row(key, {{"client_ref", "c1"},
                     {"volume_lots", lots},
                     {"earned_usd", usd},
                     {"rebate_usd", std::nullopt}});
  };
  put("accounts", "client", {account("1", "5", "60"), account("2", "3", "40")});
  next_day();
  put("accounts", "client", {account("2", "3.5", "40")});
  put("leads", "client", {row("9", {{"client_ref", "c1"}, {"country", "NL"}})});
  std::vector<Cells> const wanted{{"NL", "8.5", "100", "0"}};
  EXPECT_EQ(rows("SELECT country, volume_lots, commission_usd, coalesce(rebate_usd, 0)"
                 " FROM reporting.client_performance"),
            wanted);
}

TEST_F(Money, WhereDollarsAreFromIsSaidOfTheRowsThatAreAddedUp) {
  put("rewards", "commission", {dated("a", "paid", "10", "USD", {{"client_ref", "c1"}})});
  put("totals", "commission",
      {total("t", "70", "EUR", {{"client_ref", "c1"}, {"amount_usd", "77"}})});
  EXPECT_EQ(value("SELECT usd_origin FROM reporting.client_performance"), "same currency");
}

TEST_F(Money, LinksEarnWhereOnlyTheCommissionNamesThem) {
  put("clients", "client",
      {row("1", {{"client_ref", "c1"}, {"link_code", "north"}, {"campaign", "spring"}}),
       row("2", {{"client_ref", "c2"}})});
  put("rewards", "commission",
      {dated("a", "paid", "10", "USD", {{"client_ref", "c1"}}),
       dated("b", "paid", "5", "USD", {{"client_ref", "c1"}, {"link_code", "south"}}),
       dated("c", "approved", "3", "USD", {{"client_ref", "c2"}, {"link_code", "south"}}),
       dated("d", "rejected", "900", "USD", {{"client_ref", "c2"}, {"link_code", "south"}}),
       dated("e", "paid", "7", "EUR", {{"link_code", "south"}}), dated("f", "paid", "1")});
  put("totals", "commission", {total("t", "40", "USD", {{"link_code", "west"}})});
  put("totals", "commission", {total("t", "42", "USD", {{"link_code", "west"}})});
  std::vector<Cells> const wanted{{"north", "spring", "USD", "10", "1", "1"},
                                  {"south", std::nullopt, "EUR", "7", "0", "1"},
                                  {"south", std::nullopt, "USD", "8", "2", "2"},
                                  {"west", std::nullopt, "USD", "2", "0", "1"},
                                  {std::nullopt, std::nullopt, "USD", "1", "0", "1"}};
  EXPECT_EQ(rows("SELECT link_code, campaign, currency, amount, clients, rows"
                 " FROM reporting.earnings_by_link ORDER BY 1, 2, 3"),
            wanted);
  EXPECT_EQ(value("SELECT (SELECT sum(amount) FROM reporting.earnings_by_link) ="
                  " (SELECT sum(amount) FROM reporting.earnings_daily WHERE counts)"),
            "t");
  // The client's link, which only its commission row has.
  EXPECT_EQ(value("SELECT link_code FROM reporting.client_performance WHERE client_ref = 'c2'"),
            "south");
}

// ---- rebates by month

TEST_F(Money, RebatesOfAMonthAreDatedOnesAndTheGrowthOfTotals) {
  auto const to_date = [&](char const* key, char const* client, char const* amount,
                           char const* status = "paid") {
    return row(key, {{"client_ref", client},
                     {"amount", amount},
                     {"currency", "USD"},
                     {"status", status},
                     {"grain", "lifetime"}});
  };
  put("totals", "rebate",
      {to_date("t1", "c1", "100"), to_date("t2", "c2", "50"), to_date("t3", "c3", "9")});
  put("dated", "rebate",
      {row("d", {{"client_ref", "c2"},
                 {"amount", "3"},
                 {"currency", "EUR"},
                 {"occurred_at", "2026-02-28T23:59:59Z"}}),
       row("v", {{"client_ref", "c2"},
                 {"amount", "300"},
                 {"currency", "EUR"},
                 {"status", "rejected"},
                 {"occurred_at", "2026-02-28T23:59:59Z"}})});
  next_day();  // 2 March
  put("totals", "rebate",
      {to_date("t1", "c1", "104"), to_date("t2", "c2", "53"), to_date("t3", "c3", "29")});
  next_day(31);  // 2 April
  put("totals", "rebate",
      {to_date("t1", "c1", "110"), to_date("t2", "c2", "59"),
       to_date("t3", "c3", "29", "reversed")});
  // c1 has dated rebates only after that, and one that was rejected.
  put("dated", "rebate",
      {row("n", {{"client_ref", "c1"},
                 {"amount", "300"},
                 {"currency", "EUR"},
                 {"status", "rejected"},
                 {"occurred_at", "2026-02-01T00:00:00Z"}}),
       row("w", {{"client_ref", "c1"},
                 {"amount", "2"},
                 {"currency", "USD"},
                 {"occurred_at", "2026-04-03T00:00:00Z"}})});
  // c2 has dated rebates, so its totals would count the same money twice. The rebate of c3 was
  // reversed.
  std::vector<Cells> const wanted{{"2026-02-01", "EUR", "3", "1", "1"},
                                  {"2026-03-01", "USD", "4", "1", "1"},
                                  {"2026-04-01", "USD", "8", "1", "2"}};
  EXPECT_EQ(rows("SELECT month, currency, amount, clients, rows FROM reporting.rebates_monthly"
                 " ORDER BY month, currency"),
            wanted);
}

// ---- digits

TEST_F(Money, ConvertedFiguresHaveEightDigitsAndTheBrokersAllOfTheirs) {
  char const* long_amount = "1.23456789012345678";
  sql(url,
      "INSERT INTO affsync.fx_rate (currency, on_date, usd_rate) VALUES"
      " ('EUR', '2026-01-05', 1.123456789012)");
  put("rewards", "commission",
      {dated("own", "paid", long_amount, "XYZ", {{"amount_usd", "2.000000000000000001"}}),
       dated("usd", "paid", long_amount, "USD"), dated("usc", "paid", "0.0000000001", "USC"),
       dated("eur", "paid", "1.000000000001", "EUR"), dated("few", "paid", "2", "EUC")});
  std::vector<Cells> const wanted{{"eur", "1.12345679"},  // 1.123456789013123456789012
                                  {"few", "0.02246914"},
                                  {"own", "2.000000000000000001"},
                                  {"usc", "0.00000000"},
                                  {"usd", long_amount}};
  EXPECT_EQ(rows("SELECT external_id, amount_usd FROM affsync.commission_books ORDER BY 1"),
            wanted);
  put("payouts", "payout",
      {row("p", {{"amount", "1.000000000001"},
                 {"currency", "EUR"},
                 {"status", "paid"},
                 {"paid_at", "2026-01-06T00:00:00Z"}})});
  EXPECT_EQ(value("SELECT amount_usd FROM reporting.payouts"), "1.12345679");
  put("rebates", "rebate",
      {row("r", {{"amount", "1.000000000001"},
                 {"basis_amount", "1"},
                 {"currency", "EUR"},
                 {"occurred_at", "2026-01-06T00:00:00Z"}})});
  EXPECT_EQ(value("SELECT concat_ws(' ', amount_usd, basis_amount_usd) FROM affsync.rebate_books"),
            "1.12345679 1.12345679");
}

}  // namespace
}  // namespace affsync::schema::test::money_test
