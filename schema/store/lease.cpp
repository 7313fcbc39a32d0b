#include "schema/store/lease.hpp"

#include <pqxx/nontransaction>

#include <algorithm>
#include <iterator>

#include "base/batch.hpp"
#include "schema/store/crash_point.hpp"

namespace affsync::schema {
namespace {

bool try_lock(PgSession& session, int high, int low) {
  pqxx::nontransaction tx(session.connection());
  SqlParams const params{std::to_string(high), std::to_string(low)};
  auto const answer =
      exec(tx, "SELECT pg_try_advisory_lock($1::int, $2::int), pg_backend_pid()", params)[0];
  session.demand_process(answer[1].as<int>());
  return answer[0].as<bool>();
}

}  // namespace

class LeaseKeeper::Held final : public Lease {
 public:
  Held(std::shared_ptr<LeaseKeeper> keeper, Key key) : keeper_(std::move(keeper)), key_(key) {}
  ~Held() override { keeper_->give_back(key_); }

 private:
  std::shared_ptr<LeaseKeeper> keeper_;
  Key key_;
};

LeaseKeeper::Key LeaseKeeper::key_of(StreamId const& id) {
  return {id.source_id, static_cast<int>(static_cast<std::uint32_t>(hash_key(id.stream)))};
}

std::optional<LockPlace> LeaseKeeper::place_of(StreamId const& id) {
  auto const key = key_of(id);
  std::lock_guard guard(mutex_);
  auto const taken = taken_.find(key);
  if (taken == taken_.end()) return std::nullopt;
  LockPlace place;
  place.process = taken->second;
  place.high = static_cast<std::uint32_t>(key.first);
  place.low = static_cast<std::uint32_t>(key.second);
  return place;
}

asio::awaitable<std::unique_ptr<Lease>> LeaseKeeper::try_take(StreamId id) {
  auto const key = key_of(id);
  {
    std::lock_guard guard(mutex_);
    if (!taken_.emplace(key, 0).second) co_return nullptr;
  }
  // From here on the destructor releases the key, whatever happens.
  std::unique_ptr<Lease> lease = std::make_unique<Held>(shared_from_this(), key);
  auto work = [this, key](PgSession& session) { return lock(session, key); };
  auto const taken = co_await executor_.run(std::move(work), 2);
  if (!taken) lease.reset();
  co_return lease;
}

bool LeaseKeeper::lock(PgSession& session, Key key) {
  auto const process = session.process();
  std::vector<Key> lost;
  {
    std::lock_guard guard(mutex_);
    if (process != locked_on_) {
      std::ranges::copy_if(locked_, std::back_inserter(lost),
                           [&](Key const& each) { return taken_.contains(each); });
      locked_.clear();
      locked_on_ = process;
    }
  }
  // Re-acquire leases of running streams that were lost with the old connection. If another
  // instance holds one by now, the fence stops the run.
  for (auto const& each : lost) {
    if (each == key || !try_lock(session, each.first, each.second)) continue;
    std::lock_guard guard(mutex_);
    locked_.insert(each);
  }
  if (!try_lock(session, key.first, key.second)) return false;
  std::lock_guard guard(mutex_);
  locked_.insert(key);
  if (auto const taken = taken_.find(key); taken != taken_.end()) taken->second = process;
  return true;
}

void LeaseKeeper::give_back(Key key) {
  {
    std::lock_guard guard(mutex_);
    // From now on this process may take the lease again: the executor has a single thread, so the
    // new lock request runs after the unlock.
    taken_.erase(key);
    if (!locked_.contains(key)) return;
  }
  // Capture `this`, not a shared_ptr. The destructor joins the executor's thread, so `this` stays
  // valid; a last shared_ptr released on that thread would make the thread join itself.
  executor_.post([this, key](PgSession& session) {
    {
      std::lock_guard guard(mutex_);
      if (session.process() != locked_on_ || locked_.erase(key) == 0) return;
    }
    pqxx::nontransaction tx(session.connection());
    SqlParams const params{std::to_string(key.first), std::to_string(key.second)};
    exec(tx, "SELECT pg_advisory_unlock($1::int, $2::int)", params);
    crash_point(CrashPoint::lease_returned);
  });
}

}  // namespace affsync::schema
