// Dates in Russian words: every form that the broker's software prints, and what it may mean.
#include "connectors/engine/values/spoken/russian_dates.hpp"

#include <gtest/gtest.h>

#include <random>

#include "connectors/engine/values/spoken/russian_words.hpp"

namespace affsync::engine::russian_dates_test {
namespace {

using namespace std::chrono;

TimePoint instant(std::string_view text) {
  return TimeReader().read_instant(text).value();
}

TimePoint const now = instant("2024-05-11T09:42:30Z");

// "2024-05-11T09:42:00Z", "earliest .. latest", or "none".
std::string reading_of(std::string_view text, std::string const& zone = "UTC", TimePoint at = now) {
  auto const spoken = read_russian_time(text, Zone(zone), at);
  if (!spoken) return "none";
  if (spoken->exact) {
    EXPECT_EQ(spoken->earliest, spoken->latest);
    return format_time(spoken->earliest);
  }
  return format_time(spoken->earliest) + " .. " + format_time(spoken->latest);
}

std::string between(TimePoint earliest, TimePoint latest) {
  return format_time(earliest) + " .. " + format_time(latest);
}

struct MonthNames {
  char const *genitive, *nominative, *brief, *english;
};
constexpr MonthNames month_names[] = {
    {"января", "январь", "янв", "January"},
    {"февраля", "февраль", "фев", "February"},
    {"марта", "март", "мар", "March"},
    {"апреля", "апрель", "апр", "April"},
    {"мая", "май", "мая", "May"},
    {"июня", "июнь", "июн", "June"},
    {"июля", "июль", "июл", "July"},
    {"августа", "август", "авг", "August"},
    {"сентября", "сентябрь", "сен", "Sep"},
    {"октября", "октябрь", "окт", "October"},
    {"ноября", "ноябрь", "ноя", "November"},
    {"декабря", "декабрь", "дек", "Dec"},
};

TEST(RussianDates, EveryMonthInEveryForm) {
  for (unsigned i = 0; i < 12; ++i) {
    auto const day = year(2023) / month(i + 1) / 7;
    auto const expected = format_day(sys_days(day)) + "T19:05:00Z";
    auto const& names = month_names[i];
    for (auto const* name : {names.genitive, names.nominative, names.brief, names.english}) {
      EXPECT_EQ(reading_of("7 " + std::string(name) + " 2023 19:05"), expected);
      EXPECT_EQ(reading_of("07 " + std::string(name) + ". 2023 г., 19:05"), expected);
    }
  }
}

TEST(RussianDates, TheSampleOfTheDocumentationInItsZone) {
  EXPECT_EQ(reading_of("11 мая 2024 09:42"), "2024-05-11T09:42:00Z");
  EXPECT_EQ(reading_of("11 мая 2024 09:42", "Europe/Moscow"), "2024-05-11T06:42:00Z");
}

TEST(RussianDates, CaseBlanksCommasAndPointsDoNotCount) {
  for (auto const* text :
       {"11 МАЯ 2024 09:42", "11\u00a0Мая\u00a02024\u202f09:42", "  11  мая\t2024\n9:42 ",
        "11 мая 2024 г., 9:42", "11 мая 2024г. в 09:42", "11 мая 2024 года, в 9:42",
        "11.05.2024 09:42", "11.5.2024, 9:42", "11 May 2024 09:42", "May 11, 2024 9:42 AM",
        "May 11, 2024 at 9:42"}) {
    EXPECT_EQ(reading_of(text), "2024-05-11T09:42:00Z") << text;
  }
  EXPECT_EQ(reading_of("11 мая 2024 09:42:31"), "2024-05-11T09:42:31Z");
  EXPECT_EQ(reading_of("May 11, 2024 12:05 AM"), "2024-05-11T00:05:00Z");
  EXPECT_EQ(reading_of("May 11, 2024 12:05 pm"), "2024-05-11T12:05:00Z");
  EXPECT_EQ(fold_russian("\u00a0АЯ Ёё\u2009Z "), "ая ее z");
}

TEST(RussianDates, ADayAloneIsItsMidnight) {
  EXPECT_EQ(reading_of("11 мая 2024"), "2024-05-11T00:00:00Z");
  EXPECT_EQ(reading_of("11 мая 2024 г.", "Europe/Moscow"), "2024-05-10T21:00:00Z");
  EXPECT_EQ(reading_of("29.02.2024"), "2024-02-29T00:00:00Z");
}

TEST(RussianDates, DaysNamedFromNowNeedATime) {
  EXPECT_EQ(reading_of("Сегодня, в 9:05"), "2024-05-11T09:05:00Z");
  EXPECT_EQ(reading_of("Вчера, в 23:05"), "2024-05-10T23:05:00Z");
  EXPECT_EQ(reading_of("yesterday at 11:05 PM"), "2024-05-10T23:05:00Z");
  // 11 May 2024 is a Saturday.
  EXPECT_EQ(reading_of("В прошлую субботу, в 9:05"), "2024-05-04T09:05:00Z");
  EXPECT_EQ(reading_of("В прошлый вторник, в 9:05"), "2024-05-07T09:05:00Z");
  EXPECT_EQ(reading_of("В прошлое воскресенье, в 9:05"), "2024-05-05T09:05:00Z");
  // In Moscow the next day has already begun.
  EXPECT_EQ(reading_of("Вчера, в 9:00", "Europe/Moscow", instant("2024-05-11T22:00:00Z")),
            "2024-05-11T06:00:00Z");
}

TEST(RussianDates, WhatIsNoDateIsNone) {
  for (auto const* text : {"",
                           " ",
                           "мая",
                           "11 мая",
                           "мая 2024",
                           "11 мая 24",
                           "31 июня 2024",
                           "29.02.2023",
                           "0 мая 2024",
                           "11 мая 0000",
                           "11 мая 2024 24:00",
                           "11 мая 2024 09:60",
                           "11 мая 2024 9:4",
                           "11 мая 2024 9",
                           "11 мая 2024 09:42 x",
                           "11 майя 2024",
                           "11.13.2024",
                           "32.01.2024",
                           "11.05.24",
                           "11/05/2024",
                           "May 11, 2024 13:05 PM",
                           "111 мая 2024",
                           "11 мая 20240",
                           "вчера 9",
                           "в прошлый раз",
                           "3",
                           "недели назад 3",
                           "3 недели",
                           "3 назад",
                           "назад",
                           "через",
                           "через 3",
                           "ago",
                           "in",
                           "через 3 недели назад",
                           "3 года 2 года назад",
                           "2 дня 3 недели назад",
                           "-3 дня назад",
                           "1.5 часа назад",
                           "3 недели назад!",
                           "9999999 дней назад",
                           "99999 лет назад",
                           "999999 лет назад",
                           "1000000000000000000000 секунд назад",
                           "только",
                           "вчера назад"}) {
    EXPECT_EQ(reading_of(text), "none") << text;
  }
}

struct UnitForms {
  char const *one, *few, *many, *brief, *old_brief, *english;
  seconds length;
};
constexpr UnitForms unit_forms[] = {
    {"секунду", "секунды", "секунд", "сек.", "с", "second", seconds(1)},
    {"минуту", "минуты", "минут", "мин.", "мин", "minute", minutes(1)},
    {"час", "часа", "часов", "ч.", "ч", "hour", hours(1)},
    {"день", "дня", "дней", "д.", "д", "day", days(1)},
    {"неделю", "недели", "недель", "нед.", "н", "week", days(7)},
};

std::string plural(UnitForms const& unit, int n) {
  if (n % 10 == 1 && n % 100 != 11) return unit.one;
  bool const teens = n % 100 >= 12 && n % 100 <= 14;
  return n % 10 >= 2 && n % 10 <= 4 && !teens ? unit.few : unit.many;
}

TEST(RelativeTimes, EveryFormOfEveryUnitOfFixedLength) {
  for (auto const& unit : unit_forms) {
    for (int n = 2; n <= 59; ++n) {
      if (unit.length == days(7) && n == 4) continue;  // see AFourthWeekEndsWithTheMonth
      auto const past = between(now - (n + 1) * unit.length, now - n * unit.length);
      auto const future = between(now + n * unit.length, now + (n + 1) * unit.length);
      auto const count = std::to_string(n);
      for (auto const& word :
           {plural(unit, n), std::string(unit.brief), std::string(unit.old_brief)}) {
        EXPECT_EQ(reading_of(count + " " + word + " назад"), past) << count << word;
        EXPECT_EQ(reading_of("через " + count + " " + word), future) << count << word;
      }
      EXPECT_EQ(reading_of(count + " " + unit.english + "s ago"), past);
      EXPECT_EQ(reading_of(count + unit.english[0] + " ago"), past);
      EXPECT_EQ(reading_of(count + " " + unit.english + "s from now"), future);
      EXPECT_EQ(reading_of("in " + count + " " + unit.english + "s"), future);
    }
  }
}

TEST(RelativeTimes, EveryFormOfMonthsAndYears) {
  for (int n = 1; n <= 11; ++n) {
    auto const count = std::to_string(n);
    auto const back = [](int months_back) {
      return instant(format_day(sys_days(year(2024) / 5 / 11 - months(months_back))) +
                     "T09:42:30Z");
    };
    auto const expected = between(back(n + 1), back(n));
    auto const* word = n == 1 ? "месяц" : n <= 4 ? "месяца" : "месяцев";
    for (auto const& text : {count + " " + word, count + " мес.", count + " м"}) {
      EXPECT_EQ(reading_of(text + " назад"), expected) << text;
    }
    EXPECT_EQ(reading_of(count + "mos ago"), expected);
  }
  for (int n = 1; n <= 130; ++n) {
    auto const count = std::to_string(n);
    auto const expected = std::to_string(2024 - n - 1) + "-05-11T09:42:30Z .. " +
                          std::to_string(2024 - n) + "-05-11T09:42:30Z";
    UnitForms const forms{"год", "года", "лет", "", "", "", {}};
    EXPECT_EQ(reading_of(count + " " + plural(forms, n) + " назад"), expected);
    EXPECT_EQ(reading_of(count + " г. назад"), expected);
    EXPECT_EQ(reading_of(count + " л. назад"), expected);
    EXPECT_EQ(reading_of(count + " years ago"), expected);
  }
}

TEST(RelativeTimes, OneMayLoseItsDigit) {
  EXPECT_EQ(reading_of("минуту назад"), reading_of("1 минуту назад"));
  EXPECT_EQ(reading_of("час назад"), reading_of("1 час назад"));
  EXPECT_EQ(reading_of("день назад"), reading_of("1 день назад"));
  EXPECT_EQ(reading_of("неделю назад"), reading_of("1 неделю назад"));
  EXPECT_EQ(reading_of("месяц назад"), reading_of("1 месяц назад"));
  EXPECT_EQ(reading_of("год назад"), reading_of("1 год назад"));
  EXPECT_EQ(reading_of("через год"), reading_of("через 1 год"));
  EXPECT_EQ(reading_of("an hour ago"), reading_of("1 час назад"));
  EXPECT_EQ(reading_of("1 час назад"), between(now - hours(2), now - hours(1)));
}

TEST(RelativeTimes, NoTimeAtAllMayBePrintedAsASecond) {
  EXPECT_EQ(reading_of("1 секунду назад"), between(now - seconds(2), now));
  EXPECT_EQ(reading_of("секунду назад"), between(now - seconds(2), now));
  EXPECT_EQ(reading_of("0 секунд назад"), between(now - seconds(1), now));
  EXPECT_EQ(reading_of("1 минуту 1 секунду назад"), between(now - seconds(62), now - seconds(61)));
}

TEST(RelativeTimes, WordsForNowMeanLessThanAMinute) {
  for (auto const* text :
       {"только что", "Только что", "just now", "несколько секунд назад", "a few seconds ago"}) {
    EXPECT_EQ(reading_of(text), between(now - minutes(1), now)) << text;
  }
}

TEST(RelativeTimes, YesterdayIsADayAgoOrTheCalendars) {
  EXPECT_EQ(reading_of("вчера"), "2024-05-09T09:42:30Z .. 2024-05-11T00:00:00Z");
  EXPECT_EQ(reading_of("yesterday"), reading_of("вчера"));
  EXPECT_EQ(reading_of("позавчера"), "2024-05-08T09:42:30Z .. 2024-05-10T00:00:00Z");
  EXPECT_EQ(reading_of("завтра"), "2024-05-12T00:00:00Z .. 2024-05-13T09:42:30Z");
  EXPECT_EQ(reading_of("послезавтра"), "2024-05-13T00:00:00Z .. 2024-05-14T09:42:30Z");
  EXPECT_EQ(reading_of("вчера", "Europe/Moscow"), "2024-05-09T09:42:30Z .. 2024-05-10T21:00:00Z");
}

TEST(RelativeTimes, SeveralUnitsEndWithTheSmallest) {
  auto const expected = between(now - hours(2) - minutes(6), now - hours(2) - minutes(5));
  for (auto const* text :
       {"2 часа 5 минут назад", "2 часа, 5 минут назад", "2 часа и 5 минут назад",
        "2 ч. 5 мин. назад", "2h 5m ago", "2 hours and 5 minutes ago"}) {
    EXPECT_EQ(reading_of(text), expected) << text;
  }
  EXPECT_EQ(reading_of("1 год 2 месяца назад"), "2023-02-11T09:42:30Z .. 2023-03-11T09:42:30Z");
  EXPECT_EQ(reading_of("1 месяц и 3 дня назад"), "2024-04-07T09:42:30Z .. 2024-04-08T09:42:30Z");
}

TEST(RelativeTimes, AFourthWeekEndsWithTheMonth) {
  EXPECT_EQ(reading_of("4 недели назад"), "2024-04-11T09:42:30Z .. 2024-04-13T09:42:30Z");
  // For the 29 days from 31 January to 1 March some programs print a month and a day, others four
  // weeks.
  EXPECT_EQ(reading_of("4 недели назад", "UTC", instant("2026-03-01T10:00:00Z")),
            "2026-01-29T10:00:00Z .. 2026-02-01T10:00:00Z");
}

TEST(RelativeTimes, EndsOfMonthsAllowForEveryWayToCount) {
  // February has no 31st, so all of February is a month ago.
  EXPECT_EQ(reading_of("1 месяц назад", "UTC", instant("2026-03-31T10:00:00Z")),
            "2026-01-31T10:00:00Z .. 2026-03-01T00:00:00Z");
  // For some programs the end of January is a month before the end of February.
  EXPECT_EQ(reading_of("1 месяц назад", "UTC", instant("2026-02-28T10:00:00Z")),
            "2025-12-28T10:00:00Z .. 2026-01-31T10:00:00Z");
  EXPECT_EQ(reading_of("1 год назад", "UTC", instant("2024-02-29T10:00:00Z")),
            "2022-02-28T10:00:00Z .. 2023-03-01T00:00:00Z");
  EXPECT_EQ(reading_of("через 1 месяц", "UTC", instant("2026-01-31T10:00:00Z")),
            "2026-02-28T10:00:00Z .. 2026-03-31T10:00:00Z");
}

TEST(RelativeTimes, MonthsAreThoseOfTheZoneOrOfUtc) {
  // In Moscow it is already April: from 1 February to 1 March there. In UTC it is the 31st, and the
  // month before covers all of February.
  auto const at = instant("2026-03-31T22:00:00Z");
  EXPECT_EQ(reading_of("1 месяц назад", "Europe/Moscow", at),
            "2026-01-31T22:00:00Z .. 2026-03-01T00:00:00Z");
  // Summer time began on 29 March in Berlin: 12:00 UTC is 14:00 there now and was 13:00 before.
  EXPECT_EQ(reading_of("2 месяца назад", "Europe/Berlin", instant("2026-05-10T12:00:00Z")),
            "2026-02-10T12:00:00Z .. 2026-03-10T13:00:00Z");
}

TEST(RelativeTimes, DaysAcrossAChangeOfClocksAreOfEitherLength) {
  EXPECT_EQ(reading_of("1 день назад", "Europe/Berlin", instant("2026-03-29T12:00:00Z")),
            "2026-03-27T12:00:00Z .. 2026-03-28T13:00:00Z");
}

// Some programs compare local clock times: from 19:30 to 08:00 they count twelve and a half hours,
// although one hour of that night did not exist.
TEST(RelativeTimes, HoursAcrossAChangeOfClocksAreThoseOfTheWallOrTrueOnes) {
  EXPECT_EQ(reading_of("12 часов назад", "Europe/Berlin", instant("2026-03-29T06:00:00Z")),
            "2026-03-28T17:00:00Z .. 2026-03-28T19:00:00Z");
  EXPECT_EQ(reading_of("5 минут назад", "Europe/Berlin", instant("2026-10-25T01:30:00Z")),
            "2026-10-25T00:24:00Z .. 2026-10-25T01:25:00Z");
  // A night without a clock change has the same length for all programs.
  EXPECT_EQ(reading_of("12 часов назад", "Europe/Berlin", instant("2026-03-28T06:00:00Z")),
            "2026-03-27T17:00:00Z .. 2026-03-27T18:00:00Z");
}

// What the broker's software prints for a past time: the largest unit, rounded down, by comparing
// the parts of two local clock times.
std::string printed(TimePoint of, TimePoint at, Zone const& zone) {
  auto const elapsed = floor<seconds>(at - of);
  auto const whole = [](auto count, char const* word) {
    return std::to_string(count) + " " + word + " назад";
  };
  if (elapsed < minutes(1)) return whole(std::max<long>(elapsed.count(), 1), "секунд");
  if (elapsed < hours(1)) return whole(elapsed / minutes(1), "минут");
  if (elapsed < hours(24)) return whole(elapsed / hours(1), "часов");
  auto const then = zone.to_wall(of), wall = zone.to_wall(at);
  year_month_day const a(floor<days>(then)), b(floor<days>(wall));
  auto const rest_a = then - sys_days(a.year() / a.month() / 1);
  auto const rest_b = wall - sys_days(b.year() / b.month() / 1);
  auto const months_between = (static_cast<int>(b.year()) - static_cast<int>(a.year())) * 12 +
                              static_cast<int>(static_cast<unsigned>(b.month())) -
                              static_cast<int>(static_cast<unsigned>(a.month())) -
                              (rest_b < rest_a ? 1 : 0);
  if (months_between >= 12) return whole(months_between / 12, "лет");
  if (months_between >= 1) return whole(months_between, "месяцев");
  auto const days_between = std::max<long>(floor<days>(wall - then).count(), 1);
  if (days_between >= 7) return whole(days_between / 7, "недель");
  return whole(days_between, "дней");
}

// The promise of the tables: the interval of each reading contains the true time, so combined
// readings only come closer to it.
TEST(RelativeTimes, SuccessiveReadingsShrinkAroundTheTruth) {
  std::mt19937_64 random(11);
  for (auto const* name :
       {"UTC", "Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}) {
    Zone const zone{name};
    for (int round = 0; round < 120; ++round) {
      TimePoint const truth = instant("2021-01-01T00:00:00Z") +
                              seconds(static_cast<long>(random() % (3 * 365 * 86400L)));
      TimePoint earliest = instant("0001-01-01"), latest = instant("9999-12-31");
      TimePoint at = truth;
      Duration width = latest - earliest;
      for (int reading = 0; reading < 40; ++reading) {
        auto const text = printed(truth, at, zone);
        auto const spoken = read_russian_time(text, zone, at);
        ASSERT_TRUE(spoken) << text;
        ASSERT_FALSE(spoken->exact);
        ASSERT_LE(spoken->earliest, truth) << name << " " << text << " at " << format_time(at);
        ASSERT_GE(spoken->latest, truth) << name << " " << text << " at " << format_time(at);
        earliest = std::max(earliest, spoken->earliest);
        latest = std::min(latest, spoken->latest);
        ASSERT_LE(latest - earliest, width);
        width = latest - earliest;
        at += seconds(static_cast<long>(1 + random() % (1L << (1 + reading / 2 + 3))));
      }
      // The first readings came within seconds.
      EXPECT_LE(width, seconds(2));
    }
  }
}

TEST(RussianDates, HostileTextsAreReadOrRefused) {
  std::string const pieces[] = {"11",       " ",        "мая",   "2024",   ".",      ":",
                                ",",        "назад",    "через", "3",      "недели", "\xd0",
                                "\xd1\xff", "\xe2\x80", "\xc2",  "999999", "год",    "вчера",
                                "-",        "ago",      "0",     "\x01",   "и",      "\xf0\x9f"};
  std::mt19937 random(5);
  Zone const zone("Europe/Berlin");
  int read = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string text;
    for (auto n = random() % 9; n > 0; --n) {
      text += pieces[random() % std::size(pieces)];
      if (random() % 2 == 0) text += ' ';
    }
    if (auto const spoken = read_russian_time(text, zone, now)) {
      ++read;
      ASSERT_LE(spoken->earliest, spoken->latest) << text;
      ASSERT_TRUE(is_storable(spoken->earliest) && is_storable(spoken->latest)) << text;
    }
  }
  EXPECT_GT(read, 10);
  for (unsigned i = 0; i < 256; ++i) {
    EXPECT_EQ(reading_of(std::string(3, static_cast<char>(i))), "none") << i;
  }
  EXPECT_EQ(reading_of(std::string(100'000, '9') + " лет назад"), "none");
  EXPECT_EQ(reading_of("2000 лет назад"), "0023-05-11T09:42:30Z .. 0024-05-11T09:42:30Z");
  EXPECT_EQ(reading_of("2023 лет назад"), "none");
  EXPECT_EQ(reading_of("через 7975 лет"), "none");
  EXPECT_EQ(reading_of("1 день назад", "UTC", TimePoint::min()), "none");
  EXPECT_EQ(reading_of("вчера, в 9:05", "UTC", TimePoint::max()), "none");
}

}  // namespace
}  // namespace affsync::engine::russian_dates_test
