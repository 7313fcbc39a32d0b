// Owns coroutines that run side by side: nothing that was started is forgotten, and all of it can
// be cancelled and waited for. Used from the thread of its executor only.
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
  class Task;  // a handle; may be kept for longer than the coroutine runs
  using TaskPtr = std::shared_ptr<Task>;

  explicit TaskGroup(asio::any_io_executor executor);
  TaskGroup(TaskGroup const&) = delete;
  TaskGroup& operator=(TaskGroup const&) = delete;
  ~TaskGroup();  // everything must have ended

  // Starts it at once: one that waits for nothing has ended when this returns.
  TaskPtr spawn(asio::awaitable<void> work);
  // Terminal; without effect on one that has ended.
  void cancel(TaskPtr task);
  void cancel_all();
  bool empty() const { return tasks_.empty(); }

  // Waits until all have ended. When this wait is itself cancelled, or a task ends with an
  // exception, all are cancelled and waited for. True when the wait was cancelled. Rethrows the
  // first exception that a task ended with.
  asio::awaitable<bool> join();

 private:
  asio::any_io_executor executor_;
  std::vector<TaskPtr> tasks_;  // those that have not ended
  asio::steady_timer ended_;    // cancelled whenever a task has ended
  std::exception_ptr failure_;
};

class TaskGroup::Task {
  friend class TaskGroup;
  asio::cancellation_signal signal_;
  bool ended_ = false;
};

}  // namespace affsync::async
