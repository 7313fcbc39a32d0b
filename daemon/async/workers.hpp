// Threads for work that only computes: a page is parsed and mapped there, so that the I/O thread
// does nothing but move bytes. Construct, destroy and call run() on the I/O thread.
#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/process_limits.hpp"

namespace affsync::async {

namespace asio = boost::asio;

class Workers {
 public:
  // Work on a text of fewer bytes than `least_bytes` costs less than handing it over.
  explicit Workers(std::size_t threads = usual_threads(),
                   std::size_t least_bytes = usual_least_bytes)
      : least_bytes_(least_bytes), pool_(startable_threads(std::max<std::size_t>(1, threads))) {}
  // Waits for running work.
  ~Workers() { pool_.join(); }
  Workers(Workers const&) = delete;
  Workers& operator=(Workers const&) = delete;

  bool is_worth(std::size_t bytes) const { return bytes >= least_bytes_; }

  // Runs `work` on a thread and resumes the caller with what it returns or throws. What the caller
  // lends it stays lent until then: a cancellation of the caller does not end the work, and is
  // noticed at the next wait. So each piece must be short, as the work on one page is.
  template <class Work>
  asio::awaitable<std::invoke_result_t<Work&>> run(Work work) {
    using Value = std::invoke_result_t<Work&>;
    // co_spawn needs a type that has a value before it has a result.
    auto body = [task = std::move(work)]() mutable -> asio::awaitable<std::optional<Value>> {
      std::optional<Value> value(task());
      co_return value;
    };
    // Bind no cancellation slot: a cancellation would reach the coroutine from another thread.
    auto token = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
    std::optional<Value> value = co_await asio::co_spawn(pool_, std::move(body), token);
    co_return std::move(*value);
  }

  static constexpr std::size_t usual_least_bytes = 48 * 1024;
  // Each thread keeps the buffers of its parser, and PostgreSQL needs the other cores.
  static std::size_t usual_threads() {
    return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 4);
  }

 private:
  std::size_t least_bytes_;
  asio::thread_pool pool_;
};

}  // namespace affsync::async
