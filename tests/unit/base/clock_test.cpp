#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace affsync::clock_test {
namespace {

using namespace std::chrono;

TEST(Clock, TimeIsWrittenInUtcWithMicroseconds) {
  TimePoint const time =
      sys_days(year(2026) / November / 21) + hours(3) + minutes(14) + seconds(15);
  EXPECT_EQ(format_time(time), "2026-11-21T03:14:15Z");
  EXPECT_EQ(format_time(time + microseconds(1)), "2026-11-21T03:14:15.000001Z");
  EXPECT_EQ(format_time(time + milliseconds(250)), "2026-11-21T03:14:15.250000Z");
  EXPECT_EQ(format_time(TimePoint{} - microseconds(1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, DayIsReadBack) {
  for (auto const* text : {"2026-11-21", "2024-02-29", "1999-12-31", "0001-01-01"}) {
    auto const day = parse_day(text);
    ASSERT_TRUE(day) << text;
    EXPECT_EQ(format_day(*day), text);
  }
}

TEST(Clock, DayThatDoesNotExistIsRefused) {
  for (auto const* text :
       {"2025-02-29", "2025-04-31", "2025-00-01", "2025-13-01", "2025-01-00", "2025-1-1",
        "01-01-2025", "2025/01/01", "2025-01-01 ", " 2025-01-01", "20250101", "", "0000-01-01",
        "2025-01-0x", "-025-01-01", "2025-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_day(text)) << text;
  }
}

TEST(Clock, SystemClockIsInMicrosecondsAndNotBeforeThisWasWritten) {
  EXPECT_GT(SystemClock().now(), TimePoint(sys_days(year(2025) / January / 1)));
}

}  // namespace
}  // namespace affsync::clock_test
