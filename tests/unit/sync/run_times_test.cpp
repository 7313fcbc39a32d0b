// When streams are due: within their interval, and spread over it, however many there are.
#include "daemon/sync/run_times.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace affsync::sync::run_times_test {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 26) + 12h;

std::string numbered(int i) {
  return "source" + std::to_string(i);
}

TEST(SpreadAfter, a_run_is_never_later_than_its_interval_and_never_sooner_than_half_of_it) {
  for (int i = 0; i < 1000; ++i) {
    TimePoint run = noon + 7s * i;
    for (int runs = 0; runs < 5; ++runs) {
      auto const next = spread_after(run, 1h, numbered(i), "rewards");
      ASSERT_LE(next - run, 1h) << i;
      ASSERT_GE(next - run, 30min) << i;
      run = next;
    }
  }
}

TEST(SpreadAfter, runs_that_began_together_are_spread_evenly_and_stay_in_their_places) {
  std::array<int, 10> tenths{};
  for (int i = 0; i < 1000; ++i) {
    // The first gap, and for those whose place was near a second one, are shorter.
    TimePoint run = noon;
    for (int runs = 0; runs < 2; ++runs) run = spread_after(run, 1h, numbered(i), "rewards");
    auto const next = spread_after(run, 1h, numbered(i), "rewards");
    ASSERT_EQ(next - run, 1h) << i;
    ++tenths[static_cast<std::size_t>((next.time_since_epoch() % 1h) / 6min)];
  }
  for (auto const runs : tenths) {
    EXPECT_GT(runs, 60);
    EXPECT_LT(runs, 140);
  }
}

TEST(SpreadAfter, runs_that_all_begin_a_little_late_are_spread_evenly_too) {
  std::array<int, 10> tenths{};
  for (int i = 0; i < 1000; ++i) {
    TimePoint run = noon;
    for (int runs = 0; runs < 4; ++runs) {
      auto const next = spread_after(run, 1h, numbered(i), "rewards");
      ASSERT_LE(next - run, 1h) << i;
      ASSERT_GE(next - run, 30min) << i;
      run = next + 200ms;
    }
    ++tenths[static_cast<std::size_t>((run.time_since_epoch() % 1h) / 6min)];
  }
  for (auto const runs : tenths) {
    EXPECT_GT(runs, 60);
    EXPECT_LT(runs, 140);
  }
}

TEST(SpreadAfter, a_run_that_began_late_finds_back_to_its_place) {
  auto const place = spread_after(spread_after(noon, 1h, "s", "t"), 1h, "s", "t");
  EXPECT_EQ(spread_after(place, 1h, "s", "t"), place + 1h);
  EXPECT_EQ(spread_after(place + 20min, 1h, "s", "t"), place + 1h);
  // 40 minutes late, 20 before the next place: not quite half an interval behind that, so that the
  // one after can be reached.
  EXPECT_EQ(spread_after(place + 40min, 1h, "s", "t"), place + 86min);
  EXPECT_EQ(spread_after(place + 86min, 1h, "s", "t"), place + 2h);
}

TEST(SpreadAfter, streams_of_a_source_have_places_of_their_own) {
  EXPECT_NE(spread_after(noon, 1h, "s", "rewards"), spread_after(noon, 1h, "s", "clients"));
  EXPECT_NE(spread_after(noon, 1h, "s", "rewards"), spread_after(noon, 1h, "t", "rewards"));
}

TEST(SpreadAfter, before_1970_and_with_the_shortest_interval_it_holds_too) {
  TimePoint const early = TimePoint() - 12345678901us;
  auto const next = spread_after(early, 1s, "s", "t");
  EXPECT_GE(next - early, 500ms);
  EXPECT_LE(next - early, 1s);
}

}  // namespace
}  // namespace affsync::sync::run_times_test
