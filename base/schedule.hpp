// The schedule of a stream: a fixed interval (`30s`, `15m`, `6h`, `1d`) or a five-field cron line
// in UTC. Pure code.
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

// Parses "30s", "15m", "6h", "1d". Refuses a number without unit, zero, and more than ten years.
// Errors: config_invalid.
Result<std::chrono::seconds> parse_duration(std::string_view text);

struct CronLine {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;     // 1..31
  std::bitset<13> months;   // 1..12
  std::bitset<7> weekdays;  // 0 = Sunday
  bool any_day = true;      // the day field starts with `*`
  bool any_weekday = true;  // the weekday field starts with `*`

  // As in cron: if neither field starts with `*`, one of them must match; else both must match.
  bool matches(Day day) const;
  // Returns the first matching minute after `time`; nullopt if there is none ("0 0 30 2 *").
  std::optional<TimePoint> next(TimePoint time) const;
  friend bool operator==(CronLine const&, CronLine const&) = default;
};

// Parses five fields: minute, hour, day of the month, month, weekday (0 and 7 are Sunday). Each is
// `*`, a number, a name (jan, mon), a range, a step (`*/15`, `8-18/2`) or a list of these.
// Errors: config_invalid, with the field and its valid values.
Result<CronLine> parse_cron(std::string_view text);

class Schedule {
 public:
  Schedule() = default;  // every 15 minutes
  explicit Schedule(std::chrono::seconds interval);
  // `text` is returned by text().
  explicit Schedule(CronLine line, std::string text = "cron");

  // Returns the next start after `last_start`, the start of the last run. `jitter` in [0, 1) delays
  // it by up to a tenth of the interval, at most a minute; a cron time by up to 30 s.
  TimePoint next(TimePoint last_start, double jitter) const;
  // False for a time of the next run that is further ahead than one interval: it was written while
  // a clock was wrong, or the interval longer.
  bool believes(TimePoint due, TimePoint now) const { return due <= next(now, 1); }
  // Returns when the run is really due that was written down for `written`: then, unless that time
  // cannot be believed; else one interval after the last success; else now.
  TimePoint believed(TimePoint written, std::optional<TimePoint> last_success, TimePoint now) const;
  // Returns the time between two runs, used to detect a stream that is late by three intervals. For
  // a cron line it is the longest regular gap (over a weekend, for example), so that a planned
  // pause raises no alarm.
  std::chrono::seconds interval() const { return interval_; }
  // True unless it is a cron line.
  bool is_interval() const { return std::holds_alternative<std::chrono::seconds>(rule_); }
  // The schedule as the user wrote it.
  std::string const& text() const { return text_; }
  friend bool operator==(Schedule const&, Schedule const&) = default;

 private:
  friend Result<Schedule> parse_schedule(std::string_view text);
  std::variant<std::chrono::seconds, CronLine> rule_ = std::chrono::seconds(900);
  std::chrono::seconds interval_{900};
  std::string text_ = "15m";
};

// Errors: config_invalid, with a hint on what is allowed.
Result<Schedule> parse_schedule(std::string_view text);

}  // namespace affsync
