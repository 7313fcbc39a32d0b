// A list that is empty only because of an error status; a wrong path gives the same answer.
#include <gtest/gtest.h>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::empty_by_status_test {
namespace {

Answer not_there() {
  Answer answer;
  answer.no_rows = true;
  answer.empty_by_status = true;
  return answer;
}

Answer rows_of(int count) {
  Answer answer;
  std::string body = R"({"data":[)";
  for (int i = 0; i < count; ++i) {
    body += (i > 0 ? "," : "") + std::string(R"({"id":")") + std::to_string(i) + R"(","reward":1})";
  }
  answer.body = parse_json(body + R"(],"totals":{"count":)" + std::to_string(count) + "}}").value();
  return answer;
}

struct Pass {
  std::optional<SliceDoubt> doubt;  // of its last slice
  std::string cursor;
  int answers = 0;
};

// Reads a stream to its end; `answer` gives the answer for each slice number.
template <class AnswerTo>
Pass read(StreamPlan const& plan, std::string cursor, TimePoint now, AnswerTo answer) {
  ReaderStart start;
  start.cursor = std::move(cursor);
  start.now = now;
  StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
  Pass pass;
  while (reader.next_request()) {
    auto const page = reader.on_answer(answer(pass.answers++), now).value();
    if (page.slice_end) pass.doubt = page.slice_end->doubt;
  }
  pass.cursor = reader.final_checkpoint();
  return pass;
}

TEST(EmptyByStatus, AWholeListOfItIsNoSuccess) {
  auto const plan = list_plan(10, 1);
  auto const pass = read(plan, "", at("2026-06-15"), [](int) { return not_there(); });
  ASSERT_TRUE(pass.doubt);
  EXPECT_EQ(pass.doubt->code, ErrorCode::not_found);
  EXPECT_FALSE(read(plan, "", at("2026-06-15"), [](int) { return rows_of(0); }).doubt);
}

TEST(EmptyByStatus, AHistoryOfItIsNoSuccessAndNothingCountsAsRead) {
  auto plan = windowed_plan(10, 1, *parse_day("2026-05-01"), 10);
  plan.spec->window->max_span_days = 10;
  auto const nothing = read(plan, "", at("2026-06-15"), [](int) { return not_there(); });
  EXPECT_TRUE(nothing.doubt);
  EXPECT_EQ(nothing.answers, 5);
  // With the correct path the next pass reads everything.
  auto const corrected =
      read(plan, nothing.cursor, at("2026-06-15"), [](int) { return rows_of(0); });
  EXPECT_EQ(corrected.answers, 5);
  EXPECT_FALSE(corrected.doubt);
}

TEST(EmptyByStatus, SomeDaysOfItAreNothingStrangeAWeekIs) {
  auto plan = windowed_plan(10, 1, *parse_day("2026-06-01"), 1);
  plan.spec->window->lookback_days = 3;
  auto const first = read(plan, "", at("2026-06-15"),
                          [](int slice) { return slice < 10 ? rows_of(1) : not_there(); });
  EXPECT_FALSE(first.doubt);
  auto cursor = first.cursor;
  // Read up to the 15th; each pass reads the three days before it again.
  for (auto const& [day, doubted] :
       {std::pair("2026-06-16", false), std::pair("2026-06-18", false),
        std::pair("2026-06-19", true), std::pair("2026-06-30", true)}) {
    auto const pass = read(plan, cursor, at(day), [](int) { return not_there(); });
    EXPECT_EQ(pass.doubt.has_value(), doubted) << day;
    cursor = pass.cursor;
  }
  auto const again = read(plan, cursor, at("2026-06-30"), [](int) { return rows_of(1); });
  EXPECT_FALSE(again.doubt);
  EXPECT_GE(again.answers, 15);  // including the days that were in doubt
}

}  // namespace
}  // namespace affsync::engine::empty_by_status_test
