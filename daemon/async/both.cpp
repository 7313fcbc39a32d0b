#include "daemon/async/both.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>

#include "daemon/async/cancel_safe.hpp"

namespace affsync::async {

asio::awaitable<void> both(asio::awaitable<void> first, asio::awaitable<void> second) {
  auto executor = co_await asio::this_coro::executor;
  auto calm_first = cancel_safe(std::move(first));
  auto calm_second = cancel_safe(std::move(second));
  auto one = asio::co_spawn(executor, std::move(calm_first), asio::deferred);
  auto other = asio::co_spawn(executor, std::move(calm_second), asio::deferred);
  auto group = asio::experimental::make_parallel_group(std::move(one), std::move(other));
  auto [order, first_error, second_error] =
      co_await group.async_wait(asio::experimental::wait_for_one_error(), asio::use_awaitable);
  bool const second_came_first = order[0] == 1;
  if (second_error && (second_came_first || !first_error)) std::rethrow_exception(second_error);
  if (first_error) std::rethrow_exception(first_error);
}

}  // namespace affsync::async
