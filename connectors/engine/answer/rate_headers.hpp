// Waiting times that the common rate limit headers of an answer ask for. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.hpp"
#include "base/http_message.hpp"

namespace affsync::engine {

// Return the wait from headers that the connector does not name. Headers are tried in order of
// trust; the first one that says more than zero is used.
std::optional<std::chrono::milliseconds> wait_in_headers(Headers const& headers, TimePoint now);
std::optional<std::chrono::milliseconds> wait_in_rate_limit(Headers const& headers, TimePoint now);

}  // namespace affsync::engine
