// Runs two coroutines side by side.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace affsync::async {

namespace asio = boost::asio;

// Waits until both have ended. A failure of one cancels the other; rethrows the one that came
// first. Cancellation cancels both.
asio::awaitable<void> both(asio::awaitable<void> first, asio::awaitable<void> second);

}  // namespace affsync::async
