// Names to addresses. getaddrinfo cannot be cancelled, so it runs on threads of its own: whoever
// waits for it is free again at its deadline or cancellation, and one name server that hangs holds
// up neither the other sources nor the end of the process. A thread that still hangs then goes
// with the process: nothing joins it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace affsync::net {

namespace asio = boost::asio;

// The addresses of a host in the order in which to try them; never empty. An address is taken as
// it is. Throws Failure unknown_host or timeout, system_error(operation_aborted) when cancelled.
asio::awaitable<std::vector<asio::ip::tcp::endpoint>> resolve(std::string host, std::string port,
                                                              std::chrono::milliseconds limit);

}  // namespace affsync::net
