// What a time in words says: an instant, or an interval that it lies in.
#pragma once

#include "base/clock.hpp"

namespace affsync::engine {

// What a text says of an instant: it lies in (earliest, latest].
struct SpokenTime {
  TimePoint earliest{};
  TimePoint latest{};
  bool exact = false;  // the text names an instant: earliest and latest are the same, and …
  Duration grain{};    // … it is told to this precision: a second, a minute, a day
};

}  // namespace affsync::engine
