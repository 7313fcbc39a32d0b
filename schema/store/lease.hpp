// Leases: session-level advisory locks on a separate connection, so that the server releases them
// when this process or its connection dies. Leases only keep two instances from doing the same
// work; the fence protects the data.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "schema/store/pg_executor.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// An advisory lock and the server process (backend) whose session holds it.
struct LockPlace {
  int process = 0;
  std::uint32_t high = 0;
  std::uint32_t low = 0;
};

class LeaseKeeper : public std::enable_shared_from_this<LeaseKeeper> {
 public:
  explicit LeaseKeeper(StoreOptions options) : executor_(std::move(options), 1) {}

  // Takes the lease of a stream; nullptr if another instance, or this one, holds it.
  asio::awaitable<std::unique_ptr<Lease>> try_take(StreamId id);

  // Returns the lock of a held lease with the backend that first granted it. A lease that was lost
  // and re-acquired does not count, since another instance may have held it meanwhile. nullopt if
  // no lease is held, as for runs without one. May be called from any thread.
  std::optional<LockPlace> place_of(StreamId const& id);

  PgExecutor& executor() { return executor_; }

 private:
  class Held;
  using Key = std::pair<int, int>;  // source_id and a hash of the stream's name

  static Key key_of(StreamId const& id);
  // Takes the lock; on a new connection also re-acquires those of held leases. Runs on the
  // executor's thread.
  bool lock(PgSession& session, Key key);
  void give_back(Key key);

  std::mutex mutex_;
  // All guarded by mutex_. Held leases, with the backend that first granted the lock; 0 until then.
  std::map<Key, int> taken_;
  std::set<Key> locked_;  // keys whose locks the backend `locked_on_` holds
  int locked_on_ = 0;     // backend of the session with the locks
  PgExecutor executor_;   // last member, so that its thread ends first
};

}  // namespace affsync::schema
