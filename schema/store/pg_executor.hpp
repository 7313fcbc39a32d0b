// A pool of sessions and threads. run() executes a callable on a free thread and resumes the caller
// with its result. There are as many threads as sessions, so a callable waits only for a thread,
// never for a session. Construct, destroy and call run() on the I/O thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "schema/store/answer_times.hpp"
#include "schema/store/pg_error.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/statement_cancel.hpp"

namespace affsync::schema {

class PgExecutor {
 public:
  PgExecutor(StoreOptions options, int sessions);
  // Waits for running work.
  ~PgExecutor();
  PgExecutor(PgExecutor const&) = delete;
  PgExecutor& operator=(PgExecutor const&) = delete;

  // Runs work(PgSession&) on a thread of the pool. Its exceptions reach the caller as Failure. If
  // the session broke or the transaction must be repeated, work runs again, up to `attempts` times
  // in all, on a new session if needed: it must detect itself whether it had already succeeded.
  // With more than one attempt, lost sessions are replaced as long as StoreOptions::patience lasts.
  // Cancelling the caller does not end the statement; each has a time limit at the server. If no
  // answer comes though it is over, the connection is cut.
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
    // Bind no cancellation slot: a cancellation of the caller would reach the coroutine from
    // another thread, and one before its start would end the pool's thread with an exception.
    auto token = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
    if constexpr (std::is_void_v<Value>) {
      co_await asio::co_spawn(pool_, std::move(body), token);
    } else {
      co_return co_await asio::co_spawn(pool_, std::move(body), token);
    }
  }

  // Runs work without a waiting caller and ignores errors. For leases, which end by themselves, and
  // to help with a write. May be called from any thread.
  void post(std::function<void(PgSession&)> work, int attempts = 1);

  // While this returns true, connections without an answer are not cut: it is known what the server
  // waits for. Called from another thread. To be set before the first work.
  void spare_while(std::function<bool()> known) { known_wait_ = std::move(known); }

  // Work that follows gets a new session. May be called from any thread.
  void renew_sessions();
  // Called, on a thread of the pool, when a session turns out to take no writes: it leads to a
  // server that is no longer the primary, or began under a setting that may be gone by now. It and
  // the other sessions of this pool are renewed then. To be set before the first work.
  void on_read_only(std::function<void()> told) { on_read_only_ = std::move(told); }

  // After `patience`, cancels running work and refuses new work. What cannot be cancelled, such as
  // a statement that waits at a pooler for a server, loses its connection. Returns immediately.
  void shut_down(std::chrono::milliseconds patience);

 private:
  // A second descriptor of a session's socket: the session's own may be closed, and its number
  // given to another, at any moment.
  class Socket {
   public:
    Socket() = default;
    ~Socket() { reset(); }
    Socket(Socket const&) = delete;
    Socket& operator=(Socket const&) = delete;
    void reset();
    void reset(pqxx::connection& connection);
    void shut_down() const;
    // What cancels the statement of the session; null if there is none.
    std::shared_ptr<StatementCancel> const& cancel() const { return cancel_; }
    // True if nothing was sent nor received for this time. Of a Unix socket the system does not
    // tell this: true if no statement has had an answer.
    bool is_silent(std::chrono::milliseconds time) const;

   private:
    int descriptor_ = -1;
    AnswerTimes answers_;
    std::shared_ptr<StatementCancel> cancel_;
  };
  struct Slot {
    std::unique_ptr<PgSession> session;
    bool busy = false;
    // Guarded by mutex_:
    // Of the session: how often they had been renewed when it began.
    std::uint64_t age = 0;
    std::chrono::steady_clock::time_point opened_at;
    std::chrono::steady_clock::time_point busy_since;
    Socket socket;
    bool cut = false;  // its server did not answer
  };

  void execute(int attempts, std::function<void(PgSession&)> const& work);
  Slot& take();
  void give_back(Slot& slot);
  void cancel_all(std::chrono::milliseconds patience);
  void cut_silent();
  bool was_cut(Slot& slot);
  bool is_old(Slot const& slot);

  StoreOptions const options_;
  std::function<bool()> known_wait_;
  std::function<void()> on_read_only_;
  // After this time without an answer there is none to come; nullopt if the user has set the time
  // limit of statements.
  std::optional<std::chrono::milliseconds> const longest_answer_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::condition_variable busy_;
  std::vector<Slot> slots_;    // guarded by mutex_, except the session of a busy slot
  std::uint64_t renewed_ = 0;  // guarded by mutex_
  bool refusing_ = false;      // guarded by mutex_
  bool ending_ = false;        // guarded by mutex_
  std::thread canceller_;
  std::thread watcher_;
  asio::thread_pool pool_;  // last member, so that its threads end first
};

}  // namespace affsync::schema
