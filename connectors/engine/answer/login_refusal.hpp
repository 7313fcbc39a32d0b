// Which answers to a login are a refusal. Pure.
#pragma once

#include <optional>

#include "connectors/engine/answer/classify.hpp"

namespace affsync::engine {

// The refusal, when an answer of that status and verdict is one: every status from 300 to 499 but
// 408, 425 and 429, and whatever a rule of the connector calls something else than good, throttled
// or transient. Not so what a firewall in front of the broker says. Its code is `auth_invalid`
// where the broker speaks of wrong credentials, `redirected` and `clock_skew` as they are, and
// `login_refused` otherwise.
std::optional<Error> login_refusal(Verdict const& verdict, int status);

}  // namespace affsync::engine
