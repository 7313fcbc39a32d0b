// Connects to the first address of a host that answers (RFC 8305): each further address is tried
// 250 ms after the one before, or as soon as that fails, and the slower ones are given up.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace affsync::net {

namespace asio = boost::asio;

struct Connected {
  std::optional<asio::ip::tcp::socket> socket;  // nothing: `error` says why
  // Of the last address that failed; timed_out if the time ran out before.
  boost::system::error_code error;
};

// Cancellation throws system_error(operation_aborted). Nothing of it goes on when it has ended.
asio::awaitable<Connected> connect_first(std::vector<asio::ip::tcp::endpoint> endpoints,
                                         std::chrono::milliseconds limit);

// Moves the address that answered last for this host to the front, so that one that is dead costs
// its wait once in a process. Of the calling thread.
void order_by_experience(std::string const& peer, std::vector<asio::ip::tcp::endpoint>& endpoints);
void note_answer(std::string const& peer, asio::ip::tcp::endpoint const& endpoint);

}  // namespace affsync::net
