// Transactions of affsync's own that meet: all take the same locks in one order.
#include <chrono>
#include <future>
#include <pqxx/pqxx>
#include <thread>

#include "schema/store/pg_session.hpp"
#include "schema/store/programs.hpp"
#include "schema/store/registration.hpp"
#include "schema/store/retention.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::own_locks_test {
namespace {

class OwnLocks : public StoreTest {
 protected:
  OwnLocks() : gate_(url), holding_(gate_) {}

  // Whoever writes the table waits with what it has locked until the gate opens.
  void close_gate(std::string const& table, std::string const& events) {
    rows(
        "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " PERFORM pg_advisory_xact_lock_shared(42); RETURN NULL; END $$");
    rows("CREATE TRIGGER wait AFTER " + events + " ON affsync." + table +
         " FOR EACH ROW EXECUTE FUNCTION public.wait()");
    holding_.exec("SELECT pg_advisory_xact_lock(42)");
  }
  void open_gate() { holding_.commit(); }
  void wait_for_waiting(int sessions) {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    auto const wanted = std::to_string(sessions);
    std::string found;
    while ((found = value("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")) !=
           wanted) {
      ASSERT_LT(std::chrono::steady_clock::now(), end) << found << " sessions wait";
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  // On a session and a thread of its own; what went wrong, if anything.
  template <class Work>
  std::future<std::string> beside(Work work) {
    return std::async(std::launch::async, [this, work]() -> std::string {
      try {
        PgSession session(options_for(url));
        work(session);
        return "";
      } catch (std::exception const& error) {
        return error.what();
      }
    });
  }
  static SourceRegistration source_of(std::string const& name) {
    SourceRegistration source;
    source.identity.name = name;
    source.identity.connector = "testing";
    source.identity.base_url = "https://broker.example";
    source.identity.account = "account of " + name;
    source.account_by_login = true;
    source.privacy = "drop";
    StreamRegistration stream;
    stream.stream = "feed";
    stream.table = "commission";
    source.streams.push_back(std::move(stream));
    return source;
  }
  Program program_of(std::string const& instance) const {
    auto options = options_for(url);
    options.instance = instance;
    return this_program(options, "process of " + instance);
  }

 private:
  pqxx::connection gate_;
  pqxx::work holding_;
};

TEST_F(OwnLocks, AReloadThatAddsASourceAndTheClaimOfTheMinute) {
  auto const me = program_of("mine");
  PgSession session(options_for(url));
  std::vector<SourceRegistration> const before{source_of("a")};
  std::vector<SourceRegistration> const after{source_of("a"), source_of("b")};
  register_all(session, me, before, {"a"});
  close_gate("program", "INSERT OR UPDATE");
  rows("UPDATE affsync.source SET retired_at = now() WHERE name = 'a'");
  auto claim = beside([&](PgSession& own) { claim_sources(own, me, {"a"}); });
  wait_for_waiting(1);
  auto reload = beside([&](PgSession& own) { register_all(own, me, after, {"a", "b"}); });
  wait_for_waiting(2);
  open_gate();
  EXPECT_EQ(claim.get(), "");
  EXPECT_EQ(reload.get(), "");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.source WHERE retired_at IS NULL"
                  " AND 'mine' = ANY (instances)"),
            "2");
}

// Each claims what is its own and looks at what is the other's.
TEST_F(OwnLocks, TwoProgramsThatClaimTheirSourcesForTheFirstTime) {
  rows(
      "INSERT INTO affsync.source (name, connector, base_url) VALUES ('a', 'testing', 'a'),"
      " ('b', 'testing', 'b')");
  auto const first = program_of("first"), second = program_of("second");
  close_gate("source", "UPDATE");
  auto one = beside([&](PgSession& own) { claim_sources(own, first, {"a"}); });
  wait_for_waiting(1);
  auto other = beside([&](PgSession& own) { claim_sources(own, second, {"b"}); });
  wait_for_waiting(2);
  open_gate();
  EXPECT_EQ(one.get(), "");
  EXPECT_EQ(other.get(), "");
}

// One writes feeds and claims its sources then, the other has the sources and writes feeds.
TEST_F(OwnLocks, AReloadWithAnotherMappingAndOneThatAddsASource) {
  auto const first = program_of("first"), second = program_of("second");
  PgSession session(options_for(url));
  std::vector<SourceRegistration> before{source_of("a")};
  before[0].streams[0].mapping = "old";
  register_all(session, first, before, {"a"});
  register_all(session, second, before, {"a"});
  std::vector<SourceRegistration> remapped{source_of("a")};
  remapped[0].streams[0].mapping = "new";
  std::vector<SourceRegistration> more{source_of("a"), source_of("b")};
  more[0].streams[0].mapping = "new";
  close_gate("stream", "UPDATE");
  auto one = beside([&](PgSession& own) { register_all(own, first, remapped, {"a"}); });
  wait_for_waiting(1);
  auto other = beside([&](PgSession& own) { register_all(own, second, more, {"a", "b"}); });
  wait_for_waiting(2);
  open_gate();
  EXPECT_EQ(one.get(), "");
  EXPECT_EQ(other.get(), "");
}

// Months are made in a transaction that holds none of the rows that are let go.
TEST_F(OwnLocks, WhatIsLetGoAndAPageThatWritesTheHistory) {
  auto const run = begin();
  write(run, "commission", {{"r1", {{"amount", "1"}}}});
  rows(
      "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at, external_id, reason,"
      " raw, fingerprint, resolved_at) SELECT source_id, 'feed', " +
      std::to_string(run.run_id) +
      ", now(), 'r2', 'x', '{}', gen_random_uuid(), now() - interval '100 days' FROM "
      "affsync.source");
  rows("DROP TABLE affsync." +
       value("SELECT max(relname) FROM pg_class WHERE relname ~ '^record_change_[0-9]+_[0-9]+$'"
             " AND relkind = 'r'"));
  Retention retention;
  retention.quarantine = std::chrono::hours(24);
  close_gate("quarantine", "DELETE");
  auto pruning = beside([&](PgSession& own) {
    prune_some(own, retention);
    keep_months(own);
  });
  wait_for_waiting(1);
  auto page = beside([&](PgSession& own) {
    pqxx::nontransaction tx(own.connection());
    tx.exec("BEGIN");
    tx.exec("LOCK TABLE affsync.record_change IN ROW EXCLUSIVE MODE");
    tx.exec("UPDATE affsync.quarantine SET reason = 'y'");
    tx.exec("COMMIT");
  });
  wait_for_waiting(2);
  open_gate();
  EXPECT_EQ(page.get(), "");
  EXPECT_EQ(pruning.get(), "");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.quarantine"), "0");
}

}  // namespace
}  // namespace affsync::schema::test::own_locks_test
