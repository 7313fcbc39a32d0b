// Spans of time as people say them. Pure.
#pragma once

#include <string>

#include "base/clock.hpp"

namespace affsync::serve {

// "45 s", "15 min", "6 h", "3 days": rounded down, of the largest unit that it holds twice, or
// once when nothing is left over. Negative spans count as zero.
std::string span_text(Duration span);

// "3 min ago", "in 10 s", "now" (within a second).
std::string relative_text(TimePoint time, TimePoint now);

}  // namespace affsync::serve
