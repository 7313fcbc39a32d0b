// Leases: rows of affsync.lease with a random token and a time at which they end unless they are
// renewed. They need no session of their own, so they survive a lost connection and work behind a
// pooler. Leases only keep two instances from doing the same work; the fence protects the data.
#pragma once

#include <atomic>
#include <pqxx/row>
#include <pqxx/transaction_base>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "schema/store/pg_executor.hpp"
#include "schema/store/process_mark.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// A random UUID. As long as it exists, a row with it counts as held by this process.
struct LeaseToken {
  LeaseToken();
  ~LeaseToken();
  LeaseToken(LeaseToken const&) = delete;
  LeaseToken& operator=(LeaseToken const&) = delete;
  std::string const text;
};

class LeaseKeeper : public std::enable_shared_from_this<LeaseKeeper> {
 public:
  explicit LeaseKeeper(StoreOptions options);
  ~LeaseKeeper();
  LeaseKeeper(LeaseKeeper const&) = delete;
  LeaseKeeper& operator=(LeaseKeeper const&) = delete;

  // Takes the lease of a stream; nullptr if another instance, or this one, holds it.
  asio::awaitable<std::unique_ptr<Lease>> try_take(StreamId id);
  asio::awaitable<std::optional<LeaseHolder>> holder_of(StreamId id);

  // Returns the token with which a held lease was first taken. A lease that was lost and taken
  // again has another one by now, since another instance may have held it meanwhile. nullopt if no
  // lease is held, as for runs without one. May be called from any thread.
  std::optional<std::string> token_of(StreamId const& id);

  // How many are held, and being taken. May be called from any thread.
  std::size_t held();

  // Renews all held leases, which happens by itself at least three times in the time of a lease.
  // Returns at once.
  void renew();

  PgExecutor& executor() { return executor_; }

  // Whether commits were seen to wait for a synchronous standby in the last half minute. May be
  // called from any thread.
  bool commits_wait() const;

 private:
  class Held;
  using Key = std::pair<int, std::string>;  // source_id and stream
  struct Tokens {
    std::string first;
    std::shared_ptr<LeaseToken const> latest;  // null until the lease is taken
  };

  // These run on the executor's thread.
  bool take(PgSession& session, Key const& key, std::string const& token);
  void renew_all(PgSession& session);
  void take_again(PgSession& session, Key const& key,
                  std::shared_ptr<LeaseToken const> const& lost);
  void give_back(Key const& key);
  // Tells on_event when commits begin or cease to wait for a synchronous standby, since they do so
  // without a limit.
  void look_at_commits(PgSession& session);
  void renew_now_and_then();
  // Posts work that is to be done again and again, unless it waits for its turn already: a server
  // that cannot be reached must not let the executor's queue grow, in which others wait as well.
  void post_once(std::atomic<bool>& waits, std::function<void(PgSession&)> work, int attempts);

  StoreOptions const options_;
  ProcessMark const mark_ = own_mark();
  std::mutex mutex_;
  std::map<Key, Tokens> taken_;                               // guarded by mutex_
  bool ending_ = false;                                       // guarded by mutex_
  std::atomic<bool> commits_wait_{false};                     // set on the executor's thread
  std::atomic<std::chrono::steady_clock::rep> waited_at_{0};  // when they were seen to wait last
  std::atomic<bool> renewal_waits_{false};
  std::atomic<bool> looking_waits_{false};
  std::condition_variable end_;
  PgExecutor executor_;
  std::thread renewer_;  // last member: it uses the executor
};

// Reads a holder from four columns: host, process_id, and with epoch_sql() taken_at and until.
LeaseHolder lease_holder_of(pqxx::row const& row, int first_column);

}  // namespace affsync::schema
