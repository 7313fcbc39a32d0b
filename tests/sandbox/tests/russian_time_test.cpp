// Russian times of the exchanger's sandbox. The expected values were computed by hand.
#include <gtest/gtest.h>

#include "tests/sandbox/clock.hpp"
#include "tests/sandbox/iexexchanger/php_json.hpp"
#include "tests/sandbox/iexexchanger/russian_time.hpp"

namespace affsync::sandbox::iexexchanger::russian_time_test {
namespace {

std::string ago(std::string const& from, std::string const& to, std::string const& zone = "UTC",
                int carbon = 2) {
  return relative_text(*parse_instant(from), *parse_instant(to), zone, carbon);
}

TEST(RussianTime, absolute_times_are_local_and_in_the_genitive) {
  auto const text = [](std::string const& time, std::string const& zone) {
    return absolute_text(*parse_instant(time), zone);
  };
  EXPECT_EQ(text("2024-05-11T06:42:59Z", "Europe/Moscow"), "11 мая 2024 09:42");
  EXPECT_EQ(text("2025-12-31T22:05:00Z", "Europe/Moscow"), "1 января 2026 01:05");
  EXPECT_EQ(text("2026-07-01T00:00:00Z", "Europe/Berlin"), "1 июля 2026 02:00");
  EXPECT_EQ(text("2026-08-09T10:00:00Z", "UTC"), "9 августа 2026 10:00");
  EXPECT_THROW(text("2026-08-09", "Europe/Nowhere"), std::runtime_error);
}

TEST(RussianTime, only_the_largest_unit_counts_and_is_cut_off) {
  EXPECT_EQ(ago("2024-04-17T10:47:34.3Z", "2024-05-11T06:42:00Z"), "3 недели назад");
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2026-03-01T10:00:59.9Z"), "59 секунд назад");
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2026-03-01T10:01:59Z"), "1 минуту назад");
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2026-03-01T13:59:59Z"), "3 часа назад");
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2026-03-02T09:59:59Z"), "23 часа назад");
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"), "1 день назад");
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2026-03-08T09:59:59Z"), "6 дней назад");
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2026-03-08T10:00:00Z"), "1 неделю назад");
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2027-02-28T10:00:00Z"), "11 месяцев назад");
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2027-03-01T10:00:00Z"), "1 год назад");
  EXPECT_EQ(ago("2021-03-01T10:00:00Z", "2026-03-01T10:00:00Z"), "5 лет назад");
}

TEST(RussianTime, plural_forms_follow_the_last_digits) {
  auto const minutes = [](std::string const& count) {
    return ago("2026-03-01T10:00:00Z", "2026-03-01T10:" + count + ":00Z");
  };
  EXPECT_EQ(minutes("21"), "21 минуту назад");
  EXPECT_EQ(minutes("11"), "11 минут назад");
  EXPECT_EQ(minutes("12"), "12 минут назад");
  EXPECT_EQ(minutes("22"), "22 минуты назад");
  EXPECT_EQ(minutes("44"), "44 минуты назад");
  EXPECT_EQ(minutes("35"), "35 минут назад");
  EXPECT_EQ(minutes("30"), "30 минут назад");
}

TEST(RussianTime, months_are_those_of_the_calendar) {
  EXPECT_EQ(ago("2026-01-31T12:00:00Z", "2026-03-01T12:00:00Z"), "1 месяц назад");
  EXPECT_EQ(ago("2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z"), "4 недели назад");
  EXPECT_EQ(ago("2026-01-15T12:00:00Z", "2026-03-15T11:59:59Z"), "1 месяц назад");
  EXPECT_EQ(ago("2026-01-15T12:00:00Z", "2026-03-15T12:00:00Z"), "2 месяца назад");
  // A late evening in UTC is already the next day in Moscow, and here the next month.
  EXPECT_EQ(ago("2026-02-28T22:30:00Z", "2026-03-31T21:15:00Z", "UTC"), "1 месяц назад");
  EXPECT_EQ(ago("2026-02-28T22:30:00Z", "2026-03-31T21:15:00Z", "Europe/Moscow"), "4 недели назад");
}

TEST(RussianTime, no_time_at_all_depends_on_the_version) {
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z", "UTC", 2), "1 секунду назад");
  EXPECT_EQ(ago("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z", "UTC", 3), "0 секунд назад");
}

TEST(RussianTime, the_future_is_told_as_such) {
  EXPECT_EQ(ago("2026-03-01T12:00:00Z", "2026-03-01T10:00:00Z"), "через 2 часа");
}

TEST(PhpJson, escapes_as_php_does) {
  EXPECT_EQ(php_string("a/\"б\xf0\x9f\x92\xb0"), "\"a\\/\\\"\\u0431\\ud83d\\udcb0\"");
  EXPECT_EQ(php_number(1'250'000'000), "12.5");
  EXPECT_EQ(php_number(10'000), "0.0001");
  EXPECT_EQ(php_number(1'000), "1.0e-5");
  EXPECT_EQ(php_number(123), "1.23e-6");
}

TEST(PhpJson, a_float_of_32_bits_shows_in_14_digits) {
  EXPECT_EQ(float_noise(19'036'000'000), "190.36000061035");
  EXPECT_EQ(float_noise(0), "0");
  EXPECT_EQ(float_noise(50'000'000), "0.5");
}

TEST(Instants, are_read_with_every_offset) {
  EXPECT_EQ(parse_instant("2026-03-01T10:00:00+03:00"), parse_instant("2026-03-01T07:00:00Z"));
  EXPECT_EQ(parse_instant("2026-03-01T10:00"), parse_instant("2026-03-01 10:00:00Z"));
  EXPECT_EQ(format_time(*parse_instant("2026-03-01T10:00:00.25-0530")),
            "2026-03-01T15:30:00.250000Z");
  EXPECT_EQ(parse_instant("2026-03-01"), parse_instant("2026-03-01T00:00:00Z"));
  for (auto const* wrong : {"", "2026-02-30", "2026-03-01T", "2026-03-01T25:00", "2026-03-01Tx",
                            "2026-03-01T10:00:00 03:00", "2026-03-01T10:00:00+3"})
    EXPECT_FALSE(parse_instant(wrong)) << wrong;
}

}  // namespace
}  // namespace affsync::sandbox::iexexchanger::russian_time_test
