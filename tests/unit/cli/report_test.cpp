#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "daemon/cli/report_text.hpp"
#include "daemon/reports/lines.hpp"
#include "daemon/reports/output.hpp"

namespace affsync::cli::report_test {
namespace {

using namespace reports;

using Rows = std::vector<std::vector<std::optional<std::string>>>;

ReportPlan small_plan() {
  ReportPlan plan;
  plan.report = "earnings";
  plan.by = "kind";
  plan.parameters = {"2026-01-01", std::nullopt};
  plan.columns = {{"kind", "kind"},
                  {"currency", "currency"},
                  {"amount", "amount", ReportValue::amount},
                  {"void_amount", "rejected", ReportValue::amount, 5, 0, true, true},
                  {"rows", "rows", ReportValue::count},
                  {"trend", "trend", ReportValue::trend},
                  {"is_total", "", ReportValue::total}};
  return plan;
}

schema::Store::Table table_of(Rows rows) {
  schema::Store::Table table;
  table.rows = std::move(rows);
  return table;
}

Rows const two_currencies = {{"cpa", "EUR", "10.50", std::nullopt, "2", "3|1:7,3:0", "f"},
                             {std::nullopt, "EUR", "10.50", std::nullopt, "2", std::nullopt, "t"},
                             {"cpa", "USD", "1234.005000", "0.00", "1000", std::nullopt, "f"},
                             {std::nullopt, "USD", "1234.005000", "0", "1000", std::nullopt, "t"}};

TEST(ReportTable, TotalsFollowEachCurrency) {
  EXPECT_EQ(report_table(small_plan(), table_of(two_currencies), {}),
            "kind   currency    amount   rows  trend\n"
            "cpa    EUR          10.50      2  █·▁\n"
            "─────  ────────  ────────  ─────  ─────\n"
            "total  EUR          10.50      2\n"
            "\n"
            "cpa    USD       1,234.01  1,000\n"
            "─────  ────────  ────────  ─────  ─────\n"
            "total  USD       1,234.01  1,000\n"
            "Amounts are rounded for reading; --output csv or json has all digits.\n");
}

TEST(ReportTable, ColumnThatHoldsNothingIsLeftOutOnlyThen) {
  auto rows = two_currencies;
  rows[0][3] = "5.00";
  EXPECT_NE(report_table(small_plan(), table_of(rows), {}).find("rejected"), std::string::npos);
}

TEST(ReportTable, ExplainsAmountsWithoutADollarFigure) {
  ReportPlan plan;
  plan.columns = {{"amount_usd", "in USD", ReportValue::usd}, {"is_total", "", ReportValue::total}};
  EXPECT_EQ(report_table(plan, table_of({{"1.00", "f"}}), {}).find("fx_rate"), std::string::npos);
  EXPECT_NE(report_table(plan, table_of({{std::nullopt, "f"}}), {}).find("fx_rate"),
            std::string::npos);
}

TEST(ReportTable, ATotalSaysWhenItDoesNotKnowEveryRow) {
  ReportPlan plan;
  plan.columns = {{"source", "source"},
                  {"amount_usd", "in USD", ReportValue::usd},
                  {"rows_without_usd", "no rate", ReportValue::count, 5, 0, true, true},
                  {"is_total", "", ReportValue::total}};
  EXPECT_EQ(
      report_table(plan,
                   table_of({{"a", "1.50", "0", "f"},
                             {"b", std::nullopt, "3", "f"},
                             {std::nullopt, "1.50", "3", "t"}}),
                   {}),
      "source  in USD  no rate\n"
      "a         1.50\n"
      "b                     3\n"
      "──────  ──────  ───────\n"
      "total     1.50        3\n"
      "Blank in USD: the broker gives no figure, and no rate of that day or the week before is "
      "known. "
      "A source of rates or your own row in affsync.fx_rate gives one (docs/schema.md, Exchange "
      "rates).\n"
      "Sums in USD do not include rows without a rate.\n");
  auto const complete =
      report_table(plan, table_of({{"a", "1.50", "0", "f"}, {std::nullopt, "1.50", "0", "t"}}), {});
  EXPECT_EQ(complete.find("no rate"), std::string::npos) << complete;
}

TEST(ReportTable, NothingFoundIsSaid) {
  EXPECT_EQ(report_table(small_plan(), table_of({}), {}), "Nothing was found.\n");
}

TEST(ReportCsv, HasEveryDigitAndNoTotals) {
  EXPECT_EQ(report_csv(small_plan(), table_of(two_currencies)),
            "kind,currency,amount,void_amount,rows\r\n"
            "cpa,EUR,10.50,,2\r\n"
            "cpa,USD,1234.005000,0.00,1000\r\n");
}

TEST(ReportCsv, QuotesAsRfc4180Says) {
  ReportPlan plan;
  plan.columns = {{"a", ""}, {"b", ""}, {"c", ""}, {"is_total", "", ReportValue::total}};
  EXPECT_EQ(report_csv(plan, table_of({{"x,y", "say \"hi\"", "two\r\nlines", "f"},
                                       {"plain", "", std::nullopt, "f"}})),
            "a,b,c\r\n"
            "\"x,y\",\"say \"\"hi\"\"\",\"two\r\nlines\"\r\n"
            "plain,\"\",\r\n");
}

TEST(ReportJson, AmountsAreStringsAndCountsNumbers) {
  EXPECT_EQ(report_json(small_plan(), table_of({two_currencies[2], two_currencies[3]})),
            R"({"report":"earnings","by":"kind","since":"2026-01-01","until":null,)"
            R"("rows":[{"kind":"cpa","currency":"USD","amount":"1234.005000",)"
            R"("void_amount":"0.00","rows":1000}],)"
            R"("totals":[{"currency":"USD","amount":"1234.005000","void_amount":"0",)"
            R"("rows":1000}],"left_out":0})");
}

TEST(ReportJson, SaysWhatTheReportLeavesOut) {
  auto const json = report_json(small_plan(), table_of({}), {"2 running totals are left out."});
  EXPECT_NE(json.find(R"("left_out":0,"notes":["2 running totals are left out."]})"),
            std::string::npos)
      << json;
}

// Three lines in one currency, their sum, one line in another, its sum, and the sum of all.
Rows const many = {
    {"a", "EUR", "1", std::nullopt, "1", std::nullopt, "f"},
    {"b", "EUR", "2", std::nullopt, "1", std::nullopt, "f"},
    {"c", "EUR", "3", std::nullopt, "1", std::nullopt, "f"},
    {std::nullopt, "EUR", "6", std::nullopt, "3", std::nullopt, "t"},
    {"d", "USD", "4", std::nullopt, "1", std::nullopt, "f"},
    {std::nullopt, "USD", "4", std::nullopt, "1", std::nullopt, "t"},
    {std::nullopt, std::nullopt, std::nullopt, std::nullopt, "4", std::nullopt, "all"}};

TEST(ReportLimit, LinesBeyondItAreCountedAndSumsStay) {
  auto plan = small_plan();
  plan.limit = 1;
  EXPECT_EQ(report_table(plan, table_of(many), {}),
            "kind   currency  amount  rows  trend\n"
            "a      EUR         1.00     1\n"
            "… and 2 more\n"
            "─────  ────────  ──────  ────  ─────\n"
            "total  EUR         6.00     3\n"
            "\n"
            "d      USD         4.00     1\n"
            "─────  ────────  ──────  ────  ─────\n"
            "total  USD         4.00     1\n"
            "\n"
            "total  all                  4\n");
}

TEST(ReportLimit, OfACourseOfTimeTheLatestLinesStay) {
  auto plan = small_plan();
  plan.limit = 2;
  plan.latest = true;
  auto const table = report_table(plan, table_of(many), {});
  EXPECT_NE(table.find("trend\n… 1 earlier\nb "), std::string::npos) << table;
  EXPECT_EQ(report_csv(plan, table_of(many)),
            "kind,currency,amount,void_amount,rows\r\n"
            "b,EUR,2,,1\r\n"
            "c,EUR,3,,1\r\n"
            "d,USD,4,,1\r\n");
}

TEST(ReportLimit, JsonCountsWhatWasLeftOut) {
  auto plan = small_plan();
  plan.limit = 1;
  auto const json = parse_json(report_json(plan, table_of(many)));
  ASSERT_TRUE(json);
  EXPECT_EQ(json->find("rows")->items().size(), 2U);
  EXPECT_EQ(json->find("totals")->items().size(), 3U);
  EXPECT_EQ(json->find("left_out")->number_text(), "2");
}

TEST(ReportJson, EscapesTexts) {
  auto const json = parse_json(report_json(
      small_plan(), table_of({{"a\"\\\n", "EUR", "1", std::nullopt, "1", std::nullopt, "f"}})));
  ASSERT_TRUE(json);
  auto const& row = json->find("rows")->items().at(0);
  EXPECT_EQ(row.find("kind")->as_string(), "a\"\\\n");
  EXPECT_TRUE(row.find("void_amount")->is_null());
}

ReportOptions asked(std::string const& report, std::string const& by) {
  ReportOptions options;
  options.report = report;
  options.by = by;
  return options;
}

TEST(ReportPlan, EveryPlanEndsWithTheMarkOfTotals) {
  for (auto const* report :
       {"earnings", "clients", "payouts", "rebates", "changes", "balances", "clawbacks", "runs"}) {
    for (auto const* by : {"", "source", "month"}) {
      // A balance belongs to a moment; balances of a month cannot be added up.
      if (std::string(report) + by == "balancesmonth") continue;
      auto const plan = plan_report(asked(report, by));
      ASSERT_FALSE(plan.columns.empty());
      EXPECT_EQ(plan.columns.back().value, ReportValue::total) << report << by;
      EXPECT_EQ(plan.parameters.size(), 3U) << report << by;
    }
  }
}

TEST(ReportPlan, BalancesOfSeveralDaysAreNotAddedUp) {
  auto options = asked("balances", "currency");
  EXPECT_NO_THROW(plan_report(options));
  options.since = Day(std::chrono::year(2026) / 1 / 31);
  EXPECT_THROW(plan_report(options), Failure);
}

TEST(ReportPlan, DaysAreBoundParameters) {
  auto options = asked("earnings", "day");
  options.since = Day(std::chrono::year(2026) / 1 / 31);
  auto const plan = plan_report(options);
  EXPECT_EQ(plan.parameters[0], "2026-01-31");
  EXPECT_EQ(plan.parameters[1], std::nullopt);
  EXPECT_EQ(plan.sql.find("2026-01-31"), std::string::npos);
}

TEST(ReportPlan, RefusesACutThatTheReportDoesNotHave) {
  try {
    plan_report(asked("clients", "currency"));
    FAIL() << "accepted";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().code, ErrorCode::usage);
    EXPECT_EQ(failure.error().hint, "Choose one of: client, source, month.");
  }
}

TEST(ReportPlan, RefusesDaysInTheWrongOrder) {
  auto options = asked("earnings", "");
  options.since = Day(std::chrono::year(2026) / 2 / 1);
  options.until = Day(std::chrono::year(2026) / 1 / 1);
  EXPECT_THROW(plan_report(options), Failure);
}

}  // namespace
}  // namespace affsync::cli::report_test
