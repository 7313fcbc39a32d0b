// Write access: leases, the fence, and what happens when connections or the server are lost.
#include <pqxx/pqxx>
#include <thread>

#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::fence_test {
namespace {

class Fence : public StoreTest {
 protected:
  // Ends every connection of the stores.
  void kill_backends() {
    sql(url,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name = 'affsync' AND datname = current_database()");
  }
  PageWrite payout_page(RunKey const& run, std::string const& key) {
    return page(run, {batch_of("payout", {{key, {{"amount", "1"}}}})});
  }
};

TEST_F(Fence, ARunThatWasTakenOverCanNoLongerWrite) {
  auto const first = begin();
  auto other = make_store();
  auto const second = begin_on(*other);
  EXPECT_EQ(loop.code_of(store->write_page(payout_page(first, "late"))), ErrorCode::lease_lost);
  EXPECT_EQ(loop.code_of(store->close_slice(slice(first, "payout", {}))), ErrorCode::lease_lost);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.payout"), "0");
  EXPECT_EQ(loop.run(other->write_page(payout_page(second, "ours"))).inserted, 1);
}

TEST_F(Fence, ARunOfAnotherStreamIsNotInTheWay) {
  auto const first = begin("one");
  begin("two");
  EXPECT_EQ(loop.run(store->write_page(payout_page(first, "p"))).inserted, 1);
}

TEST_F(Fence, TheRunThatLostClosesItsOwnLineAndLeavesTheStateAlone) {
  auto const first = begin();
  auto const second = begin();
  RunEnd end;
  end.run = first;
  end.success = true;
  end.now = now;
  end.report.status = RunStatus::succeeded;
  EXPECT_EQ(loop.code_of(store->end_run(end)), ErrorCode::lease_lost);
  EXPECT_FALSE(loop.run(store->load_state(first.id)).last_success_at);
  EXPECT_EQ(value("SELECT error_code FROM affsync.sync_run WHERE run_id = " +
                  std::to_string(first.run_id)),
            "lease_lost");
  EXPECT_EQ(
      value("SELECT status FROM affsync.sync_run WHERE run_id = " + std::to_string(second.run_id)),
      "running");
}

// Nothing of it is kept: a standby that was promoted may give its number to a run of this process.
TEST_F(Fence, ARunThatCouldNotBeEndedIsForgotten) {
  auto const first = begin();
  loop.run(store->write_page(payout_page(first, "p")));
  begin_on(*make_store());
  RunEnd end;
  end.run = first;
  end.now = now;
  EXPECT_EQ(loop.code_of(store->end_run(end)), ErrorCode::lease_lost);
  rows("DELETE FROM affsync.sync_run");
  rows("SELECT setval(pg_get_serial_sequence('affsync.sync_run', 'run_id'), " +
       std::to_string(first.run_id) + ", false)");
  auto const again = begin();
  ASSERT_EQ(again.run_id, first.run_id);
  EXPECT_EQ(loop.run(store->write_page(payout_page(again, "q"))).inserted, 1);
}

TEST_F(Fence, ARunThatNeverEndedIsReportedAndClosedByTheNext) {
  auto const first = begin();
  auto const state = loop.run(store->load_state(first.id));
  EXPECT_EQ(state.interrupted_run, first.run_id);
  auto const second = begin();
  Cells const closed{"failed", "interrupted"};
  EXPECT_EQ(rows("SELECT status, error_code FROM affsync.sync_run WHERE run_id = " +
                 std::to_string(first.run_id))
                .at(0),
            closed);
  end(second);
  EXPECT_FALSE(loop.run(store->load_state(first.id)).interrupted_run);
}

TEST_F(Fence, AKilledConnectionIsReplacedAndThePageIsStoredOnce) {
  auto const run = begin();
  loop.run(store->write_page(payout_page(run, "a")));
  kill_backends();
  EXPECT_EQ(loop.run(store->write_page(payout_page(run, "b"))).inserted, 1);
  // The begin of the run and two pages.
  EXPECT_EQ(value("SELECT writes FROM affsync.stream_state"), "3");
}

TEST_F(Fence, LostCommitsAreNoticed) {
  auto const run = begin();
  loop.run(store->write_page(payout_page(run, "a")));
  // As after a server crash that lost the last page although its commit was confirmed.
  sql(url, "UPDATE affsync.stream_state SET writes = writes - 1");
  EXPECT_EQ(loop.code_of(store->write_page(payout_page(run, "b"))),
            ErrorCode::database_unavailable);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.payout"), "1");
}

TEST_F(Fence, OnlyOneInstanceHoldsALease) {
  StreamId const id(source, "feed");
  auto other = make_store();
  auto lease = loop.run(store->try_lease(id));
  ASSERT_TRUE(lease);
  EXPECT_FALSE(loop.run(other->try_lease(id)));
  EXPECT_FALSE(loop.run(store->try_lease(id)));
  EXPECT_TRUE(loop.run(other->try_lease(StreamId(source, "another"))));
  EXPECT_TRUE(loop.run(other->try_lease(StreamId(source + 1, "feed"))));
  lease.reset();
  loop.run(store->ping());  // on the same session, so after the lock was released
  EXPECT_TRUE(loop.run(other->try_lease(id)));
}

TEST_F(Fence, TheLeasesOfADeadInstanceAreFree) {
  StreamId const id(source, "feed");
  auto const lease = loop.run(store->try_lease(id));
  ASSERT_TRUE(lease);
  auto other = make_store();
  ASSERT_FALSE(loop.run(other->try_lease(id)));
  // As if it were of an earlier process of this machine that had our number.
  sql(url, "UPDATE affsync.lease SET process_key = process_key || '0'");
  EXPECT_TRUE(loop.run(other->try_lease(id)));
}

// Nobody here can know whether a process of another machine still runs.
TEST_F(Fence, TheLeasesOfAnotherMachineAreFreeWhenTheirTimeHasPassed) {
  StreamId const id(source, "feed");
  auto const lease = loop.run(store->try_lease(id));
  ASSERT_TRUE(lease);
  auto other = make_store();
  for (auto const* key : {"'0' || process_key || '0'", "NULL"}) {
    sql(url, "UPDATE affsync.lease SET process_key = " + std::string(key));
    EXPECT_FALSE(loop.run(other->try_lease(id))) << key;
  }
  sql(url, "UPDATE affsync.lease SET until = clock_timestamp()");
  EXPECT_TRUE(loop.run(other->try_lease(id)));
}

// A promoted standby that lagged behind may give out the number of a run again.
TEST_F(Fence, AnotherRunOfTheSameNumberCanNotWrite) {
  auto const run = begin();
  EXPECT_EQ(loop.run(store->write_page(payout_page(run, "a"))).inserted, 1);
  sql(url, "UPDATE affsync.stream_state SET run_token = gen_random_uuid()");
  EXPECT_EQ(loop.code_of(store->write_page(payout_page(run, "b"))), ErrorCode::lease_lost);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.payout"), "1");
}

TEST_F(Fence, LeasesStillHeldAreTakenAgainOnANewConnection) {
  StreamId const id(source, "feed");
  auto const lease = loop.run(store->try_lease(id));
  ASSERT_TRUE(lease);
  kill_backends();
  auto const next = loop.run(store->try_lease(StreamId(source, "next")));
  EXPECT_TRUE(next);
  auto other = make_store();
  EXPECT_FALSE(loop.run(other->try_lease(id)));
}

TEST_F(Fence, ALeaseMayOutliveItsStore) {
  auto lease = loop.run(store->try_lease(StreamId(source, "feed")));
  ASSERT_TRUE(lease);
  store.reset();
  lease.reset();
  auto other = make_store();
  EXPECT_TRUE(loop.run(other->try_lease(StreamId(source, "feed"))));
}

TEST_F(Fence, AReaderSeesNoHalfPage) {
  auto const run = begin();
  // A trigger that waits in the middle of a page until the test has checked.
  sql(url,
      "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " PERFORM pg_advisory_xact_lock(42); RETURN NEW; END $$");
  sql(url,
      "CREATE TRIGGER wait BEFORE INSERT ON affsync.trading_account FOR EACH ROW"
      " EXECUTE FUNCTION public.wait()");
  pqxx::connection gate(url);
  pqxx::nontransaction holding(gate);
  holding.exec("SELECT pg_advisory_lock(42)");
  auto both =
      page(run, {batch_of("client", {{"c", {}}}), batch_of("trading_account", {{"a", {}}})});
  auto writing = asio::co_spawn(loop.io(), store->write_page(std::move(both)), asio::use_future);
  std::thread io([&] {
    loop.io().restart();
    loop.io().run();
  });
  // The page's transaction waits for the lock; its first batch is already in the table.
  while (sql_value(url,
                   "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
                   " AND NOT granted") != "1") {
  }
  EXPECT_EQ(value("SELECT count(*) FROM affsync.client"), "0");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.stream_state WHERE cursor IS NOT NULL"), "0");
  holding.exec("SELECT pg_advisory_unlock(42)");
  EXPECT_EQ(writing.get().inserted, 2);
  io.join();
  EXPECT_EQ(value("SELECT count(*) FROM affsync.client"), "1");
}

TEST_F(Fence, ShuttingDownCancelsWhatTakesTooLongAndRefusesWhatComes) {
  std::vector<std::optional<std::string>> const none;
  auto sleeping =
      asio::co_spawn(loop.io(), store->query("SELECT pg_sleep(100)", none), asio::use_future);
  std::thread io([&] {
    loop.io().restart();
    loop.io().run();
  });
  while (sql_value(url,
                   "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'"
                   " AND state = 'active' AND datname = current_database()") != "1") {
  }
  store->shut_down(std::chrono::milliseconds(1));
  EXPECT_THROW(sleeping.get(), Failure);
  io.join();
  // Each connection's thread measures its timeout on its own; that of the ping's connection may end
  // later.
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  auto code = loop.code_of(store->ping());
  while (code != ErrorCode::cancelled && std::chrono::steady_clock::now() < end) {
    code = loop.code_of(store->ping());
  }
  EXPECT_EQ(code, ErrorCode::cancelled);
}

TEST_F(Fence, ServerErrorsAreToldByCode) {
  std::pair<char const*, ErrorCode> const raised[] = {
      {"53100", ErrorCode::database_full},        {"57014", ErrorCode::database_error},
      {"42501", ErrorCode::database_error},       {"53300", ErrorCode::database_unavailable},
      {"55P03", ErrorCode::database_unavailable}, {"40001", ErrorCode::database_unavailable},
      {"40P01", ErrorCode::database_unavailable}, {"XX000", ErrorCode::database_error},
      {"22003", ErrorCode::database_error},       {"25006", ErrorCode::database_unavailable}};
  sql(url,
      "CREATE FUNCTION public.fail(state text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
      " RAISE EXCEPTION 'told to' USING ERRCODE = state; END $$");
  for (auto const& [state, code] : raised) {
    std::vector<std::optional<std::string>> const given{state};
    EXPECT_EQ(loop.code_of(store->query("SELECT public.fail($1)", given)), code) << state;
    EXPECT_NE(loop.last_message.find("told to"), std::string::npos) << loop.last_message;
  }
}

TEST_F(Fence, AFullDiskFailsThePageAndNothingIsStored) {
  auto const run = begin();
  sql(url,
      "CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
      " RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$");
  sql(url,
      "CREATE TRIGGER full_disk AFTER INSERT ON affsync.payout FOR EACH ROW"
      " EXECUTE FUNCTION public.full()");
  EXPECT_EQ(loop.code_of(store->write_page(payout_page(run, "p"))), ErrorCode::database_full);
  sql(url, "DROP TRIGGER full_disk ON affsync.payout");
  EXPECT_EQ(loop.run(store->write_page(payout_page(run, "p"))).inserted, 1);
}

TEST_F(Fence, AServerThatIsAwayIsAnOutage) {
  auto away = make_pg_store(options_for("host=127.0.0.1 port=1 user=u password=geheim77"));
  EXPECT_EQ(loop.code_of(away->ping()), ErrorCode::database_unavailable);
  EXPECT_EQ(loop.last_message.find("geheim77"), std::string::npos);
}

TEST_F(Fence, AReportCannotWrite) {
  std::vector<std::optional<std::string>> const none;
  EXPECT_TRUE(loop.code_of(store->query("DELETE FROM affsync.source", none)));
  EXPECT_EQ(value("SELECT count(*) FROM affsync.source"), "1");
}

}  // namespace
}  // namespace affsync::schema::test::fence_test
