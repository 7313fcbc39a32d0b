// Work whose session is lost, once and again.
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

// A server that is being replaced may accept a session and drop it before its first answer.
TEST_F(Executor, SessionThatIsDroppedDuringSetUpIsReplaced) {
  using affsync::test::PeerConnection;
  // Frames of PostgreSQL's protocol 3.0: a type, the length, the fields.
  auto const frame = [](char type, std::string const& fields) {
    std::string text{type, '\0', '\0', '\0'};
    return text + static_cast<char>(fields.size() + 4) + fields;
  };
  std::string const zero(1, '\0');
  auto const welcome = frame('R', zero + zero + zero + zero) +
                       frame('S', "server_version" + zero + "15.0" + zero) +
                       frame('S', "client_encoding" + zero + "UTF8" + zero) + frame('Z', "I");
  auto const not_now = frame('E', "SFATAL" + zero + "C57P03" + zero + "Mwait" + zero + zero);
  affsync::test::ScriptedPeer going([&](PeerConnection& peer) {
    peer.read_some();
    peer.send(peer.number() == 1 ? welcome : not_now);
    if (peer.number() == 1) peer.read_some();
  });
  pqxx::connection real(url);
  auto options =
      options_for("host='127.0.0.1," + std::string(real.hostname()) + "' port='" +
                  std::to_string(going.port()) + "," + real.port() + "' user='" + real.username() +
                  "' dbname='" + real.dbname() + "' sslmode=disable gssencmode=disable");
  options.patience = std::chrono::minutes(10);
  PgExecutor executor(options, 1);
  loop.run(executor.run([](PgSession& session) { return session.is_open(); }, 1));
  EXPECT_EQ(going.connections(), 2);
}

}  // namespace
}  // namespace affsync::schema::test::executor_test
