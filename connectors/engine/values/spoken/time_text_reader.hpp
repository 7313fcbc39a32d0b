// Reads a time in any way that a column's mapping allows: in words where it says so, then in its
// forms.
#pragma once

#include <string>
#include <vector>

#include "connectors/engine/values/spoken/russian_dates.hpp"
#include "connectors/engine/values/times.hpp"

namespace affsync::engine {

class TimeTextReader {
 public:
  TimeTextReader() = default;
  // `russian`: Russian words are tried before the forms. Throws Failure config_invalid for an
  // unknown zone.
  TimeTextReader(bool russian, std::vector<std::string> const& formats, std::string const& zone)
      : russian_(russian), forms_(formats, zone) {}

  // What the text says at `now`; an instant of one of the forms is exact. nullopt when neither
  // fits.
  std::optional<SpokenTime> read(std::string_view text, TimePoint now) const;

  // The day that an exact text names; see TimeReader for the two ways. nullopt when nothing fits,
  // `relative` is then set when the text only tells how long ago it was.
  std::optional<Day> read_day(std::string_view text, TimePoint now, bool of_instant,
                              bool& relative) const;

  Zone const& zone() const { return forms_.zone(); }

 private:
  bool russian_ = false;
  TimeReader forms_;
};

}  // namespace affsync::engine
