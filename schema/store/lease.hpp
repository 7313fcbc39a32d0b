// Leases: session-level advisory locks on one connection of their own, so that the server gives
// them back when this process or its connection dies. What protects the data is the fence; leases
// only keep two instances from doing the same work.
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

// An advisory lock, and the server process whose session has it.
struct LockPlace {
  int process = 0;
  std::uint32_t high = 0;
  std::uint32_t low = 0;
};

class LeaseKeeper : public std::enable_shared_from_this<LeaseKeeper> {
 public:
  explicit LeaseKeeper(StoreOptions options) : executor_(std::move(options), 1) {}

  // nullptr when another instance, or this one, holds the stream.
  asio::awaitable<std::unique_ptr<Lease>> try_take(StreamId id);

  // Where the lock of a lease should be that is out: where it was taken, since one that was lost
  // and had again may have been somebody else's between. nullopt: none is out, as for runs without
  // one. Any thread.
  std::optional<LockPlace> place_of(StreamId const& id);

  PgExecutor& executor() { return executor_; }

 private:
  class Held;
  using Key = std::pair<int, int>;  // source_id and a hash of the stream's name

  static Key key_of(StreamId const& id);
  // On the executor's thread. Takes the lock; on a new connection also those still held.
  bool lock(PgSession& session, Key key);
  void give_back(Key key);

  std::mutex mutex_;
  // Guarded by mutex_, as all here: leases that are out, and the server process that gave the lock
  // first; 0 until it has.
  std::map<Key, int> taken_;
  std::set<Key> locked_;  // whose locks are on `locked_on_`
  int locked_on_ = 0;     // server process of the session with the locks
  PgExecutor executor_;   // last: its thread ends first
};

}  // namespace affsync::schema
