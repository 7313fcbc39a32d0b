// Work whose session is lost, once and again.
#include <functional>
#include <pqxx/except>

#include "schema/store/pg_executor.hpp"
#include "tests/integration/schema/fixture.hpp"
#include "tests/support/peer/scripted_peer.hpp"

namespace affsync::schema::test::executor_test {
namespace {

class Executor : public StoreTest {
 protected:
  // Runs work that loses its session `losses` times; returns how often it ran, 0 if it failed.
  int run_with_losses(int losses, std::chrono::milliseconds patience, int attempts) {
    auto options = options_for(url);
    options.patience = patience;
    PgExecutor executor(options, 1);
    int runs = 0;
    auto work = [&](PgSession&) {
      if (++runs <= losses) throw pqxx::broken_connection("the server went away");
      return runs;
    };
    auto code = loop.code_of(executor.run(std::move(work), attempts));
    EXPECT_EQ(code, runs > losses ? std::nullopt : std::optional(ErrorCode::database_unavailable));
    return code ? 0 : runs;
  }
};

TEST_F(Executor, ReplacesALostSessionOnce) {
  EXPECT_EQ(run_with_losses(1, std::chrono::milliseconds(0), 2), 2);
  EXPECT_EQ(run_with_losses(2, std::chrono::milliseconds(0), 2), 0);
}

TEST_F(Executor, ReplacesLostSessionsWhilePatienceLasts) {
  EXPECT_EQ(run_with_losses(5, std::chrono::minutes(10), 2), 6);
}

TEST_F(Executor, WorkThatMayNotBeRepeatedIsNot) {
  EXPECT_EQ(run_with_losses(1, std::chrono::minutes(10), 1), 0);
}

using affsync::test::PeerConnection;

// Frames of PostgreSQL's protocol 3.0: a type, the length, the fields.
std::string frame(char type, std::string const& fields) {
  std::string text{type, '\0', '\0', '\0'};
  return text + static_cast<char>(fields.size() + 4) + fields;
}

// Two servers of which the first one speaks only as far as this goes, and takes nobody after the
// first session.
class TwoServers : public Executor {
 protected:
  explicit TwoServers(std::function<void(PeerConnection&)> after_welcome = {})
      : going_([next = std::move(after_welcome)](PeerConnection& peer) {
          std::string const zero(1, '\0');
          auto const welcome = frame('R', zero + zero + zero + zero) +
                               frame('S', "server_version" + zero + "15.0" + zero) +
                               frame('S', "client_encoding" + zero + "UTF8" + zero) +
                               frame('Z', "I");
          auto const not_now =
              frame('E', "SFATAL" + zero + "C57P03" + zero + "Mwait" + zero + zero);
          peer.read_some();
          peer.send(peer.number() == 1 ? welcome : not_now);
          if (peer.number() == 1) peer.read_some();
          if (peer.number() == 1 && next) next(peer);
        }) {}
  StoreOptions options_for_both() {
    pqxx::connection real(url);
    auto options = options_for("host='127.0.0.1," + std::string(real.hostname()) + "' port='" +
                               std::to_string(going_.port()) + "," + real.port() + "' user='" +
                               real.username() + "' dbname='" + real.dbname() +
                               "' sslmode=disable gssencmode=disable");
    options.patience = std::chrono::minutes(10);
    return options;
  }
  void expect_the_second(StoreOptions const& options) {
    PgExecutor executor(options, 1);
    loop.run(executor.run([](PgSession& session) { return session.is_open(); }, 1));
    EXPECT_EQ(going_.connections(), 2);
  }
  affsync::test::ScriptedPeer going_;
};

// A server that is being replaced may accept a session and drop it before its first answer.
TEST_F(TwoServers, SessionThatIsDroppedDuringSetUpIsReplaced) {
  expect_the_second(options_for_both());
}

// One that stands still holds its connections, and so may a proxy in front of it.
class StandingServer : public TwoServers {
 protected:
  StandingServer() : TwoServers([](PeerConnection& peer) { peer.read_some(); }) {}
};

TEST_F(StandingServer, IsLeftOnceItsAnswerIsTooLate) {
  auto options = options_for_both();
  options.statement_timeout = options.answer_grace = std::chrono::milliseconds(200);
  expect_the_second(options);
}

TEST_F(StandingServer, IsNamedIfThereIsNoOther) {
  auto options = options_for_both();
  options.statement_timeout = options.answer_grace = std::chrono::milliseconds(200);
  options.patience = std::chrono::milliseconds(0);
  PgExecutor executor(options, 1);
  EXPECT_EQ(loop.code_of(executor.run([](PgSession& session) { return session.is_open(); }, 1)),
            ErrorCode::database_unavailable);
  EXPECT_NE(loop.last_message.find("has not answered for 1 s: the connection is cut"),
            std::string::npos)
      << loop.last_message;
}

}  // namespace
}  // namespace affsync::schema::test::executor_test
