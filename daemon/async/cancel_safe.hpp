// A coroutine that may be cancelled in the very moment in which it ends.
//
// co_spawn ends a coroutine that never suspended with one more wait of its own. A cancellation that
// comes right then is thrown out of io_context::run(), and the completion handler is never called
// (Boost 1.81). Whatever is spawned and can be cancelled should end calmly.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <type_traits>
#include <utility>

namespace affsync::async {

namespace asio = boost::asio;

// What `op` gives or throws; after it, cancelling has no effect. T must be void or
// default-constructible.
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
