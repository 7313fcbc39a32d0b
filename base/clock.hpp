// Time types of the whole program: UTC, in microseconds (PostgreSQL's resolution). Pure code takes
// the time as an argument; only code that does I/O reads a Clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace affsync {

using Duration = std::chrono::microseconds;
using TimePoint = std::chrono::sys_time<std::chrono::microseconds>;
using Day = std::chrono::sys_days;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override;
};

// Returns "2026-11-21T03:14:15.000001Z", without a fraction of zero.
std::string format_time(TimePoint time);
// Returns "2026-11-21".
std::string format_day(Day day);
// Parses a strict YYYY-MM-DD; nullopt if it is not a day of the calendar.
std::optional<Day> parse_day(std::string_view text);

}  // namespace affsync
