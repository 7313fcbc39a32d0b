// Which days a pass reads, and how they are split.
#include "connectors/engine/paging/window.hpp"

#include <gtest/gtest.h>

namespace affsync::engine::window_test {
namespace {

using std::chrono::days;

Day day(char const* text) {
  return *parse_day(text);
}
Slice slice(char const* from, char const* to) {
  return Slice{day(from), day(to)};
}
Coverage covered(char const* from, char const* to) {
  return Coverage{day(from), day(to)};
}

WindowSpec spec_of(char const* start, int lookback) {
  WindowSpec spec;
  spec.start = day(start);
  spec.lookback_days = lookback;
  return spec;
}

ReaderStart start_of(ReadMode mode) {
  ReaderStart start;
  start.mode = mode;
  return start;
}

Day const today = day("2026-06-15");

TEST(Window, TodayIsTheDayOfTheZone) {
  auto const late = day("2026-06-15") + std::chrono::hours(21) + std::chrono::minutes(30);
  EXPECT_EQ(today_in("UTC", late), day("2026-06-15"));
  EXPECT_EQ(today_in("Europe/Moscow", late), day("2026-06-16"));
  EXPECT_EQ(today_in("America/New_York", day("2026-06-15") + std::chrono::hours(2)),
            day("2026-06-14"));
  EXPECT_THROW(today_in("Moon/Tycho", late), Failure);
}

TEST(Window, AFullPassBeginsAtTheStart) {
  auto const pass = pass_window(spec_of("2025-01-01", 7), start_of(ReadMode::full),
                                covered("2025-01-01", "2026-06-14"), today);
  EXPECT_EQ(pass, slice("2025-01-01", "2026-06-15"));
}

TEST(Window, AnIncrementalPassReadsTheLookbackAgain) {
  auto const pass = pass_window(spec_of("2025-01-01", 7), start_of(ReadMode::incremental),
                                covered("2025-01-01", "2026-06-14"), today);
  EXPECT_EQ(pass, slice("2026-06-08", "2026-06-15"));
}

TEST(Window, ALookbackOfZeroStillReadsTheLastDayAgain) {
  // The last day was not over when it was read.
  auto const pass = pass_window(spec_of("2025-01-01", 0), start_of(ReadMode::incremental),
                                covered("2025-01-01", "2026-06-15"), today);
  EXPECT_EQ(pass, slice("2026-06-15", "2026-06-15"));
}

TEST(Window, ALookbackLongerThanTheHistoryBeginsAtTheStart) {
  auto const pass = pass_window(spec_of("2026-06-10", 90), start_of(ReadMode::incremental),
                                covered("2026-06-10", "2026-06-14"), today);
  EXPECT_EQ(pass, slice("2026-06-10", "2026-06-15"));
}

TEST(Window, WithoutCoverageOrWithAnEarlierStartTheWholeHistoryIsRead) {
  auto const mode = start_of(ReadMode::incremental);
  EXPECT_EQ(pass_window(spec_of("2025-01-01", 7), mode, {}, today),
            slice("2025-01-01", "2026-06-15"));
  EXPECT_EQ(pass_window(spec_of("2024-01-01", 7), mode, covered("2025-01-01", "2026-06-14"), today),
            slice("2024-01-01", "2026-06-15"));
}

TEST(Window, SinceAndUntilGiveTheDaysAndNeverTheFuture) {
  auto start = start_of(ReadMode::incremental);
  start.since = day("2025-03-01");
  start.until = day("2025-03-31");
  EXPECT_EQ(
      pass_window(spec_of("2025-01-01", 7), start, covered("2025-01-01", "2026-06-14"), today),
      slice("2025-03-01", "2025-03-31"));
  start.until = day("2099-01-01");
  EXPECT_EQ(pass_window(spec_of("2025-01-01", 7), start, {}, today),
            slice("2025-03-01", "2026-06-15"));
}

TEST(Window, UntilAloneBeginsAtTheStart) {
  auto start = start_of(ReadMode::incremental);
  start.until = day("2025-03-31");
  EXPECT_EQ(
      pass_window(spec_of("2025-01-01", 7), start, covered("2025-01-01", "2026-06-14"), today),
      slice("2025-01-01", "2025-03-31"));
  EXPECT_EQ(pass_window(spec_of("2025-01-01", 7), start, covered("2025-01-01", "2026-06-14"), today,
                        day("2025-02-10")),
            slice("2025-02-10", "2025-03-31"));
}

TEST(Window, ACoverageFromTheFutureIsNotBelieved) {
  EXPECT_EQ(trusted(covered("2025-01-01", "2026-07-01"), today), Coverage{});
  EXPECT_EQ(trusted(covered("2025-01-01", "2026-06-17"), today), Coverage{});
  // Around midnight two clocks may be on different days.
  EXPECT_EQ(trusted(covered("2025-01-01", "2026-06-16"), today),
            covered("2025-01-01", "2026-06-15"));
  EXPECT_EQ(trusted(covered("2025-01-01", "2026-06-15"), today),
            covered("2025-01-01", "2026-06-15"));
  EXPECT_EQ(trusted(covered("2026-06-10", "2026-06-01"), today), Coverage{});
}

TEST(Window, CoverageGrowsOnlyWithoutAGap) {
  auto const start = day("2025-01-01");
  auto const done = covered("2025-01-01", "2025-03-31");
  EXPECT_EQ(extended({}, slice("2025-01-01", "2025-01-31"), start),
            covered("2025-01-01", "2025-01-31"));
  EXPECT_EQ(extended(done, slice("2025-04-01", "2025-04-30"), start),
            covered("2025-01-01", "2025-04-30"));
  EXPECT_EQ(extended(done, slice("2025-04-02", "2025-04-30"), start), done);
  EXPECT_EQ(extended(done, slice("2025-02-01", "2025-02-10"), start), done);
  EXPECT_EQ(extended(done, slice("2024-12-01", "2024-12-31"), start),
            covered("2024-12-01", "2025-03-31"));
  // Isolated days are replaced by days that reach back to the start.
  EXPECT_EQ(extended(covered("2026-05-01", "2026-05-31"), slice("2025-01-01", "2025-01-31"), start),
            covered("2025-01-01", "2025-01-31"));
}

TEST(Window, SlicesCoverEveryDayOnceOldestFirst) {
  for (int const span : {1, 2, 7, 30, 31, 1000}) {
    auto const pass = slice("2024-02-27", "2025-03-02");
    Day next = *pass.from;
    while (auto const cut = slice_from(next, pass, span)) {
      EXPECT_EQ(cut->from, next);
      EXPECT_GE(*cut->to, *cut->from);
      EXPECT_LE((*cut->to - *cut->from).count(), span - 1);
      next = *cut->to + days(1);
    }
    EXPECT_EQ(next, *pass.to + days(1)) << span;
  }
}

TEST(Window, HalvesDownToASingleDay) {
  EXPECT_EQ(first_half(slice("2025-01-01", "2025-01-31")), slice("2025-01-01", "2025-01-15"));
  EXPECT_EQ(first_half(slice("2025-01-01", "2025-01-02")), slice("2025-01-01", "2025-01-01"));
  EXPECT_EQ(first_half(slice("2025-01-01", "2025-01-03")), slice("2025-01-01", "2025-01-01"));
  EXPECT_EQ(first_half(slice("2025-01-01", "2025-01-01")), std::nullopt);
  EXPECT_EQ(first_half(Slice{}), std::nullopt);
}

}  // namespace
}  // namespace affsync::engine::window_test
