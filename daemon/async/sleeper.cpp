#include "daemon/async/sleeper.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace affsync::async {

void Alarm::ring() {
  if (timer_ == nullptr) return;
  has_rung_ = true;
  timer_->cancel();
}

Alarm::Set::Set(Alarm& alarm, asio::steady_timer& timer) : alarm_(alarm) {
  alarm_.timer_ = &timer;
  alarm_.has_rung_ = false;
}

asio::awaitable<bool> Sleeper::sleep_until_woken(Duration time, Alarm&) {
  co_await sleep(time);
  co_return false;
}

asio::awaitable<void> TimerSleeper::sleep(Duration time) {
  if (time <= Duration::zero()) co_return;
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<bool> TimerSleeper::sleep_until_woken(Duration time, Alarm& alarm) {
  if (time <= Duration::zero()) co_return false;
  auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, time);
  Alarm::Set const set(alarm, timer);
  boost::system::error_code woken;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  if (woken && !set.has_rung()) throw boost::system::system_error(woken);
  co_return set.has_rung();
}

}  // namespace affsync::async
