#include "daemon/sync/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <utility>

#include "daemon/net/calm_end.hpp"

namespace affsync::sync {

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : executor_(executor), ended_(executor, asio::steady_timer::time_point::max()) {}

TaskGroup::~TaskGroup() { assert(tasks_.empty()); }

TaskGroup::Task* TaskGroup::spawn(asio::awaitable<void> work) {
  tasks_.emplace_back();
  auto const place = std::prev(tasks_.end());
  auto on_end = [this, place](std::exception_ptr thrown) {
    if (thrown && !failure_) failure_ = thrown;
    tasks_.erase(place);
    ended_.cancel();
  };
  auto calm = net::calm_end(std::move(work));
  asio::co_spawn(executor_, std::move(calm),
                 asio::bind_cancellation_slot(place->signal.slot(), std::move(on_end)));
  return &*place;
}

void TaskGroup::cancel(Task* task) { task->signal.emit(asio::cancellation_type::terminal); }

void TaskGroup::cancel_all() {
  // A cancelled coroutine may end, and leave the list, inside emit().
  std::list<Task*> all;
  for (auto& task : tasks_) all.push_back(&task);
  for (Task* task : all) {
    for (auto& still_there : tasks_) {
      if (&still_there != task) continue;
      cancel(task);
      break;
    }
  }
}

asio::awaitable<bool> TaskGroup::join() {
  bool cancelled = false;
  while (!tasks_.empty()) {
    boost::system::error_code ignored;  // ended_ never expires: it is always a cancellation
    co_await ended_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none && !cancelled) {
      cancelled = true;
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      cancel_all();
    }
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  co_return cancelled;
}

}  // namespace affsync::sync
