// How long a throttling answer asks to wait, in whichever of the usual places it says so. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/http_message.hpp"
#include "base/json.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// What is asked for, in whichever place it is said: Retry-After and its relatives, else the
// connector's reset header, else the RateLimit header fields, a reset header of the usual names, a
// member of the body such as `retry_after`, a number in its text ("available in 5 seconds").
// Bounded by a year. nullopt when none of them says anything, or says zero. Points in time count
// from the answer's own Date, where it has one: our clock may be wrong.
std::optional<std::chrono::milliseconds> requested_wait(HttpResponse const& response,
                                                        Json const& body, RateSpec const& rate,
                                                        TimePoint now);

// The time until the limit of a reset header is over; never negative.
std::optional<std::chrono::milliseconds> parse_reset(std::string_view text, ResetUnit unit,
                                                     TimePoint now);

// "1m30s", "250 ms", "2 minutes"; seconds where no unit stands. nullopt when it is no such text.
std::optional<std::chrono::milliseconds> parse_wait(std::string_view text);

// Retry-After in seconds or as an HTTP date, and what servers send instead: seconds with a fraction
// or a unit, an ISO date, a Unix time in seconds or milliseconds, two of them in one field. nullopt
// for anything else. Never negative.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, TimePoint now);

}  // namespace affsync::engine
