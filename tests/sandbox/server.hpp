// HTTP/1.1 over plain sockets with control over every byte: correct by default, broken as the
// answer's Delivery requires. Everything runs on the executor's one thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "tests/sandbox/sandbox.hpp"

namespace affsync::sandbox {

// Accepts until the acceptor is closed. Connections run concurrently and end with the executor.
boost::asio::awaitable<void> serve(boost::asio::ip::tcp::acceptor& acceptor, Sandbox& sandbox);

}  // namespace affsync::sandbox
