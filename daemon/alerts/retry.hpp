// When a message that could not be sent is tried again. Performs no I/O.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.hpp"

namespace affsync::alerts {

// Returns when to try again, after `attempts` attempts in all: soon at first, then at most every
// quarter of an hour, so that a receiver that was away hears all soon after it is back. `asked`:
// how long the receiver asks to wait; at most six hours are granted, because after a day the
// message is given up. `jitter` in [0, 1).
TimePoint next_attempt(TimePoint now, int attempts, std::optional<std::chrono::milliseconds> asked,
                       double jitter);

}  // namespace affsync::alerts
