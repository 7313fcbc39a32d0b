// What is known about days: how spans grow, replace each other, and stay lost.
#include "schema/store/coverage.hpp"

#include <gtest/gtest.h>

namespace affsync::schema::coverage_test {
namespace {

Day day(int number) {
  return Day(std::chrono::year(2026) / 3 / 1) + std::chrono::days(number - 1);
}
CoverageSpan span(int from, int to, DayState state, std::int64_t run = 1) {
  return CoverageSpan{day(from), day(to), state, run, TimePoint(day(1))};
}
constexpr auto proven = DayState::proven;
constexpr auto doubtful = DayState::doubtful;
constexpr auto lost = DayState::lost;

std::string shown(std::vector<CoverageSpan> const& spans) {
  std::string text;
  for (auto const& one : spans) {
    char const letter = one.state == proven ? 'p' : one.state == lost ? 'l' : 'd';
    if (!text.empty()) text += ' ';
    text += letter + format_day(one.from).substr(8) + "-" + format_day(one.to).substr(8) + "/" +
            std::to_string(one.run_id);
  }
  return text;
}

TEST(CoverageSpans, ProvenDaysGrowTogether) {
  EXPECT_EQ(shown(with_noted({}, span(1, 7, proven), {})), "p01-07/1");
  EXPECT_EQ(shown(with_noted({span(1, 7, proven)}, span(5, 9, proven, 2), {})), "p01-09/2");
  EXPECT_EQ(shown(with_noted({span(1, 7, proven)}, span(8, 9, proven, 2), {})), "p01-09/2");
  EXPECT_EQ(shown(with_noted({span(1, 7, proven)}, span(9, 9, proven, 2), {})),
            "p01-07/1 p09-09/2");
}

TEST(CoverageSpans, DaysInDoubtStandAloneAndAreSettledByProof) {
  auto const before = std::vector{span(1, 20, proven)};
  auto const doubted = with_noted(before, span(8, 14, doubtful, 2), {});
  EXPECT_EQ(shown(doubted), "p01-07/1 d08-14/2 p15-20/1");
  EXPECT_EQ(shown(with_noted(doubted, span(8, 10, proven, 3), {})), "p01-10/3 d11-14/2 p15-20/1");
  EXPECT_EQ(shown(with_noted(doubted, span(8, 14, proven, 3), {})), "p01-20/3");
  EXPECT_EQ(shown(with_noted(doubted, span(8, 14, doubtful, 3), {})), "p01-07/1 d08-14/3 p15-20/1");
}

TEST(CoverageSpans, LostDaysStayLostUntilRowsOfThemCome) {
  auto const before = std::vector{span(1, 7, proven), span(8, 22, lost)};
  EXPECT_EQ(shown(with_noted(before, span(16, 25, proven, 2), day(23))),
            "p01-07/1 l08-22/1 p23-25/2");
  EXPECT_EQ(shown(with_noted(before, span(16, 25, proven, 2), {})), "p01-07/1 l08-22/1 p23-25/2");
  EXPECT_EQ(shown(with_noted(before, span(16, 25, proven, 2), day(20))),
            "p01-07/1 l08-19/1 p20-25/2");
  EXPECT_EQ(shown(with_noted(before, span(1, 25, doubtful, 2), {})), "d01-07/2 l08-22/1 d23-25/2");
}

TEST(CoverageSpans, WhatWasLostBeforeIsNotToldAgain) {
  auto const before = std::vector{span(1, 7, proven), span(8, 22, lost)};
  EXPECT_EQ(shown(with_noted(before, span(20, 24, lost, 2), {})), "p01-07/1 l08-22/1 l23-24/2");
  EXPECT_EQ(shown(with_noted({span(1, 7, proven)}, span(5, 9, lost, 2), {})), "p01-04/1 l05-09/2");
}

}  // namespace
}  // namespace affsync::schema::coverage_test
