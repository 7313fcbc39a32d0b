// Releasing a lease while everything else ends.
#include <atomic>
#include <future>
#include <thread>

#include "schema/store/lease.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test {
namespace {

using Leases = StoreTest;

TEST_F(Leases, TheKeeperEndsAfterWhatItsThreadStillHasToDo) {
  StoreOptions options;
  options.url = url;
  auto keeper = std::make_shared<LeaseKeeper>(options);
  auto lease = loop.run(keeper->try_take({1, "rewards"}));
  ASSERT_TRUE(lease);

  std::promise<void> gate;
  auto opened = gate.get_future().share();
  keeper->executor().post([opened](PgSession&) { opened.wait(); });
  lease.reset();  // the release is queued behind the gate
  std::atomic<bool> done = false;
  keeper->executor().post([&done](PgSession&) { done = true; });

  std::atomic<bool> returned = false;
  std::weak_ptr<LeaseKeeper> const ending = keeper;
  std::thread opener([&] {
    while (!ending.expired() && !returned) std::this_thread::yield();
    gate.set_value();
  });
  keeper.reset();
  EXPECT_TRUE(done) << "the keeper was destroyed before its thread ended";
  returned = true;
  opener.join();
}

TEST_F(Leases, ALeaseGivenBackCanBeTakenAgainAtOnce) {
  StoreOptions options;
  options.url = url;
  auto keeper = std::make_shared<LeaseKeeper>(options);
  auto lease = loop.run(keeper->try_take({1, "rewards"}));
  for (int i = 0; i < 20; ++i) {
    lease.reset();  // the unlock is still pending
    lease = loop.run(keeper->try_take({1, "rewards"}));
    ASSERT_TRUE(lease) << i;
  }
  EXPECT_FALSE(loop.run(keeper->try_take({1, "rewards"})));
  EXPECT_EQ(value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "1");
}

// An instance that was paused or cut off between its lease and its run must not displace the
// instance that reads by then.
TEST_F(Leases, ARunWhoseLeaseWentMeanwhileDoesNotBegin) {
  auto const slow = make_store();
  auto lease = loop.run(slow->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  value(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks JOIN pg_stat_activity USING (pid)"
      " WHERE locktype = 'advisory' AND datname = current_database()");
  auto const other_lease = loop.run(store->try_lease({source, "feed"}));
  ASSERT_TRUE(other_lease);
  auto const run = begin();
  RunStart late;
  late.id = {source, "feed"};
  late.mode = "full";
  late.started_at = now;
  EXPECT_EQ(loop.code_of(slow->begin_run(std::move(late))), ErrorCode::lease_lost);
  EXPECT_EQ(write(run, "commission", {{"r1", {{"amount", "1"}}}}).inserted, 1);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.sync_run"), "1");
}

// A lease on another stream opens a new connection and re-acquires the lost locks. Another instance
// may have held the stream meanwhile and advanced its state.
TEST_F(Leases, ALeaseThatWasLostAndHadAgainBeginsNoRun) {
  auto const slow = make_store();
  auto const lease = loop.run(slow->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  value(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks JOIN pg_stat_activity USING (pid)"
      " WHERE locktype = 'advisory' AND datname = current_database()");
  auto const another = loop.run(slow->try_lease({source, "another"}));
  ASSERT_TRUE(another);
  ASSERT_EQ(value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "2");
  RunStart late;
  late.id = {source, "feed"};
  late.mode = "full";
  late.started_at = now;
  EXPECT_EQ(loop.code_of(slow->begin_run(std::move(late))), ErrorCode::lease_lost);
  RunStart good;
  good.id = {source, "another"};
  good.mode = "full";
  good.started_at = now;
  EXPECT_EQ(loop.code_of(slow->begin_run(std::move(good))), std::nullopt);
}

}  // namespace
}  // namespace affsync::schema::test
