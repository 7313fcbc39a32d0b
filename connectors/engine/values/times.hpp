// Parses a broker's days and instants: ISO texts with own code, other formats with strptime
// directives, zones with the tz database. Nothing here throws on what a broker may send.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace date {
class time_zone;
}

namespace affsync::engine {

// A time zone; "UTC" (or an empty name) needs no tz database.
class Zone {
 public:
  Zone() = default;
  // Throws Failure config_invalid for a zone that this machine does not know.
  explicit Zone(std::string const& name);

  // Returns the instant of a local time, which is passed as if it were UTC. A local time that the
  // zone skips (clocks go forward) becomes the first instant after the gap; one that occurs twice
  // becomes the earlier instant.
  TimePoint to_utc(TimePoint wall) const;
  // Returns the local time of an instant, as if it were UTC.
  TimePoint to_wall(TimePoint instant) const;
  // Returns the local day of an instant.
  Day day_of(TimePoint instant) const;
  // Returns the offset from UTC that a word such as CEST means at a local time: UTC, GMT, UT and Z,
  // an abbreviation that the zone itself has at that time, or one of RFC 5322, 4.3 (EST to PDT).
  // nullopt for any other word.
  std::optional<std::chrono::minutes> offset_named(std::string_view word, TimePoint wall) const;

 private:
  date::time_zone const* zone_ = nullptr;  // nullptr: UTC
};

// The time in a text, before a zone is applied.
struct WallTime {
  TimePoint wall{};                            // local time, as if it were UTC
  std::optional<std::chrono::minutes> offset;  // from UTC, if the text has one
  bool has_time = false;                       // false: only a day
};

// Parses YYYY-MM-DD, optionally followed by T or a blank, HH:MM[:SS[.fraction]] and Z, ±HH, ±HHMM
// or ±HH:MM. Fractions are cut to microseconds; second 60 is the first of the next minute.
std::optional<WallTime> parse_iso(std::string_view text);

// Returns true for years 1 to 9999, which ISO texts and PostgreSQL can both represent.
bool is_storable(TimePoint time);

// Append what format_time and format_day return.
void append_time(std::string& out, TimePoint time);
void append_day(std::string& out, Day day);

// Parses days and times in several formats: "iso" or strptime directives; without formats, ISO.
class TimeReader {
 public:
  TimeReader() = default;
  // Throws Failure config_invalid for an unknown zone.
  TimeReader(std::vector<std::string> const& formats, std::string const& zone);

  // Returns an instant. A text without a zone is in this reader's zone; a day means its midnight.
  // nullopt if no format matches.
  std::optional<TimePoint> read_instant(std::string_view text) const;

  // Returns a day as written. "iso" accepts only a day; a format with a time returns the day of its
  // local time.
  std::optional<Day> read_day(std::string_view text) const;

  // Returns the day of an instant in this reader's zone.
  std::optional<Day> read_day_of_instant(std::string_view text) const;

  Zone const& zone() const { return zone_; }

 private:
  struct Format {
    std::string directives;      // empty: iso
    bool has_offset = false;     // %z
    bool has_zone_name = false;  // %Z alone, which is the offset then
  };
  std::optional<WallTime> read(std::string_view text, bool day_alone) const;
  std::vector<Format> formats_{Format{}};
  Zone zone_;
};

}  // namespace affsync::engine
