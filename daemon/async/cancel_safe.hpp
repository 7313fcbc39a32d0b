// A wrapper for coroutines that may be cancelled at the moment they end.
//
// co_spawn adds one wait of its own at the end of a coroutine that never suspended. If a
// cancellation arrives during that wait, io_context::run() throws it and the completion handler is
// never called (Boost 1.81). Wrap every coroutine that is spawned and can be cancelled.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <type_traits>
#include <utility>

namespace affsync::async {

namespace asio = boost::asio;

// Returns or throws what `op` returns or throws. Once `op` has ended, a cancellation has no effect.
// T must be void or default-constructible.
template <class T>
asio::awaitable<T> cancel_safe(asio::awaitable<T> op) {
  std::exception_ptr error;
  if constexpr (std::is_void_v<T>) {
    try {
      co_await std::move(op);
    } catch (...) {
      error = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    if (error) std::rethrow_exception(error);
  } else {
    T value{};
    try {
      value = co_await std::move(op);
    } catch (...) {
      error = std::current_exception();
    }
    co_await asio::this_coro::throw_if_cancelled(false);
    if (error) std::rethrow_exception(error);
    co_return std::move(value);
  }
}

}  // namespace affsync::async
