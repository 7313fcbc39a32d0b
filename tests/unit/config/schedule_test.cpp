// Durations, cron lines and the next time that each gives.
#include "base/schedule.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace affsync::config::schedule_test {
namespace {

using namespace std::chrono;

TimePoint at(int y, unsigned m, unsigned d, int hour = 0, int minute = 0, int second = 0) {
  return sys_days(year(y) / month(m) / day(d)) + hours(hour) + minutes(minute) + seconds(second);
}

// The next times after `from`, as text.
std::vector<std::string> times(std::string_view cron, TimePoint from, std::size_t count) {
  std::vector<std::string> found;
  auto const line = parse_cron(cron);
  if (!line) return {line.error().message};
  while (found.size() < count) {
    auto const next = line->next(from);
    if (!next) return found;
    found.push_back(format_time(*next));
    from = *next;
  }
  return found;
}

using Times = std::vector<std::string>;

TEST(Duration, EachUnit) {
  EXPECT_EQ(*parse_duration("30s"), seconds(30));
  EXPECT_EQ(*parse_duration("15m"), minutes(15));
  EXPECT_EQ(*parse_duration("6h"), hours(6));
  EXPECT_EQ(*parse_duration("1d"), days(1));
  EXPECT_EQ(*parse_duration("90m"), seconds(5400));
  EXPECT_EQ(*parse_duration("3660d"), days(3660));
}

TEST(Duration, AnythingElseIsRefused) {
  for (auto const* text :
       {"", "15", "m", "0s", "0d", "-5m", "+5m", "1.5h", "15 m", " 15m", "15m ", "15M", "1w",
        "15min", "1h30m", "3661d", "99999999999999999999s", "9223372036854775807d", "½h"}) {
    auto const duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code, ErrorCode::config_invalid);
    EXPECT_NE(duration.error().hint.find("15m"), std::string::npos);
  }
  EXPECT_EQ(parse_duration("15").error().message, "a duration without a unit");
}

TEST(Cron, EveryMinuteIsTheNextWholeOne) {
  EXPECT_EQ(times("* * * * *", at(2026, 1, 1, 10, 0, 0), 2),
            (Times{"2026-01-01T10:01:00Z", "2026-01-01T10:02:00Z"}));
  EXPECT_EQ(times("* * * * *", at(2026, 12, 31, 23, 59, 59), 1), (Times{"2027-01-01T00:00:00Z"}));
}

TEST(Cron, StepsListsAndRanges) {
  EXPECT_EQ(times("*/20 8-9 * * *", at(2026, 1, 1), 7),
            (Times{"2026-01-01T08:00:00Z", "2026-01-01T08:20:00Z", "2026-01-01T08:40:00Z",
                   "2026-01-01T09:00:00Z", "2026-01-01T09:20:00Z", "2026-01-01T09:40:00Z",
                   "2026-01-02T08:00:00Z"}));
  EXPECT_EQ(times("5,50 1,2-3 * * *", at(2026, 1, 1), 6),
            (Times{"2026-01-01T01:05:00Z", "2026-01-01T01:50:00Z", "2026-01-01T02:05:00Z",
                   "2026-01-01T02:50:00Z", "2026-01-01T03:05:00Z", "2026-01-01T03:50:00Z"}));
  EXPECT_EQ(times("0 8-18/5 * * *", at(2026, 1, 1), 3),
            (Times{"2026-01-01T08:00:00Z", "2026-01-01T13:00:00Z", "2026-01-01T18:00:00Z"}));
}

TEST(Cron, NamesOfMonthsAndWeekdays) {
  // 2026-06-01 is a Monday.
  EXPECT_EQ(times("0 6 * jun-Jul MON", at(2026, 1, 1), 2),
            (Times{"2026-06-01T06:00:00Z", "2026-06-08T06:00:00Z"}));
  EXPECT_EQ(times("0 6 * 6 1", at(2026, 1, 1), 1), (Times{"2026-06-01T06:00:00Z"}));
}

