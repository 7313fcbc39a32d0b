// The sections of the page: days, months and results as JSON.
#include "daemon/serve/page_queries.hpp"

#include <gtest/gtest.h>

namespace affsync::serve::page_queries_test {
namespace {

using namespace std::chrono_literals;
using Row = std::vector<std::optional<std::string>>;

Reading reading(std::vector<std::string> columns, std::vector<Row> rows) {
  schema::Store::Table table;
  table.columns = std::move(columns);
  table.rows = std::move(rows);
  Reading reading;
  reading.table = std::make_shared<schema::Store::Table const>(std::move(table));
  reading.known_at = TimePoint(1'700'000'000s);
  return reading;
}

PageDays days(char const* today) {
  return PageDays::at(TimePoint(*parse_day(today)));
}

// The sections from the results, of which all but one are missing.
Json money(std::size_t place, Reading result, PageDays page_days) {
  std::vector<Reading> readings(5);
  readings.at(place) = std::move(result);
  Json::Object members;
  append_money(members, page_days, readings);
  return Json::object(std::move(members));
}

std::string text(Json const& document, char const* path) {
  auto const* found = JsonPath(path).in(document);
  return found == nullptr ? "missing" : std::string(found->scalar_text().value_or("null"));
}

TEST(PageDays, MonthsBeginOnTheirFirstDay) {
  auto const at = [](char const* today) {
    auto const page = days(today);
    return format_day(page.today) + " " + format_day(page.this_month) + " " +
           format_day(page.last_month);
  };
  EXPECT_EQ(at("2026-11-26"), "2026-11-26 2026-11-01 2026-10-01");
  EXPECT_EQ(at("2026-01-01"), "2026-01-01 2026-01-01 2025-12-01");
  EXPECT_EQ(at("2028-03-31"), "2028-03-31 2028-03-01 2028-02-01");
  auto const late = PageDays::at(TimePoint(*parse_day("2026-02-28")) + 24h - 1us);
  EXPECT_EQ(format_day(late.today), "2026-02-28");
}

std::vector<std::string> const earnings_columns{
    "source",         "connector",       "currency",   "day",
    "only_currency",  "amount",          "amount_usd", "today",
    "this_month",     "last_month",      "today_usd",  "this_month_usd",
    "last_month_usd", "rows_without_usd"};

TEST(PageMoney, EveryDayHasALineAlsoWithoutEarnings) {
  auto const document = money(
      0,
      reading(
          earnings_columns,
          {{{}, {}, {}, "2026-02-02", "USD", "1.5", "1.5", "0", "0", "0", "0", "0", "0", "0"},
           {{}, {}, {}, "2026-03-03", "USD", "2", "2", "0", "0", "0", "0", "0", "0", "1"},
           {"a", "exness", "USD", {}, "USD", "3.5", "3.5", "0", "2", "1.5", "0", "2", "1.5", "1"},
           {{}, {}, {}, {}, "USD", "3.5", "3.5", "0", "2", "1.5", "0", "2", "1.5", "1"}}),
      days("2026-03-02"));
  auto const* lines = JsonPath("earnings.days").in(document);
  // February has 28 days, and the broker is a day ahead.
  ASSERT_EQ(lines->items().size(), 31U);
  EXPECT_EQ(text(document, "earnings.days.0.day"), "2026-02-01");
  EXPECT_EQ(text(document, "earnings.days.0.amount"), "0");
  EXPECT_EQ(text(document, "earnings.days.1.amount"), "1.5");
  EXPECT_EQ(text(document, "earnings.days.29.day"), "2026-03-02");
  EXPECT_EQ(text(document, "earnings.days.30.day"), "2026-03-03");
  EXPECT_EQ(text(document, "earnings.days.30.rows_without_usd"), "1");
  EXPECT_EQ(text(document, "earnings.currency"), "USD");
  EXPECT_EQ(text(document, "earnings.total.this_month"), "2");
  EXPECT_EQ(text(document, "earnings.rows.0.source"), "a");
  EXPECT_EQ(JsonPath("earnings.rows").in(document)->items().size(), 1U);
}

TEST(PageMoney, CurrenciesAreNeverAddedToEachOther) {
  auto const document = money(
      0,
      reading(earnings_columns,
              {{{}, {}, {}, "2026-03-01", {}, "102", "3", "0", "0", "0", "0", "0", "0", "0"},
               {"a", "x", "USD", {}, "USD", "2", "2", "2", "2", "0", "2", "2", "0", "0"},
               {"b", "y", "RUB", {}, "RUB", "100", "1", "100", "100", "0", "1", "1", "0", "0"},
               {{}, {}, {}, {}, {}, "102", "3", "102", "102", "0", "3", "3", "0", "0"}}),
      days("2026-03-01"));
  EXPECT_EQ(text(document, "earnings.currency"), "null");
  EXPECT_EQ(text(document, "earnings.total.today_usd"), "3");
  EXPECT_EQ(text(document, "earnings.total.today"), "missing");
  EXPECT_EQ(text(document, "earnings.days.28.amount_usd"), "3");
  EXPECT_EQ(text(document, "earnings.days.28.amount"), "missing");
  EXPECT_EQ(text(document, "earnings.rows.1.today"), "100");
}

TEST(PageMoney, AnUnknownWorthIsNull) {
  auto const document =
      money(0,
            reading(earnings_columns,
                    {{{}, {}, {}, "2026-03-01", "USDT", "102", {}, "0", "0", "0", {}, {}, "0", "3"},
                     {"a", "x", "USDT", {}, "USDT", "102", {}, "0", "102", "0", "0", {}, "0", "3"},
                     {{}, {}, {}, {}, "USDT", "102", {}, "0", "102", "0", "0", {}, "0", "3"}}),
            days("2026-03-01"));
  EXPECT_EQ(text(document, "earnings.rows.0.this_month"), "102");
  EXPECT_EQ(text(document, "earnings.rows.0.this_month_usd"), "null");
  EXPECT_EQ(text(document, "earnings.total.this_month_usd"), "null");
  EXPECT_EQ(text(document, "earnings.days.28.amount_usd"), "null");
  EXPECT_EQ(text(document, "earnings.days.27.amount_usd"), "0");
}

TEST(PageMoney, PayoutsOnTheirWayAreApart) {
  auto const document = money(3,
                              reading({"source", "external_id", "open", "days_waiting"},
                                      {{"a", "1", "t", "12"}, {"a", "2", "f", {}}}),
                              days("2026-03-01"));
  EXPECT_EQ(text(document, "payouts.open.0.external_id"), "1");
  EXPECT_EQ(text(document, "payouts.open.0.open"), "true");
  EXPECT_TRUE(JsonPath("payouts.open.0.days_waiting").in(document)->is_number());
  EXPECT_EQ(text(document, "payouts.ended.0.external_id"), "2");
  EXPECT_EQ(text(document, "payouts.ended.0.days_waiting"), "null");
}

TEST(PageMoney, WhatWasTakenBackIsSummedAndListed) {
  auto const document =
      money(4,
            reading({"source", "connector", "currency", "rows", "difference", "reason"},
                    {{"a", "x", "USD", "2", "-7", {}}, {"a", "x", "USD", {}, "-3", "lowered"}}),
            days("2026-03-01"));
  EXPECT_EQ(text(document, "taken_back.rows.0.difference"), "-7");
  EXPECT_EQ(text(document, "taken_back.rows.0.reason"), "missing");
  EXPECT_EQ(text(document, "taken_back.latest.0.reason"), "lowered");
  EXPECT_EQ(text(document, "taken_back.latest.0.rows"), "missing");
}

TEST(PageMoney, ASectionSaysFromWhenItIsAndWhyThereIsNoNewerOne) {
  auto broken = reading({"source"}, {{"a"}});
  broken.problem = Error(ErrorCode::timeout, "the query took too long", "Wait.");
  auto const document = money(1, std::move(broken), days("2026-03-01"));
  EXPECT_EQ(text(document, "balances.known_at"), "2023-11-14T22:13:20Z");
  EXPECT_EQ(text(document, "balances.problem.code"), "timeout");
  EXPECT_EQ(text(document, "balances.problem.hint"), "Wait.");
  EXPECT_EQ(text(document, "balances.rows.0.source"), "a");
  EXPECT_EQ(text(document, "unpaid.known_at"), "null");
  EXPECT_EQ(JsonPath("unpaid.rows").in(document)->items().size(), 0U);
}

TEST(PageQueries, TheNameOfASourceIsAParameter) {
  MoneyQueries const all(days("2026-03-01"), {});
  MoneyQueries const one(days("2026-03-01"), "x' OR true --");
  ASSERT_EQ(all.queries.size(), one.queries.size());
  for (std::size_t i = 0; i < all.queries.size(); ++i) {
    EXPECT_EQ(one.queries[i].sql.find("OR true"), std::string::npos);
    EXPECT_EQ(one.queries[i].parameters.size(), all.queries[i].parameters.size() + 1);
    EXPECT_EQ(one.queries[i].parameters.back(), "x' OR true --");
    EXPECT_EQ(all.queries[i].sql.find('@'), std::string::npos) << all.queries[i].sql;
  }
  auto const runs = runs_query("a'", "b'", "12", 50);
  EXPECT_EQ(runs.sql.find("a'"), std::string::npos);
  EXPECT_EQ(runs.parameters.size(), 3U);
  EXPECT_NE(runs.sql.find("r.run_id < $3"), std::string::npos);
}

}  // namespace
}  // namespace affsync::serve::page_queries_test
