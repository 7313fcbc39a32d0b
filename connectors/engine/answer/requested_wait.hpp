// Reads how long a throttling answer asks to wait. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// Returns the wait that an answer asks for, at most a year. Sources, in this order: Retry-After and
// its variants, the connector's reset header, its `wait_text`, the RateLimit header fields, a reset
// header with a common name, a member of the body such as `retry_after`, a number in its text
// ("available in 5 seconds"). nullopt if none of them says more than zero. Points in time are
// relative to the answer's Date header if it has one, because our clock may be wrong.
std::optional<std::chrono::milliseconds> requested_wait(HttpResponse const& response,
                                                        Json const& body, RateSpec const& rate,
                                                        TimePoint now);

// Returns the time until the reset that a header announces; never negative.
std::optional<std::chrono::milliseconds> parse_reset(std::string_view text, ResetUnit unit,
                                                     TimePoint now);

// Parses "1m30s", "250 ms", "2 minutes"; a number without a unit is seconds. nullopt if it is no
// duration.
std::optional<std::chrono::milliseconds> parse_wait(std::string_view text);

// Parses Retry-After: seconds or an HTTP date, and the variants that servers send: seconds with a
// fraction or a unit, an ISO date, a Unix time in seconds or milliseconds, two values in one field.
// nullopt for anything else. Never negative.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, TimePoint now);

}  // namespace affsync::engine
