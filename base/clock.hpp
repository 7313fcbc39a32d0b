// Time as the whole program sees it: UTC instants of microseconds (PostgreSQL's resolution).
// Pure code takes the time as an argument; only the edge asks a Clock.
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

// "2026-11-21T03:14:15.000001Z"; the fraction only where there is one.
std::string format_time(TimePoint time);
// "2026-11-21"
std::string format_day(Day day);
// Strict YYYY-MM-DD of an existing day; nullopt otherwise.
std::optional<Day> parse_day(std::string_view text);

}  // namespace affsync
