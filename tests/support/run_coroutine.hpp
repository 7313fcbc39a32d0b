// Runs one coroutine to its end on a loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <stdexcept>

namespace affsync::test {

// Returns or throws what `work` returns or throws. T must be default-constructible.
template <class T>
T run_coroutine(boost::asio::io_context& loop, boost::asio::awaitable<T> work) {
  std::optional<T> result;
  std::exception_ptr thrown;
  auto ended = [&](std::exception_ptr error, T value) {
    thrown = error;
    if (!error) result = std::move(value);
  };
  boost::asio::co_spawn(loop, std::move(work), std::move(ended));
  loop.restart();
  while (!result && !thrown) {
    if (loop.run_one() == 0)
      throw std::runtime_error("the coroutine waits, but the loop has no work left");
  }
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

}  // namespace affsync::test
