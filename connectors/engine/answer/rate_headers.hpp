// How long the usual header fields of an answer ask to wait. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.hpp"
#include "base/http_message.hpp"

namespace affsync::engine {

// Of headers alone, other than the connector's own: in order of trust, the first that says more
// than zero.
std::optional<std::chrono::milliseconds> wait_in_headers(Headers const& headers, TimePoint now);
std::optional<std::chrono::milliseconds> wait_in_rate_limit(Headers const& headers, TimePoint now);

}  // namespace affsync::engine
