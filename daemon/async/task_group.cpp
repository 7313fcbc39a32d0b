#include "daemon/async/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <cassert>
#include <utility>

#include "daemon/async/cancel_safe.hpp"

namespace affsync::async {

TaskGroup::TaskGroup(asio::any_io_executor executor) : executor_(std::move(executor)) {}

TaskGroup::~TaskGroup() {
  assert(tasks_.empty());
}

TaskGroup::TaskPtr TaskGroup::spawn(asio::awaitable<void> work) {
  auto const task = std::make_shared<Task>();
  tasks_.push_back(task);
  auto on_end = [this, task](std::exception_ptr thrown) {
    if (thrown && !failure_) failure_ = thrown;
    task->ended_ = true;
    std::erase(tasks_, task);
    ended_.tell();
  };
  auto calm = cancel_safe(std::move(work));
  asio::co_spawn(executor_, std::move(calm),
                 asio::bind_cancellation_slot(task->signal_.slot(), std::move(on_end)));
  return task;
}

void TaskGroup::cancel(TaskPtr task) {
  if (!task->ended_) task->signal_.emit(asio::cancellation_type::terminal);
}

void TaskGroup::cancel_all() {
  // A cancelled coroutine may end, and leave the list, inside emit().
  auto const all = tasks_;
  for (auto const& task : all) cancel(task);
}

asio::awaitable<bool> TaskGroup::join() {
  bool cancelled = false;
  bool all_cancelled = false;
  for (;;) {
    auto const state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none && !cancelled) {
      cancelled = all_cancelled = true;
      co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
      cancel_all();
    }
    // The remaining tasks must not run on without the task that failed.
    if (failure_ && !all_cancelled) {
      all_cancelled = true;
      cancel_all();
    }
    if (tasks_.empty()) break;
    co_await ended_.told();
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  co_return cancelled;
}

asio::awaitable<bool> run_tasks(std::function<void(TaskGroup&)> start) {
  auto executor = co_await asio::this_coro::executor;
  TaskGroup group(executor);
  std::exception_ptr failure;
  try {
    start(group);
  } catch (...) {
    failure = std::current_exception();
    group.cancel_all();
  }
  bool const throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  bool cancelled = false;
  try {
    cancelled = co_await group.join();
  } catch (...) {
    if (!failure) failure = std::current_exception();
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
  if (failure) std::rethrow_exception(failure);
  co_return cancelled;
}

}  // namespace affsync::async
