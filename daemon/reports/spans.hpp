// Formats spans of time for people, in a single unit, rounded down. Negative spans count as zero.
// Performs no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace affsync::reports {

// Rounds; nullopt also for an infinite number.
std::optional<std::int64_t> whole_seconds(std::optional<double> seconds);

// "45 s", "15 min", "6 h", "1 day", "3 days": in the largest unit that fits at least twice, or once
// without a remainder.
std::string span_text(Duration span);
// "12s", "3m", "47h", "2d": in the largest unit that fits, days only if they fit twice.
std::string short_span_text(Duration span);
// "17 minutes", "3 hours", "2 days": in the largest unit that fits at least twice; minutes if none
// does.
std::string long_span_text(Duration span);

// "3 min ago", "in 10 s", "now" (within a second).
std::string relative_text(TimePoint time, TimePoint now);

}  // namespace affsync::reports
