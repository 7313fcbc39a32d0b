// Leases: taking, renewing, losing and releasing them.
#include <unistd.h>

#include <atomic>
#include <future>
#include <pqxx/pqxx>
#include <thread>

#include "schema/store/lease.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::lease_test {
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

// While the server cannot be reached, say.
TEST_F(Leases, RenewalsThatCannotBeMadeDoNotPileUp) {
  StoreOptions options;
  options.url = url;
  auto keeper = std::make_shared<LeaseKeeper>(options);
  std::vector<std::unique_ptr<Lease>> leases;
  for (auto const* stream : {"a", "b", "c"})
    leases.push_back(loop.run(keeper->try_take({1, stream})));
  rows("CREATE TABLE public.renewal (stream text, renewed_at timestamptz)");
  rows(
      "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " INSERT INTO public.renewal VALUES (NEW.stream, NEW.renewed_at); RETURN NULL; END $$");
  rows(
      "CREATE TRIGGER note AFTER UPDATE ON affsync.lease FOR EACH ROW EXECUTE FUNCTION"
      " public.note()");
  std::promise<void> gate;
  auto opened = gate.get_future().share();
  std::promise<void> begun;
  keeper->executor().post([opened, &begun](PgSession&) {
    begun.set_value();
    opened.wait();
  });
  begun.get_future().wait();
  for (int i = 0; i < 100; ++i) keeper->renew();
  std::promise<void> done;
  keeper->executor().post([&done](PgSession&) { done.set_value(); });
  gate.set_value();
  done.get_future().wait();
  // Each lease once, with the others.
  EXPECT_EQ(value("SELECT count(*) || ' ' || count(DISTINCT stream) || ' ' ||"
                  " count(DISTINCT renewed_at) FROM public.renewal"),
            "3 3 1");
}

TEST_F(Leases, ALeaseGivenBackCanBeTakenAgainAtOnce) {
  StoreOptions options;
  options.url = url;
  auto keeper = std::make_shared<LeaseKeeper>(options);
  auto lease = loop.run(keeper->try_take({1, "rewards"}));
  for (int i = 0; i < 20; ++i) {
    lease.reset();  // the release is still pending
    lease = loop.run(keeper->try_take({1, "rewards"}));
    ASSERT_TRUE(lease) << i;
  }
  EXPECT_FALSE(loop.run(keeper->try_take({1, "rewards"})));
  EXPECT_EQ(value("SELECT count(*) FROM affsync.lease WHERE until > clock_timestamp()"), "1");
}

class LostLeases : public StoreTest {
 protected:
  RunStart start_of(std::string const& stream) const {
    RunStart start;
    start.id = {source, stream};
    start.mode = "full";
    start.started_at = now;
    return start;
  }
  // As after a pause that was longer than the time of a lease.
  void let_leases_end() { rows("UPDATE affsync.lease SET until = clock_timestamp()"); }
  std::string token_of(std::string const& stream) {
    return value("SELECT token FROM affsync.lease WHERE stream = '" + stream + "'");
  }
  std::unique_ptr<Store> store_with_leases_of(std::chrono::milliseconds time) {
    auto options = options_for(url);
    options.lease_time = time;
    return make_pg_store(options);
  }
};

// An instance that was paused or cut off between its lease and its run must not displace the
// instance that reads by then.
TEST_F(LostLeases, ARunWhoseLeaseWentMeanwhileDoesNotBegin) {
  auto const slow = make_store();
  auto lease = loop.run(slow->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  let_leases_end();
  auto const other_lease = loop.run(store->try_lease({source, "feed"}));
  ASSERT_TRUE(other_lease);
  auto const run = begin();
  EXPECT_EQ(loop.code_of(slow->begin_run(start_of("feed"))), ErrorCode::lease_lost);
  EXPECT_EQ(write(run, "commission", {{"r1", {{"amount", "1"}}}}).inserted, 1);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.sync_run"), "1");
  lease.reset();  // it is the other's by now
  loop.run(slow->ping());
  EXPECT_FALSE(loop.run(slow->try_lease({source, "feed"})));
}

// Another instance may have held the stream meanwhile and advanced its state.
TEST_F(LostLeases, ALeaseThatWasLostAndHadAgainBeginsNoRun) {
  auto const slow = store_with_leases_of(std::chrono::milliseconds(300));
  auto const lease = loop.run(slow->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  rows(
      "UPDATE affsync.lease SET token = gen_random_uuid(), until = clock_timestamp()"
      " WHERE stream = 'feed'");
  auto const others = token_of("feed");
  while (token_of("feed") == others) {
  }
  EXPECT_EQ(loop.code_of(slow->begin_run(start_of("feed"))), ErrorCode::lease_lost);
  auto const another = loop.run(slow->try_lease({source, "another"}));
  ASSERT_TRUE(another);
  EXPECT_EQ(loop.code_of(slow->begin_run(start_of("another"))), std::nullopt);
}

// One that ended and that nobody has taken since is as good as before.
TEST_F(LostLeases, ALeaseThatNobodyTookMeanwhileBeginsItsRun) {
  auto const lease = loop.run(store->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  let_leases_end();
  EXPECT_EQ(loop.code_of(store->begin_run(start_of("feed"))), std::nullopt);
}

// The begin of a run may wait for a standby without a limit; meanwhile its lease is renewed.
TEST_F(LostLeases, ABeginThatWaitsDoesNotHoldTheRenewal) {
  auto const waiting = store_with_leases_of(std::chrono::milliseconds(300));
  auto const lease = loop.run(waiting->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  // Waits within the commit, as for a standby.
  rows(
      "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " PERFORM pg_advisory_xact_lock(42); RETURN NULL; END $$");
  rows(
      "CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON affsync.sync_run DEFERRABLE INITIALLY"
      " DEFERRED FOR EACH ROW EXECUTE FUNCTION public.wait()");
  pqxx::connection gate(url);
  pqxx::work holding(gate);
  holding.exec("SELECT pg_advisory_xact_lock(42)");
  auto begun = asio::co_spawn(loop.io(), waiting->begin_run(start_of("feed")), asio::use_future);
  std::thread io([&] {
    loop.io().restart();
    loop.io().run();
  });
  while (value("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'") !=
         "1") {
  }
  auto const before = value("SELECT renewed_at FROM affsync.lease");
  while (value("SELECT renewed_at FROM affsync.lease") == before) {
  }
  holding.commit();
  EXPECT_GT(begun.get().run_id, 0);
  io.join();
}

// A broker that throttles for an hour must not cost its stream the lease.
TEST_F(Leases, ALeaseIsRenewedWhileNothingIsWritten) {
  auto options = options_for(url);
  options.lease_time = std::chrono::milliseconds(1500);
  auto const waiting = make_pg_store(options);
  auto const lease = loop.run(waiting->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  while (value("SELECT count(*) FROM affsync.lease WHERE renewed_at > taken_at"
               " + interval '1.6 seconds'") != "1") {
  }
  EXPECT_FALSE(loop.run(store->try_lease({source, "feed"})));
}

// A server that crashes may lose the return of a lease, which does not wait for the disk.
TEST_F(Leases, OneWhoseReturnTheServerHasLostIsOurOwn) {
  auto lease = loop.run(store->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  auto const until = value("SELECT until FROM affsync.lease");
  lease.reset();
  while (value("SELECT until <= clock_timestamp() FROM affsync.lease") != "t") {
  }
  rows("UPDATE affsync.lease SET until = '" + until + "'");
  lease = loop.run(store->try_lease({source, "feed"}));
  EXPECT_TRUE(lease);
  EXPECT_FALSE(loop.run(store->try_lease({source, "feed"})));
}

// The same with the taking of one: what is there is a lease of ours from before.
TEST_F(Leases, OneWhoseTakingTheServerHasLostIsTakenAgain) {
  auto options = options_for(url);
  options.lease_time = std::chrono::seconds(3);  // renewed each second
  auto const own = make_pg_store(options);
  auto lease = loop.run(own->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  auto const before = value("SELECT token FROM affsync.lease");
  lease.reset();
  while (value("SELECT until <= clock_timestamp() FROM affsync.lease") != "t") {
  }
  lease = loop.run(own->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  ASSERT_NE(value("SELECT token FROM affsync.lease"), before);
  rows("UPDATE affsync.lease SET until = now() + interval '1 hour', token = '" + before + "'");
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (value("SELECT token FROM affsync.lease") == before) {
    ASSERT_LT(std::chrono::steady_clock::now(), end);
  }
}

TEST_F(Leases, OnlyTheServersClockCountsAndMayBeSetBack) {
  auto const lease = loop.run(store->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  rows(
      "UPDATE affsync.lease SET renewed_at = renewed_at + interval '1 hour',"
      " until = until + interval '1 hour'");
  EXPECT_TRUE(loop.run(make_store()->try_lease({source, "feed"})));
}

TEST_F(Leases, WhoHoldsOneIsTold) {
  EXPECT_FALSE(loop.run(store->lease_holder({source, "feed"})));
  auto lease = loop.run(make_store()->try_lease({source, "feed"}));
  ASSERT_TRUE(lease);
  auto const holder = loop.run(store->lease_holder({source, "feed"}));
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->process_id, ::getpid());
  EXPECT_EQ(holder->host, own_mark().host);
  EXPECT_EQ(holder->until - holder->since, std::chrono::seconds(30));
}

// The clock is read once for a lease. Two readings differ in one lease of some ten or hundred.
TEST_F(Leases, TheTimesOfALeaseFitTogether) {
  StoreOptions options;
  options.url = url;
  auto const keeper = std::make_shared<LeaseKeeper>(options);
  std::vector<std::unique_ptr<Lease>> leases;
  for (int i = 0; i < 300; ++i) {
    leases.push_back(loop.run(keeper->try_take({1, "stream " + std::to_string(i)})));
  }
  EXPECT_EQ(value("SELECT count(*) FROM affsync.lease"), "300");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.lease WHERE taken_at <> renewed_at"
                  " OR until - renewed_at <> interval '30 seconds'"),
            "0");
}

// The row is written a hundred times an hour; an index on what changes would grow with it.
TEST_F(Leases, RenewalsLeaveTheIndexesAlone) {
  StoreOptions options;
  options.url = url;
  auto const keeper = std::make_shared<LeaseKeeper>(options);
  auto const lease = loop.run(keeper->try_take({1, "rewards"}));
  for (int i = 0; i < 10; ++i) {
    auto const before = value("SELECT renewed_at FROM affsync.lease");
    keeper->renew();
    while (value("SELECT renewed_at FROM affsync.lease") == before) {
    }
  }
  auto const counts =
      "SELECT n_tup_upd || ' ' || n_tup_hot_upd FROM pg_stat_user_tables"
      " WHERE relid = 'affsync.lease'::regclass";
  while (value(counts).starts_with("0 ")) {
    rows("SELECT pg_stat_clear_snapshot()");
  }
  auto const told = value(counts);
  EXPECT_EQ(told.substr(0, told.find(' ')), told.substr(told.find(' ') + 1)) << told;
}

}  // namespace
}  // namespace affsync::schema::test::lease_test
