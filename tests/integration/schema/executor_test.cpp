// Work whose session is lost, once and again.
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <functional>
#include <future>
#include <pqxx/except>
#include <pqxx/nontransaction>

#include "schema/store/pg_executor.hpp"
#include "tests/integration/schema/fixture.hpp"
#include "tests/support/peer/scripted_peer.hpp"
#include "tests/support/temp_dir.hpp"

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

// A server that speaks only as far as this goes, and takes nobody after the first session.
PeerConnection& welcome_one(PeerConnection& peer, std::string const& to_others) {
  std::string const zero(1, '\0');
  auto const welcome = frame('R', zero + zero + zero + zero) +
                       frame('S', "server_version" + zero + "15.0" + zero) +
                       frame('S', "client_encoding" + zero + "UTF8" + zero) + frame('Z', "I");
  peer.read_some();
  peer.send(peer.number() == 1 ? welcome : to_others);
  if (peer.number() == 1) peer.read_some();
  return peer;
}

// The last words of a server to somebody who connects.
std::string refusal(std::string const& severity, std::string const& state,
                    std::string const& words) {
  std::string const zero(1, '\0');
  return frame('E', "S" + severity + zero + "VFATAL" + zero + "C" + state + zero + "M" + words +
                        zero + zero);
}

// Two servers of which the first is such a one.
class TwoServers : public Executor {
 protected:
  // `address`: its own, or a directory for its Unix socket.
  explicit TwoServers(std::function<void(PeerConnection&)> after_welcome = {},
                      std::string const& address = "127.0.0.1")
      : host_(address),
        going_(
            [next = std::move(after_welcome)](PeerConnection& peer) {
              welcome_one(peer, refusal("FATAL", "57P03", "wait"));
              if (peer.number() == 1 && next) next(peer);
            },
            std::nullopt, host_.starts_with('/') ? host_ + "/.s.PGSQL.1" : host_) {}
  StoreOptions options_for_both() {
    pqxx::connection real(url);
    auto const port = going_.port() == 0 ? 1 : going_.port();
    auto options =
        options_for("host='" + host_ + "," + std::string(real.hostname()) + "' port='" +
                    std::to_string(port) + "," + real.port() + "' user='" + real.username() +
                    "' dbname='" + real.dbname() + "' sslmode=disable gssencmode=disable");
    options.patience = std::chrono::minutes(10);
    return options;
  }
  void expect_the_second(StoreOptions const& options) {
    PgExecutor executor(options, 1);
    loop.run(executor.run([](PgSession& session) { return session.is_open(); }, 1));
    EXPECT_EQ(going_.connections(), 2);
  }
  std::string const host_;
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

// One of this machine, on its Unix socket, stands still as well: a disk that hangs, a stopped
// container.
struct OwnDirectory {
  affsync::test::TempDir directory;
};
class StandingServerOfThisMachine : private OwnDirectory, public TwoServers {
 protected:
  StandingServerOfThisMachine()
      : TwoServers([](PeerConnection& peer) { peer.read_some(); }, directory.path().string()) {}
  StoreOptions impatient() {
    auto options = options_for_both();
    options.statement_timeout = options.answer_grace = std::chrono::milliseconds(200);
    return options;
  }
};

TEST_F(StandingServerOfThisMachine, IsLeftOnceItsAnswerIsTooLate) {
  expect_the_second(impatient());
}

// Commits may wait for a standby without a limit.
TEST_F(StandingServerOfThisMachine, IsNotOneOfWhichItIsKnownWhatItWaitsFor) {
  std::atomic<int> asked = 0;
  auto const options = impatient();
  PgExecutor executor(options, 1);
  executor.spare_while([&] { return ++asked < 20; });
  loop.run(executor.run([](PgSession& session) { return session.is_open(); }, 1));
  EXPECT_GE(asked, 20);
}

TEST_F(StandingServerOfThisMachine, IsNotOneWhoseStatementsComeOneAfterTheOther) {
  auto options = impatient();
  options.url = url;
  PgExecutor executor(options, 1);
  int attempts = 0;
  auto const work = [&attempts](PgSession& session) {
    ++attempts;
    pqxx::nontransaction tx(session.connection());
    for (int i = 0; i < 20; ++i) tx.exec("SELECT pg_sleep(0.05)");
    return attempts;
  };
  EXPECT_EQ(loop.run(executor.run(work, 2)), 1);
}

// A server that welcomes a session, and answers neither its first statement of work nor whoever
// else connects: as behind a host that drops packets.
class SilentServer : public Executor {
 protected:
  SilentServer()
      : peer_([this](PeerConnection& peer) {
          if (peer.number() == 1) {
            welcome(peer);
          } else {
            peer.read_some();
            asked_to_cancel_.set_value();
          }
          peer.wait_for_end();
        }) {}

  StoreOptions options() const {
    return options_for("host=127.0.0.1 port=" + std::to_string(peer_.port()) +
                       " user=u dbname=d sslmode=disable gssencmode=disable");
  }

  std::promise<void> working_, asked_to_cancel_;

