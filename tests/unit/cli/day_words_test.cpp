#include "daemon/cli/day_words.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace affsync::cli::day_words_test {
namespace {

std::string read(std::string_view text, char const* today = "2026-11-26") {  // a Thursday
  auto const day = read_day_word(text, *parse_day(today));
  return day ? format_day(*day) : "none";
}

TEST(DayWords, CountFromToday) {
  EXPECT_EQ(read("2026-01-31"), "2026-01-31");
  EXPECT_EQ(read("today"), "2026-11-26");
  EXPECT_EQ(read("Yesterday"), "2026-11-25");
  EXPECT_EQ(read("-0d"), "2026-11-26");
  EXPECT_EQ(read("-7d"), "2026-11-19");
  EXPECT_EQ(read("-2w"), "2026-11-12");
  EXPECT_EQ(read("-1m"), "2026-10-26");
  EXPECT_EQ(read("-12m"), "2025-11-26");
  EXPECT_EQ(read("-1y"), "2025-11-26");
  EXPECT_EQ(read("yesterday", "2026-03-01"), "2026-02-28");
}

TEST(DayWords, AMonthThatIsTooShortEndsEarlier) {
  EXPECT_EQ(read("-1m", "2026-03-31"), "2026-02-28");
  EXPECT_EQ(read("-1y", "2024-02-29"), "2023-02-28");
}

TEST(DayWords, AWeekdayIsTheLatestOne) {
  EXPECT_EQ(read("thursday"), "2026-11-26");
  EXPECT_EQ(read("wednesday"), "2026-11-25");
  EXPECT_EQ(read("monday"), "2026-11-23");
  EXPECT_EQ(read("sun"), "2026-11-22");
  EXPECT_EQ(read("Fri"), "2026-11-20");
}

TEST(DayWords, ADayToCome) {
  auto const coming = [](char const* text, char const* today = "2026-11-26") {
    auto const day = read_coming_day(text, *parse_day(today));
    return day ? format_day(*day) : "none";
  };
  EXPECT_EQ(coming("tomorrow"), "2026-11-27");
  EXPECT_EQ(coming("+7d"), "2026-12-03");
  EXPECT_EQ(coming("7d"), "2026-12-03");
  EXPECT_EQ(coming("2w"), "2026-12-10");
  EXPECT_EQ(coming("+3m"), "2027-02-26");
  EXPECT_EQ(coming("+1m", "2027-01-31"), "2027-02-28");
  EXPECT_EQ(coming("+1y"), "2027-11-26");
  EXPECT_EQ(coming("thursday"), "2026-12-03") << "today is a Thursday";
  EXPECT_EQ(coming("Fri"), "2026-11-27");
  EXPECT_EQ(coming("2026-12-31"), "2026-12-31");
  for (auto const* text : {"", "+", "d", "-7d", "++7d", "+-7d", "7", "+99999999999d", "+300y",
                           "tomorow", "2026-02-30"}) {
    EXPECT_EQ(coming(text), "none") << text;
  }
}

TEST(DayWords, AnythingElseIsRefused) {
  for (auto const* text : {"", "-", "-d", "7d", "-7", "-7h", "--7d", "-x7d", "tomorow", "mo",
                           "2026-02-30", "2026-1-1", "-99999999999d", "-40000d", "-300y"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

// `now`: since the beginning of 2026-11-26, UTC.
std::string refusal_of(char const* since, char const* until, std::chrono::seconds now) {
  try {
    refuse_days_without_rows(parse_day(since), parse_day(until),
                             TimePoint(*parse_day("2026-11-26")) + now);
  } catch (Failure const& failure) {
    return failure.error().message;
  }
  return {};
}

TEST(DayWords, since_is_a_day_that_has_begun_somewhere) {
  using namespace std::chrono_literals;
  EXPECT_EQ(refusal_of("2030-06-01", "", 9h), "--since 2030-06-01 is in the future");
  EXPECT_EQ(refusal_of("2030-06-01", "2030-06-02", 9h), "--since 2030-06-01 is in the future");
  EXPECT_EQ(refusal_of("2026-11-26", "", 9h), "");
  EXPECT_EQ(refusal_of("", "2030-06-01", 9h), "");
  // On Kiritimati it begins at 10:00 UTC of the day before.
  EXPECT_EQ(refusal_of("2026-11-27", "", 10h), "");
  EXPECT_EQ(refusal_of("2026-11-27", "", 10h - 1s), "--since 2026-11-27 is in the future");
  EXPECT_EQ(refusal_of("2026-11-26", "2026-11-25", 9h), "--since is later than --until");
}

}  // namespace
}  // namespace affsync::cli::day_words_test
