// A time limit around any awaitable. When the limit passes, the operation is cancelled (terminal)
// and waited for, so nothing is left running. Do not use it for operations that cannot be cancelled
// (getaddrinfo, a statement of the database).
//
// Cancelling the caller cancels the operation and the timer and throws
// system_error(operation_aborted).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include "base/error.hpp"
#include "daemon/async/cancel_safe.hpp"
#include "daemon/async/durations.hpp"

namespace affsync::async {

namespace asio = boost::asio;

// Returns or throws what `op` returns or throws. Throws Failure(timeout) "`what` took longer than
// …" if the limit passed first. T must be void or default-constructible.
template <class T>
asio::awaitable<T> with_timeout(asio::awaitable<T> op, std::chrono::milliseconds limit,
                                std::string what = "the operation") {
  auto const executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, limit);
  auto group = asio::experimental::make_parallel_group(
      asio::co_spawn(executor, cancel_safe(std::move(op)), asio::deferred),
      timer.async_wait(asio::deferred));
  auto const expired = [&](auto const& order, boost::system::error_code timer_error) {
    return order[0] == 1 && !timer_error;
  };
  auto const failure = [&] {
    return Failure(ErrorCode::timeout, what + " took longer than " + to_text(limit));
  };
  if constexpr (std::is_void_v<T>) {
    auto [order, error, timer_error] =
        co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (expired(order, timer_error)) throw failure();
    if (error) std::rethrow_exception(error);
  } else {
    auto [order, error, value, timer_error] =
        co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    if (expired(order, timer_error)) throw failure();
    if (error) std::rethrow_exception(error);
    co_return std::move(value);
  }
}

}  // namespace affsync::async
