#include "daemon/async/gate.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace affsync::async {

struct Gate::Waiter {
  explicit Waiter(asio::any_io_executor const& executor)
      : timer(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer timer;  // never expires; cancelled when the slot is granted
  bool granted = false;
};

asio::awaitable<Gate::Pass> Gate::enter() {
  if (free_ > 0) {
    --free_;
    co_return Pass(*this);
  }
  auto executor = co_await asio::this_coro::executor;
  Waiter waiter(executor);
  auto const place = waiters_.insert(waiters_.end(), &waiter);
  boost::system::error_code error;
  co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  if (waiter.granted) co_return Pass(*this);  // leave() has removed it from the list
  waiters_.erase(place);
  throw boost::system::system_error(asio::error::operation_aborted);
}

void Gate::leave() {
  if (waiters_.empty()) {
    ++free_;
    return;
  }
  Waiter* next = waiters_.front();
  waiters_.pop_front();
  next->granted = true;
  next->timer.cancel();
}

}  // namespace affsync::async
