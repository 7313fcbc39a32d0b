// Formats spans of time for people. Performs no I/O.
#pragma once

#include <string>

#include "base/clock.hpp"

namespace affsync::serve {

// Returns "45 s", "15 min", "6 h", "3 days": rounded down, in the largest unit that fits at least
// twice, or once without a remainder. Negative spans count as zero.
std::string span_text(Duration span);

// "3 min ago", "in 10 s", "now" (within a second).
std::string relative_text(TimePoint time, TimePoint now);

}  // namespace affsync::serve
