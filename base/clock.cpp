#include "base/clock.hpp"

#include <array>
#include <charconv>
#include <cstdio>

namespace affsync {

using namespace std::chrono;

TimePoint SystemClock::now() const {
  return floor<microseconds>(system_clock::now());
}

std::string format_day(Day day) {
  year_month_day const ymd(day);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(ymd.year()),
                static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()));
  return text.data();
}

std::string format_time(TimePoint time) {
  auto const day = floor<days>(time);
  hh_mm_ss const clock(time - day);
  std::array<char, 48> text{};
  int length = std::snprintf(
      text.data(), text.size(), "T%02d:%02d:%02d", static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  if (clock.subseconds().count() != 0) {
    std::snprintf(text.data() + length, text.size() - static_cast<std::size_t>(length), ".%06d",
                  static_cast<int>(clock.subseconds().count()));
  }
  return format_day(day) + text.data() + "Z";
}

std::optional<Day> parse_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  auto number = [&](std::size_t from, std::size_t length) -> std::optional<int> {
    int value = 0;
    for (char c : text.substr(from, length)) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  auto const y = number(0, 4), m = number(5, 2), d = number(8, 2);
  if (!y || !m || !d) return std::nullopt;
  year_month_day const ymd{year{*y}, month{static_cast<unsigned>(*m)},
                           day{static_cast<unsigned>(*d)}};
  // PostgreSQL's calendar has no year 0, like everybody's.
  if (!ymd.ok() || *y < 1) return std::nullopt;
  return sys_days(ymd);
}

}  // namespace affsync
