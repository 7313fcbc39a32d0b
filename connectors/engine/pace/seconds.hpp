// Durations as a number of seconds, in which rates are calculated.
#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace affsync::engine {

inline double in_seconds(Duration time) {
  return static_cast<double>(time.count()) / 1e6;
}

// At most eleven days.
inline Duration seconds_of(double seconds) {
  return Duration(static_cast<Duration::rep>(std::min(seconds, 1e6) * 1e6));
}

}  // namespace affsync::engine
