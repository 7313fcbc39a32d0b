#include "connectors/engine/values/spoken/time_text_reader.hpp"

namespace affsync::engine {

std::optional<SpokenTime> TimeTextReader::read(std::string_view text, TimePoint now) const {
  if (russian_) {
    if (auto spoken = read_russian_time(text, zone(), now)) {
      // `now` is the answer's Date header in whole seconds, and the text was written a moment
      // before.
      constexpr std::chrono::seconds doubt{1};
      if (!spoken->exact && is_storable(spoken->earliest - doubt) &&
          is_storable(spoken->latest + doubt)) {
        spoken->earliest -= doubt;
        spoken->latest += doubt;
      }
      return spoken;
    }
  }
  auto const instant = forms_.read_instant(text);
  if (!instant) return std::nullopt;
  SpokenTime exact;
  exact.earliest = *instant;
  exact.latest = *instant;
  exact.exact = true;
  return exact;
}

std::optional<Day> TimeTextReader::read_day(std::string_view text, TimePoint now, bool of_instant,
                                            bool& relative) const {
  relative = false;
  if (russian_) {
    if (auto const spoken = read_russian_time(text, zone(), now)) {
      relative = !spoken->exact;
      if (relative) return std::nullopt;
      return zone().day_of(spoken->earliest);
    }
  }
  return of_instant ? forms_.read_day_of_instant(text) : forms_.read_day(text);
}

}  // namespace affsync::engine
