// Resolves host names. getaddrinfo cannot be cancelled, so it runs on separate threads: the caller
// goes on at its timeout or cancellation, and a name server that hangs blocks neither the other
// sources nor the end of the process. Threads that still hang then end with the process; they are
// never joined.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <string>
#include <vector>

namespace affsync::net {

namespace asio = boost::asio;

// Returns the addresses of a host in the order in which to try them; never empty. `host` may be an
// address. Throws Failure unknown_host, timeout or connect_failed (no thread could be started),
// system_error(operation_aborted) when cancelled.
asio::awaitable<std::vector<asio::ip::tcp::endpoint>> resolve(std::string host, std::string port,
                                                              std::chrono::milliseconds limit);

}  // namespace affsync::net