TEST(Cron, SundayIsBothZeroAndSeven) {
  // 2026-01-04 is a Sunday.
  for (auto const* line : {"0 0 * * 0", "0 0 * * 7", "0 0 * * sun"}) {
    EXPECT_EQ(times(line, at(2026, 1, 1), 2),
              (Times{"2026-01-04T00:00:00Z", "2026-01-11T00:00:00Z"}))
        << line;
  }
  EXPECT_EQ(times("0 0 * * fri-sun", at(2026, 1, 1), 4),
            (Times{"2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z",
                   "2026-01-09T00:00:00Z"}));
  EXPECT_EQ(times("0 0 * * 5-7", at(2026, 1, 1), 3),
            (Times{"2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z"}));
}

TEST(Cron, DayAndWeekdayTogetherMeanEither) {
  // 2026-01-13 is a Tuesday, 2026-01-02 and 09 are Fridays.
  EXPECT_EQ(times("0 0 13 * fri", at(2026, 1, 1), 4),
            (Times{"2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z",
                   "2026-01-16T00:00:00Z"}));
}

TEST(Cron, StarredDayAndWeekdayMustBothHold) {
  // Odd days that are Fridays.
  EXPECT_EQ(times("0 0 */2 * fri", at(2026, 1, 1), 3),
            (Times{"2026-01-09T00:00:00Z", "2026-01-23T00:00:00Z", "2026-02-13T00:00:00Z"}));
}

TEST(Cron, DaysThatMonthsDoNotHaveAreSkipped) {
  EXPECT_EQ(times("0 0 31 * *", at(2026, 1, 31), 3),
            (Times{"2026-03-31T00:00:00Z", "2026-05-31T00:00:00Z", "2026-07-31T00:00:00Z"}));
  EXPECT_EQ(times("0 0 29 2 *", at(2026, 1, 1), 2),
            (Times{"2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"}));
  EXPECT_EQ(times("0 0 29 2 *", at(2097, 1, 1), 1), (Times{"2104-02-29T00:00:00Z"}));
}

TEST(Cron, LineThatNeverComesIsRefused) {
  for (auto const* line : {"0 0 30 2 *", "0 0 31 4,6,9,11 *"}) {
    EXPECT_EQ(parse_cron(line).error().message, "a cron line that never matches") << line;
  }
  EXPECT_TRUE(parse_cron("0 0 30 2 mon"));  // every Monday of February
}

TEST(Cron, MistakesNameTheField) {
  auto const message = [](std::string_view line) {
    auto const cron = parse_cron(line);
    return cron ? "no error" : cron.error().message;
  };
  EXPECT_EQ(message("60 * * * *"), "the minute field of the cron line: a number out of its range");
  EXPECT_EQ(message("* 24 * * *"), "the hour field of the cron line: a number out of its range");
  EXPECT_EQ(message("* * 0 * *"), "the day field of the cron line: a number out of its range");
  EXPECT_EQ(message("* * * 13 *"), "the month field of the cron line: a number out of its range");
  EXPECT_EQ(message("* * * * 8"), "the weekday field of the cron line: a number out of its range");
  EXPECT_EQ(message("22-2 * * * *"),
            "the minute field of the cron line: a range that runs backwards");
  EXPECT_EQ(message("5/15 * * * *"),
            "the minute field of the cron line: a step needs * or a range before it");
  EXPECT_EQ(message("*/0 * * * *"),
            "the minute field of the cron line: a step that is not a whole number of 1 or more");
  EXPECT_EQ(message("*/60 * * * *"),
            "the minute field of the cron line: a step larger than its range");
  for (auto const* line :
       {"x * * * *", "1, * * * *", ",1 * * * *", "1- * * * *", "-1 * * * *", "*5 * * * *",
        "1-2-3 * * * *", "*/x * * * *", "*/ * * * *", "* * * mon *", "* * * * jan", "1.5 * * * *",
        "99999999999 * * * *", "** * * * *"}) {
    EXPECT_FALSE(parse_cron(line)) << line;
  }
  EXPECT_EQ(message("* * * *"), "a cron line of 4 fields");
  EXPECT_EQ(message("* * * * * *"), "a cron line of 6 fields");
  EXPECT_EQ(message(" \t"), "a cron line of 0 fields");
  EXPECT_TRUE(parse_cron("  0\t6  * *   * "));
}

