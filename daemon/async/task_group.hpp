// Owns coroutines that run concurrently. All of them can be cancelled and waited for, so none is
// left running. Use it from the thread of its executor only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "daemon/async/event.hpp"

namespace affsync::async {

namespace asio = boost::asio;

class TaskGroup {
 public:
  class Task;  // a handle, which may outlive the coroutine
  using TaskPtr = std::shared_ptr<Task>;

  explicit TaskGroup(asio::any_io_executor executor);
  TaskGroup(TaskGroup const&) = delete;
  TaskGroup& operator=(TaskGroup const&) = delete;
  ~TaskGroup();  // all tasks must have ended

  // Starts `work` immediately. If it never waits, it has ended when this returns. Outside of the
  // executor's loop it would start later, and must not be cancelled before that: Boost 1.83 then
  // throws out of run().
  TaskPtr spawn(asio::awaitable<void> work);
  // Emits a terminal cancellation. Has no effect on a task that has ended.
  void cancel(TaskPtr task);
  void cancel_all();
  bool empty() const { return tasks_.empty(); }

  // Waits until all tasks have ended. If the caller is cancelled or a task ends with an exception,
  // cancels all tasks and waits for them. Returns true if the caller was cancelled. Rethrows the
  // first exception that a task ended with. Does not begin, but throws operation_aborted, if the
  // caller has been cancelled without noticing: then run_tasks() is of use.
  asio::awaitable<bool> join();

 private:
  asio::any_io_executor executor_;
  std::vector<TaskPtr> tasks_;  // the tasks that have not ended
  Event ended_;                 // a task has
  std::exception_ptr failure_;
};

// Spawns what `start` spawns and joins it; an exception of `start` cancels that and is rethrown. A
// group that is a variable of a coroutine is left with running tasks if a cancellation came while
// the coroutine was about to resume: what it awaits next throws, and that is join(). Here the
// cancellation is noticed before anything is started, or by join().
asio::awaitable<bool> run_tasks(std::function<void(TaskGroup&)> start);

class TaskGroup::Task {
  friend class TaskGroup;
  asio::cancellation_signal signal_;
  bool ended_ = false;
};

}  // namespace affsync::async
