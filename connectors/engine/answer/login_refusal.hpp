// Decides which answers to a login are refusals. Pure.
#pragma once

#include <optional>

#include "connectors/engine/answer/classify.hpp"

namespace affsync::engine {

// Returns the error if an answer with that status and verdict refuses the login. Refusals are every
// status from 300 to 499 except 408, 425 and 429, and every answer that a rule of the connector
// classifies as something other than ok, throttled or transient. An answer of a firewall in front
// of the broker is not a refusal.
//
// The code is `auth_invalid` if the broker mentions wrong credentials; `redirected` and
// `clock_skew` are kept; everything else becomes `login_refused`.
std::optional<Error> login_refusal(Verdict const& verdict, int status);

}  // namespace affsync::engine