TEST(Schedule, FifteenMinutesByDefault) {
  Schedule const schedule;
  EXPECT_EQ(schedule.interval(), minutes(15));
  EXPECT_EQ(schedule.text(), "15m");
  EXPECT_EQ(schedule.next(at(2026, 1, 1), 0), at(2026, 1, 1, 0, 15));
}

TEST(Schedule, TextIsAsWritten) {
  EXPECT_EQ(parse_schedule("60m")->text(), "60m");
  EXPECT_EQ(parse_schedule("0 6 * * mon")->text(), "0 6 * * mon");
  EXPECT_EQ(Schedule(seconds(7200)).text(), "2h");
  EXPECT_EQ(Schedule(seconds(90)).text(), "90s");
}

TEST(Schedule, JitterMovesAnIntervalByATenthAndAtMostAMinute) {
  auto const from = at(2026, 1, 1);
  EXPECT_EQ(parse_schedule("100s")->next(from, 0.5), from + seconds(105));
  EXPECT_EQ(parse_schedule("1d")->next(from, 0.5), from + days(1) + seconds(30));
  EXPECT_EQ(parse_schedule("10m")->next(from, 0.5), from + minutes(10) + seconds(30));
}

TEST(Schedule, JitterMovesCronByUpToHalfAMinute) {
  auto const schedule = *parse_schedule("0 6 * * *");
  EXPECT_EQ(schedule.next(at(2026, 1, 1), 0), at(2026, 1, 1, 6));
  EXPECT_EQ(schedule.next(at(2026, 1, 1), 0.5), at(2026, 1, 1, 6, 0, 15));
  // A run that began late because of the jitter does not repeat the same time.
  EXPECT_EQ(schedule.next(at(2026, 1, 1, 6, 0, 15), 0), at(2026, 1, 2, 6));
}

TEST(Schedule, BelievesNoRunFurtherAheadThanOneInterval) {
  auto const every = parse_schedule("15m").value();
  auto const now = at(2026, 11, 29, 12);
  EXPECT_EQ(every.believed(now + 15min, now, now), now + 15min);
  EXPECT_EQ(every.believed(now - 1min, std::nullopt, now), now - 1min);
  // The next run waits for one interval after the last success, as a daemon that starts does.
  EXPECT_EQ(every.believed(now + 26h, now - 5min, now), now + 11min);
  EXPECT_EQ(every.believed(now + 26h, now - 1h, now), now - 44min);
  EXPECT_EQ(every.believed(now + 26h, std::nullopt, now), now);
  EXPECT_EQ(every.believed(now + 26h, now + 25h, now), now);
  auto const daily = parse_schedule("0 6 * * *").value();
  EXPECT_EQ(daily.believed(at(2026, 11, 30, 6), std::nullopt, now), at(2026, 11, 30, 6));
  EXPECT_EQ(daily.believed(at(2026, 12, 1, 6), at(2026, 11, 29, 6, 1), now),
            at(2026, 11, 30, 6, 0, 30));
}

TEST(Schedule, IntervalOfACronLineIsItsLongestUsualPause) {
  EXPECT_EQ(parse_schedule("*/15 * * * *")->interval(), minutes(15));
  EXPECT_EQ(parse_schedule("0 6 * * *")->interval(), days(1));
  EXPECT_EQ(parse_schedule("0 9,10 * * *")->interval(), hours(23));
  EXPECT_EQ(parse_schedule("0 9 * * mon-fri")->interval(), days(3));
  EXPECT_EQ(parse_schedule("0 0 1 * *")->interval(), days(31));
  EXPECT_EQ(parse_schedule("0 0 1 1 *")->interval(), days(365));
}

TEST(Schedule, NeitherDurationNorCronSaysWhatIsAllowed) {
  auto const error = parse_schedule("daily").error();
  EXPECT_EQ(error.code, ErrorCode::config_invalid);
  EXPECT_NE(error.hint.find("30s, 15m, 6h or 1d"), std::string::npos);
  EXPECT_NE(error.hint.find("cron line"), std::string::npos);
}

}  // namespace
}  // namespace affsync::config::schedule_test
