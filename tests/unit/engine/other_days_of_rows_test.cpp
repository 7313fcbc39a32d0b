// A slice whose answer has rows of other days than those that were asked for: the broker does not
// obey the parameters of the window, so nobody knows what it has left out.
#include <gtest/gtest.h>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::other_days_of_rows_test {
namespace {

// Gives the rows of these days whatever is asked.
struct Deaf {
  std::vector<std::string> days;
  Answer answer(HttpRequest const&) {
    std::string body = R"({"data":[)";
    for (std::size_t i = 0; i < days.size(); ++i) {
      body += (i > 0 ? "," : "") + std::string(R"({"id":"r)") + std::to_string(i) +
              R"(","reward":"1","day":")" + days[i] + "\"}";
    }
    Answer out;
    out.body =
        parse_json(body + R"(],"totals":{"count":)" + std::to_string(days.size()) + "}}").value();
    return out;
  }
};

// Slices of ten days from the first of May on; the pass ends on the fifteenth of June.
StreamPlan plan_by_day() {
  auto plan = windowed_plan(100, 1, *parse_day("2026-05-01"), 10);
  plan.spec->map.columns.push_back(map_column("occurred_on", "day", ValueType::date));
  return plan;
}

// The first days of the slices in doubt.
std::string doubted(StreamPlan const& plan, std::vector<std::string> days) {
  Deaf broker{std::move(days)};
  std::string out;
  for (auto const& end : read_all(plan, broker).ends) {
    if (end.doubt) out += (out.empty() ? "" : " ") + format_day(*end.slice.from);
  }
  return out;
}

TEST(RowsOfOtherDays, PutTheirSliceInDoubt) {
  auto const plan = plan_by_day();
  EXPECT_EQ(doubted(plan, {}), "");
  // Slices begin on the 1st, 11th, 21st and 31st of May and on the 10th of June.
  EXPECT_EQ(doubted(plan, {"2026-06-12"}), "2026-05-01 2026-05-11 2026-05-21 2026-05-31");
  EXPECT_EQ(doubted(plan, {"2026-05-01"}), "2026-05-11 2026-05-21 2026-05-31 2026-06-10");
}

TEST(RowsOfOtherDays, AreToldWithTheParametersAndADay) {
  Deaf broker{{"2026-06-13", "2026-06-12"}};
  auto const pass = read_all(plan_by_day(), broker);
  ASSERT_FALSE(pass.ends.empty());
  auto const& first = pass.ends.front();
  ASSERT_TRUE(first.doubt);
  EXPECT_EQ(first.doubt->code, ErrorCode::sweep_unverified);
  EXPECT_EQ(first.doubt->text,
            "asked for 2026-05-01 to 2026-05-10, the broker gave rows of other days by "
            "`occurred_on`, such as 2026-06-13: it does not seem to obey `date_from` and `date_to` "
            "of the window, so rows of these days may be missing");
  EXPECT_FALSE(first.doubt->hint.empty());
  EXPECT_FALSE(first.markable);
}

// Zones differ, and the last moment of a day is asked for again with the next one.
TEST(RowsOfOtherDays, AreNotThoseOfADayBeside) {
  EXPECT_EQ(doubted(plan_by_day(), {"2026-05-11"}), "2026-05-21 2026-05-31 2026-06-10");
  EXPECT_EQ(doubted(plan_by_day(), {"2026-05-10"}), "2026-05-21 2026-05-31 2026-06-10");
  EXPECT_EQ(doubted(plan_by_day(), {"2026-05-12"}), "2026-05-01 2026-05-21 2026-05-31 2026-06-10");
}

TEST(RowsOfOtherDays, SayNothingOfAWindowThatNamesNoColumn) {
  auto plan = plan_by_day();
  plan.spec->window->column.clear();
  EXPECT_EQ(doubted(plan, {"2026-06-12"}), "");
}

// A file is read whatever its days are.
TEST(RowsOfOtherDays, SayNothingWhereNoDaysAreAskedFor) {
  auto plan = plan_by_day();
  plan.spec->window->from_parameter.clear();
  plan.spec->window->to_parameter.clear();
  EXPECT_EQ(doubted(plan, {"2026-06-12"}), "");
  plan.spec->request.path = "/days/${window.from}/${window.to}";
  Deaf broker{{"2026-06-12"}};
  auto const pass = read_all(plan, broker);
  ASSERT_TRUE(pass.ends.front().doubt);
  EXPECT_NE(pass.ends.front().doubt->text.find("does not seem to obey the days in its path"),
            std::string::npos)
      << pass.ends.front().doubt->text;
}

// The request for a month asks for all of it, whichever day the stream begins on.
TEST(RowsOfOtherDays, OfTheSameMonthAreAskedFor) {
  auto plan = plan_by_day();
  auto& window = *plan.spec->window;
  window.form = WindowForm::month;
  window.to_parameter.clear();
  window.start = *parse_day("2026-05-20");
  EXPECT_EQ(doubted(plan, {"2026-05-02"}), "2026-06-01");
  EXPECT_EQ(doubted(plan, {"2026-06-10"}), "2026-05-01");
  // So does a day that is written as its month.
  window.form = WindowForm::day;
  window.format = "%Y%m";
  window.span_days = 1;
  window.start = *parse_day("2026-06-14");
  EXPECT_EQ(doubted(plan, {"2026-06-01"}), "");
}

}  // namespace
}  // namespace affsync::engine::other_days_of_rows_test
