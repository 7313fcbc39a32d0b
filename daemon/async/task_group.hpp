// Owns coroutines that run concurrently. All of them can be cancelled and waited for, so none is
// left running. Use it from the thread of its executor only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <memory>
#include <vector>

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

  // Waits until all tasks have ended. If this wait is cancelled or a task ends with an exception,
  // cancels all tasks and waits for them. Returns true if the wait was cancelled. Rethrows the
  // first exception that a task ended with.
  asio::awaitable<bool> join();

 private:
  asio::any_io_executor executor_;
  std::vector<TaskPtr> tasks_;  // the tasks that have not ended
  asio::steady_timer ended_;    // cancelled whenever a task has ended
  std::exception_ptr failure_;
};

class TaskGroup::Task {
  friend class TaskGroup;
  asio::cancellation_signal signal_;
  bool ended_ = false;
};

}  // namespace affsync::async
