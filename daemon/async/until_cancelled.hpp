// For work that goes on until it is cancelled.
#pragma once

#include <boost/asio/awaitable.hpp>

namespace affsync::async {

namespace asio = boost::asio;

// Runs `work` and returns normally when it is cancelled, since that is how such work ends. Other
// exceptions pass.
asio::awaitable<void> until_cancelled(asio::awaitable<void> work);

}  // namespace affsync::async
