// Days and instants of a broker: ISO texts by hand, other forms through strptime places, zones
// through the tz database. Nothing here throws on what a broker may send.
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

// A time zone; "UTC" (also empty) needs no tz database.
class Zone {
 public:
  Zone() = default;
  // Throws Failure config_invalid for a zone that this machine does not know.
  explicit Zone(std::string const& name);

  // The instant of a clock on the wall, given as if it were UTC. A time that the zone skips (clocks
  // go forward) becomes the first instant after the gap; one that occurs twice the earlier.
  TimePoint to_utc(TimePoint wall) const;
  // What the clock on the wall shows, as if it were UTC.
  TimePoint to_wall(TimePoint instant) const;
  // The calendar day of an instant.
  Day day_of(TimePoint instant) const;

 private:
  date::time_zone const* zone_ = nullptr;  // nullptr: UTC
};

// What a text says, before any zone is applied.
struct WallTime {
  TimePoint wall{};                            // as if it were UTC
  std::optional<std::chrono::minutes> offset;  // from UTC, where the text gives one
  bool has_time = false;                       // false: a day only
};

// YYYY-MM-DD, optionally followed by T or a blank, HH:MM[:SS[.fraction]] and Z, ±HH, ±HHMM or
// ±HH:MM. Fractions beyond microseconds are cut; second 60 is the next minute's first.
std::optional<WallTime> parse_iso(std::string_view text);

// Years 1 to 9999, which ISO texts and PostgreSQL can both write.
bool is_storable(TimePoint time);

// As format_time and format_day do, appended.
void append_time(std::string& out, TimePoint time);
void append_day(std::string& out, Day day);

// Reads days and times in any of several forms: "iso" or strptime places; no form means iso.
class TimeReader {
 public:
  TimeReader() = default;
  // Throws Failure config_invalid for an unknown zone.
  TimeReader(std::vector<std::string> const& formats, std::string const& zone);

  // An instant; a text without a zone is of this reader's zone, a day is its midnight. nullopt
  // when no form fits.
  std::optional<TimePoint> read_instant(std::string_view text) const;

  // A day as it is written: "iso" takes a day alone; a form with a time gives the day that its
  // clock on the wall shows.
  std::optional<Day> read_day(std::string_view text) const;

  // The day that a text of an instant falls on in this reader's zone.
  std::optional<Day> read_day_of_instant(std::string_view text) const;

  Zone const& zone() const { return zone_; }

 private:
  struct Format {
    std::string directives;  // empty: iso
    bool has_offset = false;
  };
  std::optional<WallTime> read(std::string_view text, bool day_alone) const;
  std::vector<Format> formats_{Format{}};
  Zone zone_;
};

}  // namespace affsync::engine
