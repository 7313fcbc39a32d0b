// Waits between retries: exponential with full jitter, the random number handed in.
#pragma once

#include "base/clock.hpp"

namespace affsync::engine {

struct BackoffSpec {
  Duration first = std::chrono::milliseconds(500);
  Duration cap = std::chrono::seconds(60);
  int attempts = 4;  // retries after the first try
};

// The wait before retry number `retry` (1, 2, …): random * min(cap, first * 2^(retry-1)), at least
// a tenth of it.
Duration backoff_wait(BackoffSpec const& spec, int retry, double random);

}  // namespace affsync::engine
