// Tells coroutines that something has changed. It says only that they should look again, so who
// waits asks for its own condition before and after:
//
//   while (!has_room()) co_await changed_.told();
//
// Use it, and end the coroutines that wait, on one thread (or strand). Any number may wait at once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>

namespace affsync::async {

namespace asio = boost::asio;

class Event {
 public:
  using TimePoint = asio::steady_timer::time_point;

  Event() = default;
  Event(Event const&) = delete;
  Event& operator=(Event const&) = delete;
  // Wakes all who wait, as tell() does. A coroutine that waits may be destroyed later.
  ~Event();

  // Wakes all who wait now, in the order in which they began. None of them runs inside this call.
  // It is not remembered: who begins to wait afterwards waits for the next one.
  void tell();

  // Returns after tell(), and also when the coroutine is cancelled: the cancellation itself throws
  // nothing here, so that what waits can put its things in order first. The next co_await throws
  // operation_aborted, unless the coroutine has said that it does not want that. If it was
  // cancelled before, this throws as any co_await does.
  asio::awaitable<void> told();

  // The same, but waits until `deadline` at most. Returns false if that has passed, even if tell()
  // was called between that moment and the coroutine's turn.
  asio::awaitable<bool> told_before(TimePoint deadline);

 private:
  class Waiter;
  std::list<Waiter*> waiters_;
};

}  // namespace affsync::async
