// When a stream is due: a fixed interval (`30s`, `15m`, `6h`, `1d`) or a five-field cron line in
// UTC. Pure.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace affsync::config {

// "30s", "15m", "6h", "1d"; a bare number is refused. Errors: config_invalid.
Result<std::chrono::seconds> parse_duration(std::string_view text);

struct CronLine {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;         // 1..31
  std::bitset<13> months;       // 1..12
  std::bitset<7> weekdays;      // 0 = Sunday
  bool any_day = true;          // `*` in the day field
  bool any_weekday = true;
};

class Schedule {
 public:
  Schedule() = default;  // every 15 minutes
  explicit Schedule(std::chrono::seconds interval) : rule_(interval) {}
  explicit Schedule(CronLine line) : rule_(line) {}

  // The next time after `last_start` (the last run's beginning). `jitter` in [0, 1) moves an
  // interval's time by up to a tenth of it, at most a minute; cron times are moved by up to 30 s.
  TimePoint next(TimePoint last_start, double jitter) const;
  // The usual distance between two runs, for "past three of its intervals".
  std::chrono::seconds interval() const;
  std::string const& text() const { return text_; }

 private:
  friend Result<Schedule> parse_schedule(std::string_view text);
  std::variant<std::chrono::seconds, CronLine> rule_ = std::chrono::seconds(900);
  std::string text_ = "15m";
};

// Errors: config_invalid, with what is allowed.
Result<Schedule> parse_schedule(std::string_view text);

}  // namespace affsync::config
