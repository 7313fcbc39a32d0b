#include "daemon/async/gate.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include "daemon/async/event.hpp"

namespace affsync::async {

struct Gate::Waiter {
  explicit Waiter(std::shared_ptr<bool const> urgent) : is_urgent(std::move(urgent)) {}
  Event on_granted;
  std::shared_ptr<bool const> is_urgent;
  bool granted = false;
};

asio::awaitable<Gate::Pass> Gate::enter(std::shared_ptr<bool const> is_urgent) {
  if (free_ > 0) {
    --free_;
    co_return Pass(*this);
  }
  Waiter waiter(std::move(is_urgent));
  auto const place = waiters_.insert(waiters_.end(), &waiter);
  co_await waiter.on_granted.told();
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
  next->on_granted.tell();
}

}  // namespace affsync::async
