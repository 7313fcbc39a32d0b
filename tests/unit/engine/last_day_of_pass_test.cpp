// Whether a pass brings a stream up to date, or only some days of its past.
#include <gtest/gtest.h>

#include "connectors/engine/paging/pass_days.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::last_day_of_pass_test {
namespace {

std::optional<Day> day(std::string const& text) {
  return text.empty() ? std::nullopt : parse_day(text);
}

StreamPlan history(int lag = 0) {
  auto plan = windowed_plan(100, 1, *day("2026-01-01"), 31);
  plan.spec->window->lag_days = lag;
  return plan;
}

StreamPlan changes() {
  auto plan = history();
  plan.spec->window->changes = true;
  return plan;
}

// At noon of 20 June, when an earlier pass has read the days until `done`.
bool reaches(StreamPlan const& plan, std::string const& done, std::string const& since,
             std::string const& until, ReadMode mode = ReadMode::incremental) {
  ReaderStart start;
  start.now = at("2026-06-20");
  start.since = day(since);
  start.until = day(until);
  start.mode = mode;
  std::optional<Checkpoint> earlier;
  if (!done.empty()) {
    earlier.emplace();
    earlier->done = Coverage{day("2026-01-01"), day(done)};
  }
  return PassDays(plan, start, earlier).reaches_last_day();
}

TEST(LastDayOfAPass, AnOrdinaryPassReachesIt) {
  for (auto const* done : {"", "2026-05-01", "2026-06-20"}) {
    for (auto const mode : {ReadMode::incremental, ReadMode::full}) {
      EXPECT_TRUE(reaches(history(), done, "", "", mode)) << done;
      EXPECT_TRUE(reaches(history(3), done, "", "", mode)) << done;
      EXPECT_TRUE(reaches(changes(), done, "", "", mode)) << done;
      EXPECT_TRUE(reaches(list_plan(100, 1), done, "2026-02-01", "2026-02-03", mode)) << done;
    }
  }
}

TEST(LastDayOfAPass, DaysOfThePastDoNot) {
  for (auto const* done : {"", "2026-05-01", "2026-06-20"}) {
    EXPECT_FALSE(reaches(history(), done, "2026-02-01", "2026-02-03")) << done;
    EXPECT_FALSE(reaches(history(), done, "", "2026-06-19")) << done;
    EXPECT_FALSE(reaches(changes(), done, "2026-02-01", "2026-06-19")) << done;
  }
  EXPECT_TRUE(reaches(history(), "2026-05-01", "", "2026-06-20"));
  EXPECT_TRUE(reaches(history(1), "2026-05-01", "", "2026-06-19"));
  EXPECT_FALSE(reaches(history(1), "2026-05-01", "2026-06-20", "")) << "that day is not read yet";
}

TEST(LastDayOfAPass, DaysBehindAGapDoNot) {
  for (auto const& plan : {history(), changes()}) {
    EXPECT_TRUE(reaches(plan, "2026-06-10", "2026-06-11", ""));
    EXPECT_FALSE(reaches(plan, "2026-06-10", "2026-06-12", ""));
    EXPECT_TRUE(reaches(plan, "", "2026-06-12", ""));
  }
}

}  // namespace
}  // namespace affsync::engine::last_day_of_pass_test
