#include "daemon/async/sleeper.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace affsync::async {

asio::awaitable<void> TimerSleeper::sleep(Duration time) {
  if (time <= Duration::zero()) co_return;
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace affsync::async
