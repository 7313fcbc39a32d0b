// Parses a time in every way that a column's mapping allows: first in words, if it says so, then in
// its formats.
#pragma once

#include <string>
#include <vector>

#include "connectors/engine/values/spoken/russian_dates.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {

class TimeTextReader {
 public:
  TimeTextReader() = default;
  // `russian`: Russian words are tried before the formats. Throws Failure config_invalid for an
  // unknown zone.
  TimeTextReader(bool russian, std::vector<std::string> const& formats, std::string const& zone)
      : russian_(russian), forms_(formats, zone) {}

  // Returns the time of the text as of `now`; a time in one of the formats is exact. nullopt if
  // neither words nor formats match.
  std::optional<SpokenTime> read(std::string_view text, TimePoint now) const;

  // Returns the day of an exact text; `of_instant` chooses between the two ways of TimeReader.
  // nullopt if nothing matches; then `relative` is set if the text is only a relative time.
  std::optional<Day> read_day(std::string_view text, TimePoint now, bool of_instant,
                              bool& relative) const;

  Zone const& zone() const { return forms_.zone(); }

 private:
  bool russian_ = false;
  TimeReader forms_;
};

}  // namespace affsync::engine
