// Kept-alive connections of one client between two requests. Use it from one thread only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/net/tls_stream.hpp"

namespace affsync::net {

namespace asio = boost::asio;

class IdlePool : public std::enable_shared_from_this<IdlePool> {
 public:
  // `size`: how many are kept. Those of all pools of a thread together are bounded too.
  IdlePool(asio::any_io_executor const& executor, std::size_t size)
      : timer_(executor), size_(size) {}

  // Returns the most recently used connection that is still open.
  std::optional<Stream> take();
  // Keeps it, if nothing has come behind its last answer.
  void give(Stream stream);
  // Closes all.
  void clear();

 private:
  struct Idle {
    Stream stream;
    std::chrono::steady_clock::time_point since;
    Idle(Stream its_stream, std::chrono::steady_clock::time_point time)
        : stream(std::move(its_stream)), since(time) {}
  };

  static std::vector<std::weak_ptr<IdlePool>>& pools();
  static void limit_all();
  void watch();

  std::vector<Idle> idle_;  // oldest first
  asio::steady_timer timer_;
  std::size_t size_;
  bool is_listed_ = false;
};

}  // namespace affsync::net
