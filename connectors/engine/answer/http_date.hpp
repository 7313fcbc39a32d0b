// Dates as HTTP writes them in its header fields. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::engine {

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110; the two obsolete forms too).
std::optional<TimePoint> parse_http_date(std::string_view text);

}  // namespace affsync::engine
