// Waits between retries: exponential backoff with full jitter. The caller provides the random
// number.
#pragma once

#include "base/clock.hpp"

namespace affsync::engine {

struct BackoffSpec {
  Duration first = std::chrono::milliseconds(500);
  Duration cap = std::chrono::seconds(60);
  int attempts = 4;  // retries after the first attempt
};

// Returns the wait before retry number `retry` (1, 2, …): random * min(cap, first * 2^(retry-1)),
// but at least a tenth of that maximum.
Duration backoff_wait(BackoffSpec const& spec, int retry, double random);

}  // namespace affsync::engine
