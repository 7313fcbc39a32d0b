#include "daemon/async/gate.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace affsync::async {

struct Gate::Waiter {
  Waiter(asio::any_io_executor const& executor, std::shared_ptr<bool const> urgent)
      : timer(executor, asio::steady_timer::time_point::max()), is_urgent(std::move(urgent)) {}
  asio::steady_timer timer;  // never expires; cancelled when the slot is granted
  std::shared_ptr<bool const> is_urgent;
  bool granted = false;
};

asio::awaitable<Gate::Pass> Gate::enter(std::shared_ptr<bool const> is_urgent) {
  if (free_ > 0) {
    --free_;
    co_return Pass(*this);
  }
  auto executor = co_await asio::this_coro::executor;
  Waiter waiter(executor, std::move(is_urgent));
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
  auto place = std::ranges::find_if(
      waiters_, [](Waiter const* one) { return !one->is_urgent || *one->is_urgent; });
  if (place == waiters_.end()) place = waiters_.begin();
  Waiter* next = *place;
  waiters_.erase(place);
  next->granted = true;
  next->timer.cancel();
}

}  // namespace affsync::async
