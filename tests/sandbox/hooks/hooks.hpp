// Not a broker: a receiver of alerts. It takes webhooks and messages in Telegram's shape, and
// prints each on standard error as it would be read, so that a demonstration shows them as they
// arrive.
#pragma once

#include "tests/sandbox/broker.hpp"

namespace affsync::sandbox::hooks {

std::unique_ptr<Broker> make_hooks();

// What is printed of one request; empty for one that is neither.
std::string shown(Request const& request);

}  // namespace affsync::sandbox::hooks
