// A stream whose last reader stopped within a transaction: its machine lost power, or its process
// was stopped. And a server that takes no writes.
#include <libpq-fe.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <pqxx/pqxx>

#include "schema/store/fence.hpp"
#include "schema/store/pqxx_versions.hpp"
#include "schema/store/transaction.hpp"
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::take_over_test {
namespace {

class TakeOver : public StoreTest {
 protected:
  // A session of affsync's that has the stream's row and then does nothing more.
  struct Stopped {
    Stopped(StoreOptions const& options, RunKey const& run) : session(options), tx(session) {
      enter_fence(tx, run);
    }
    // As amid a page's rows on their way.
    void copy() {
      tx.exec("CREATE TEMPORARY TABLE arriving (i int)");
      // libpqxx has no word for a COPY that does not go on.
      auto* const connection = raw_connection(session.connection());
      PQclear(PQexec(connection, "COPY arriving FROM STDIN"));
    }
    PgSession session;
    Transaction tx;
  };
  StoreOptions with(std::string const& settings, std::string const& application = "affsync") {
    auto options = options_for("");
    options.url = url + " options='" + settings + "' application_name='" + application + "'";
    return options;
  }
  // What a store says that takes the stream over.
  std::optional<ErrorCode> take_over(std::string const& settings = "") {
    other_ = make_pg_store(with(settings));
    lease_ = loop.run(other_->try_lease({source, "feed"}));
    EXPECT_TRUE(lease_);
    RunStart start;
    start.id = {source, "feed"};
    start.mode = "full";
    start.started_at = now;
    return loop.code_of(other_->begin_run(start));
  }

 private:
  std::unique_ptr<Store> other_;
  std::unique_ptr<Lease> lease_;
};

TEST_F(TakeOver, TheServerEndsASessionThatIsIdleForLongerThanItsLease) {
  auto options = with("");
  options.lease_time = std::chrono::seconds(2);
  Stopped const stopped(options, begin());
  EXPECT_EQ(take_over("-c lock_timeout=20000"), std::nullopt) << loop.last_message;
}

TEST_F(TakeOver, OneThatStoppedAmidACopyIsEnded) {
  Stopped stopped(with(""), begin());
  stopped.copy();
  EXPECT_EQ(take_over("-c lock_timeout=500"), std::nullopt) << loop.last_message;
}

TEST_F(TakeOver, TheSessionOfSomebodyElseIsNamedAndStays) {
  auto const run = begin();
  pqxx::connection somebody(url + " application_name=psql");
  pqxx::work holding(somebody);
  holding.exec("UPDATE affsync.stream_state SET live_rows = live_rows");
  EXPECT_EQ(take_over("-c lock_timeout=500"), ErrorCode::database_unavailable);
  auto const pid = "process " + std::to_string(somebody.backendpid());
  EXPECT_NE(loop.last_message.find(pid), std::string::npos) << loop.last_message;
  EXPECT_NE(loop.last_message.find("psql"), std::string::npos) << loop.last_message;
  holding.commit();
}

// One that works holds the row for a moment at a time.
TEST_F(TakeOver, ASessionOfOursThatWorksIsNamedAndStays) {
  auto const run = begin();
  PgSession working(with("", "affsync"));
  Transaction tx(working);
  enter_fence(tx, run);
  auto sleeping = std::async(std::launch::async, [&] { tx.exec("SELECT pg_sleep(3)"); });
  EXPECT_EQ(take_over("-c lock_timeout=500"), ErrorCode::database_unavailable);
  EXPECT_NE(loop.last_message.find("process "), std::string::npos) << loop.last_message;
  EXPECT_NO_THROW(sleeping.get());
}

class ReadOnlyDatabase : public StoreTest {
 protected:
  std::string told(std::string const& statement) {
    rows(statement);
    auto const other = make_store();
    EXPECT_EQ(loop.code_of(other->register_source("another", "testing", "https://b.example")),
              ErrorCode::database_unavailable);
    return loop.last_message;
  }
  std::string const name_ = value("SELECT current_database()");
};

TEST_F(ReadOnlyDatabase, ARoleOrADatabaseThatIsSetToReadOnlyIsNoStandby) {
  auto const role = value("SELECT quote_ident(current_user)");
  auto const of_role = told("ALTER ROLE " + role + " IN DATABASE " + name_ +
                            " SET default_transaction_read_only = on");
  EXPECT_NE(of_role.find("ALTER ROLE " + role + " IN DATABASE " + name_ +
                         " RESET default_transaction_read_only"),
            std::string::npos)
      << of_role;
  EXPECT_EQ(of_role.find("standby"), std::string::npos) << of_role;
  sql(url + " options='-c default_transaction_read_only=off'",
      "ALTER ROLE " + role + " IN DATABASE " + name_ + " RESET default_transaction_read_only");
  auto const of_database =
      told("ALTER DATABASE " + name_ + " SET default_transaction_read_only = on");
  EXPECT_NE(of_database.find("ALTER DATABASE " + name_ + " RESET default_transaction_read_only"),
            std::string::npos)
      << of_database;
  EXPECT_EQ(of_database.find("standby"), std::string::npos) << of_database;
}

// Sessions that began while the server took no writes would refuse them for ever, and those that
// only read may show a standby.
TEST_F(ReadOnlyDatabase, SessionsThatBeganThenAreNotKept) {
  auto options = options_for(url);
  options.longest_read_only = std::chrono::seconds(0);
  auto const books = make_pg_store(options);
  auto const setting = [&] {
    auto const table = loop.run(books->query_for_page("SHOW default_transaction_read_only", {}));
    return table.rows.at(0).at(0).value_or("");
  };
  auto const end_sessions = [&] {
    sql(url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()");
  };
  sql(url, "ALTER DATABASE " + name_ + " SET default_transaction_read_only = on");
  end_sessions();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(loop.code_of(books->register_source("another", "testing", "https://b.example")),
              ErrorCode::database_unavailable);
  }
  EXPECT_EQ(setting(), "on");
  sql(url + " options='-c default_transaction_read_only=off'",
      "ALTER DATABASE " + name_ + " RESET default_transaction_read_only");
  loop.code_of(books->register_source("another", "testing", "https://b.example"));
  EXPECT_GT(loop.run(books->register_source("another", "testing", "https://b.example")), 0);
  EXPECT_EQ(setting(), "off");
}

}  // namespace
}  // namespace affsync::schema::test::take_over_test
