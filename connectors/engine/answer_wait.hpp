// How long a throttling answer asks to wait, in whichever of the usual places it says so. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/http_message.hpp"
#include "connectors/engine/manifest.hpp"

namespace affsync::engine {

// Retry-After, else the reset header, else a number in the text ("available in 5 seconds"); capped.
// nullopt when none of them says anything, or says zero.
std::optional<std::chrono::milliseconds> asked_wait(HttpResponse const& response,
                                                    RateSpec const& rate, TimePoint now);

// The time until the limit of a reset header is over; never negative.
std::optional<std::chrono::milliseconds> parse_reset(std::string_view text, ResetUnit unit,
                                                     TimePoint now);

}  // namespace affsync::engine
