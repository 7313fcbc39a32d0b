// Sessions and the threads that use them: run() hands a callable over to a free one and resumes
// the caller with its result. As many threads as sessions, so a callable never waits for a session,
// only for a thread. Made and destroyed on the I/O thread; run() from the I/O thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "schema/store/pg_error.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema {

class PgExecutor {
 public:
  PgExecutor(StoreOptions options, int sessions);
  // Waits for what is running.
  ~PgExecutor();
  PgExecutor(PgExecutor const&) = delete;
  PgExecutor& operator=(PgExecutor const&) = delete;

  // Runs work(PgSession&) on a thread of the pool. What it throws arrives as Failure. When the
  // session broke, or the transaction has to be repeated, work is run once more (`attempts` times
  // in all), on a new session if need be: it must be able to tell whether it had succeeded.
  // Cancelling the caller does not end the statement: each has a time limit at the server.
  template <class Work>
  auto run(Work work, int attempts = 1)
      -> asio::awaitable<std::invoke_result_t<Work&, PgSession&>> {
    using Value = std::invoke_result_t<Work&, PgSession&>;
    auto body = [this, attempts, task = std::move(work)]() mutable -> asio::awaitable<Value> {
      if constexpr (std::is_void_v<Value>) {
        execute(attempts, [&](PgSession& session) { task(session); });
        co_return;
      } else {
        std::optional<Value> value;
        execute(attempts, [&](PgSession& session) { value.emplace(task(session)); });
        co_return std::move(*value);
      }
    };
    // Without a slot: a cancellation of the caller would reach the coroutine from another thread,
    // and one that comes before its start would end the pool's thread with an exception.
    auto token = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
    if constexpr (std::is_void_v<Value>) {
      co_await asio::co_spawn(pool_, std::move(body), token);
    } else {
      co_return co_await asio::co_spawn(pool_, std::move(body), token);
    }
  }

  // Does the same without a caller who waits; errors are dropped. For giving back what the server
  // gives back by itself when the session ends.
  void post(std::function<void(PgSession&)> work);

  // After `patience` cancels what runs and refuses what comes. Returns at once.
  void shut_down(std::chrono::milliseconds patience);

 private:
  struct Slot {
    std::unique_ptr<PgSession> session;
    bool busy = false;
  };

  void execute(int attempts, std::function<void(PgSession&)> const& work);
  Slot& take();
  void give_back(Slot& slot);
  void cancel_all(std::chrono::milliseconds patience);

  StoreOptions const options_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::vector<Slot> slots_;  // guarded by mutex_, but for the session of a busy slot
  bool refusing_ = false;    // guarded by mutex_
  bool ending_ = false;      // guarded by mutex_
  std::thread canceller_;
  asio::thread_pool pool_;  // last: its threads end first
};

}  // namespace affsync::schema