 private:
  void welcome(PeerConnection& peer) {
    std::string const zero(1, '\0'), zeros(4, '\0');
    auto const ready = frame('Z', "I");
    peer.read_some();
    peer.send(frame('R', zeros) + frame('S', "server_version" + zero + "15.0" + zero) +
              frame('S', "client_encoding" + zero + "UTF8" + zero) + frame('K', zeros + zeros) +
              ready);
    // Of the set-up: the number of the session and the clock, then settings.
    for (std::string asked = peer.read_some(); !asked.empty(); asked = peer.read_some()) {
      if (asked.find("silence") != std::string::npos) break;
      auto const column = [&](std::string const& name) {
        return name + zero + zeros + zero + zero + std::string("\0\0\0\x19", 4) + "\xff\xff" +
               "\xff\xff\xff\xff" + zero + zero;
      };
      auto const two = std::string("\0\2", 2), one_byte = std::string("\0\0\0\1", 4);
      bool const is_number = asked.find("pg_backend_pid") != std::string::npos;
      peer.send(is_number ? frame('T', two + column("a") + column("b")) +
                                frame('D', two + one_byte + "0" + one_byte + "1") +
                                frame('C', "SELECT 1" + zero) + ready
                          : frame('C', "SET" + zero) + ready);
    }
    working_.set_value();
  }

  affsync::test::ScriptedPeer peer_;  // last member: its threads use the others
};

TEST_F(SilentServer, HoldsUpNoShutdownByTheCancelThatItDoesNotAnswer) {
  PgExecutor executor(options(), 2);
  auto work = [](PgSession& session) {
    pqxx::nontransaction(session.connection()).exec("SELECT 'silence'");
    return true;
  };
  auto first = asio::co_spawn(loop.io(), executor.run(std::move(work), 1), asio::use_future);
  auto going_on = asio::make_work_guard(loop.io());
  std::thread io([&] {
    loop.io().restart();
    loop.io().run();
  });
  working_.get_future().wait();
  executor.shut_down(std::chrono::milliseconds(0));
  asked_to_cancel_.get_future().wait();
  // What is asked for now is refused at once, and the statement ends although nothing has cancelled
  // it.
  std::vector<std::future<bool>> calls;
  calls.push_back(std::move(first));
  calls.push_back(asio::co_spawn(loop.io(), executor.run([](PgSession&) { return true; }, 1),
                                 asio::use_future));
  for (auto& call : calls) {
    try {
      call.get();
      ADD_FAILURE() << "it was answered";
    } catch (Failure const& failure) {
      EXPECT_EQ(failure.error().code, ErrorCode::cancelled);
    }
  }
  going_on.reset();
  io.join();
}

// A server whose messages are in another language than ours.
class ForeignServer : public Executor {
 protected:
  Error refused(std::string const& state, std::string const& words) {
    affsync::test::ScriptedPeer peer([&](PeerConnection& one) {
      one.read_some();
      one.send(refusal("FATAL", state, words));
    });
    auto options = options_for("host=127.0.0.1 port=" + std::to_string(peer.port()) +
                               " user=u dbname=d sslmode=disable gssencmode=disable");
    PgExecutor executor(options, 1);
    try {
      loop.run(executor.run([](PgSession& session) { return session.is_open(); }, 1));
    } catch (Failure const& failure) {
      connections_ = peer.connections();
      return failure.error();
    }
    return {};
  }
  int connections_ = 0;
};

TEST_F(ForeignServer, WhatItRefusesIsKnownByItsCode) {
  struct Case {
    char const* state;
    char const* words;
    char const* hint;
  };
  Case const cases[] = {
      {"28P01", "Passwort-Authentifizierung für Benutzer »u« fehlgeschlagen",
       "Check user and password in database.url"},
      {"28000", "kein pg_hba.conf-Eintrag für Host »127.0.0.1«", "pg_hba.conf"},
      {"3D000", "Datenbank »d« existiert nicht", "Create the database"},
      {"53300", "zu viele Verbindungen von Rolle »u«", "no free connection"},
      {"42501", "keine Berechtigung für Datenbank »d«", "GRANT CONNECT"},
      {"57P01", "Verbindung wird abgebrochen aufgrund von Anweisung", "stopping or starting"},
      {"XX000", "unerwarteter Fehler", "The server answers and takes no connection"},
  };
  for (auto const& [state, words, hint] : cases) {
    auto const error = refused(state, words);
    EXPECT_EQ(error.code, ErrorCode::database_unavailable) << state;
    EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
    EXPECT_NE(error.hint.find(hint), std::string::npos) << state << ": " << error.hint;
    EXPECT_EQ(error.hint.find("server is running"), std::string::npos) << state << error.hint;
    EXPECT_LE(connections_, 2) << state;
  }
}

TEST_F(ForeignServer, OneThatIsStartingIsWaitedFor) {
  auto const error = refused("57P03", "das Datenbanksystem wird hochgefahren");
  EXPECT_GT(connections_, 4);
  EXPECT_NE(error.hint.find("starting or stopping"), std::string::npos) << error.hint;
}

}  // namespace
}  // namespace affsync::schema::test::executor_test
