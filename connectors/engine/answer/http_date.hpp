// Parses dates of HTTP header fields. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"

namespace affsync::engine {

// Parses "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110), and its two obsolete forms; nullopt if it is
// not such a date.
std::optional<TimePoint> parse_http_date(std::string_view text);

}  // namespace affsync::engine
