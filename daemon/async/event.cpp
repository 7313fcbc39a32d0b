#include "daemon/async/event.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace affsync::async {

// One who waits, for as long as it does. It has a timer of its own, since a timer that is given
// another expiry wakes all who wait for it.
class Event::Waiter {
 public:
  Waiter(Event& event, asio::any_io_executor const& executor, TimePoint deadline)
      : timer(executor, deadline),
        event_(&event),
        place_(event.waiters_.insert(event.waiters_.end(), this)) {}
  Waiter(Waiter const&) = delete;
  Waiter& operator=(Waiter const&) = delete;
  ~Waiter() {
    if (event_ != nullptr) event_->waiters_.erase(place_);
  }

  void on_end_of_event() {
    event_ = nullptr;
    timer.cancel();
  }

  asio::steady_timer timer;  // cancelled to wake

 private:
  Event* event_;  // null once it has ended
  std::list<Waiter*>::iterator place_;
};

Event::~Event() {
  for (auto* const waiter : waiters_) waiter->on_end_of_event();
}

void Event::tell() {
  for (auto* const waiter : waiters_) waiter->timer.cancel();
}

asio::awaitable<void> Event::told() {
  co_await told_before(TimePoint::max());
}

asio::awaitable<bool> Event::told_before(TimePoint deadline) {
  auto const executor = co_await asio::this_coro::executor;
  Waiter waiter(*this, executor, deadline);
  boost::system::error_code woken;
  co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  co_return woken.failed();
}

}  // namespace affsync::async
