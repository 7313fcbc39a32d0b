// Giving a lease back while everything else ends.
#include <atomic>
#include <future>
#include <thread>

#include "schema/lease.hpp"
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
  lease.reset();  // queued behind the gate
  std::atomic<bool> done = false;
  keeper->executor().post([&done](PgSession&) { done = true; });

  std::atomic<bool> returned = false;
  std::weak_ptr<LeaseKeeper> const ending = keeper;
  std::thread opener([&] {
    while (!ending.expired() && !returned) std::this_thread::yield();
    gate.set_value();
  });
  keeper.reset();
  EXPECT_TRUE(done) << "the keeper went before its thread";
  returned = true;
  opener.join();
}

TEST_F(Leases, ALeaseGivenBackCanBeTakenAgainAtOnce) {
  StoreOptions options;
  options.url = url;
  auto keeper = std::make_shared<LeaseKeeper>(options);
  auto lease = loop.run(keeper->try_take({1, "rewards"}));
  for (int i = 0; i < 20; ++i) {
    lease.reset();  // the unlock is still on its way
    lease = loop.run(keeper->try_take({1, "rewards"}));
    ASSERT_TRUE(lease) << i;
  }
  EXPECT_FALSE(loop.run(keeper->try_take({1, "rewards"})));
  EXPECT_EQ(value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "1");
}

}  // namespace
}  // namespace affsync::schema::test
