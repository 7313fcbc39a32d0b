// When a stream is due: a fixed interval (`30s`, `15m`, `6h`, `1d`) or a five-field cron line in
// UTC. Pure.
#pragma once

#include <bitset>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace affsync {

// "30s", "15m", "6h", "1d"; a bare number, a zero and more than ten years are refused.
// Errors: config_invalid.
Result<std::chrono::seconds> parse_duration(std::string_view text);

struct CronLine {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;     // 1..31
  std::bitset<13> months;   // 1..12
  std::bitset<7> weekdays;  // 0 = Sunday
  bool any_day = true;      // the day field begins with `*`
  bool any_weekday = true;  // the weekday field does

  // As cron has it: when both fields name days, either is enough; else both must hold.
  bool matches(Day day) const;
  // The first matching minute after `time`; nullopt when there is none ("0 0 30 2 *").
  std::optional<TimePoint> next(TimePoint time) const;
};

// Five fields: minute, hour, day of the month, month, weekday (0 and 7 are Sunday); each `*`, a
// number, a name (jan, mon), a range, a step (`*/15`, `8-18/2`) or a list of these.
// Errors: config_invalid, with the field and what it takes.
Result<CronLine> parse_cron(std::string_view text);

class Schedule {
 public:
  Schedule() = default;  // every 15 minutes
  explicit Schedule(std::chrono::seconds interval);
  // `text` is what text() gives.
  explicit Schedule(CronLine line, std::string text = "cron");

  // The next time after `last_start` (the last run's beginning). `jitter` in [0, 1) moves an
  // interval's time by up to a tenth of it, at most a minute; cron times are moved by up to 30 s.
  TimePoint next(TimePoint last_start, double jitter) const;
  // The distance between two runs, for "past three of its intervals"; of a cron line the longest
  // that is usual (over a weekend, say), so that a planned pause is no alarm.
  std::chrono::seconds interval() const { return interval_; }
  // Not a cron line.
  bool is_interval() const { return std::holds_alternative<std::chrono::seconds>(rule_); }
  // As the user wrote it.
  std::string const& text() const { return text_; }

 private:
  friend Result<Schedule> parse_schedule(std::string_view text);
  std::variant<std::chrono::seconds, CronLine> rule_ = std::chrono::seconds(900);
  std::chrono::seconds interval_{900};
  std::string text_ = "15m";
};

// Errors: config_invalid, with what is allowed.
Result<Schedule> parse_schedule(std::string_view text);

}  // namespace affsync
