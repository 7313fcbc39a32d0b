// A time given in words: an instant, or an interval that it lies in.
#pragma once

#include "base/clock.hpp"

namespace affsync::engine {

// The instant lies in (earliest, latest].
struct SpokenTime {
  TimePoint earliest{};
  TimePoint latest{};
  bool exact = false;  // the text names an instant: earliest and latest are equal
  Duration grain{};    // precision of an exact instant: a second, a minute, a day
};

}  // namespace affsync::engine
