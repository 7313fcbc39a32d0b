// What reaches journald: entries in its own protocol, with a field for each thing. A socket of the
// test stands at journald's place, in a mount namespace of the program's own.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "tests/acceptance/fixture.hpp"

namespace affsync::test::journal_test {
namespace {

using Entry = std::map<std::string, std::string>;

class FakeJournal {
 public:
  explicit FakeJournal(std::string const& path)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("bind " + path);
    }
    timeval const limit{30, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~FakeJournal() { ::close(socket_); }
  FakeJournal(FakeJournal const&) = delete;
  FakeJournal& operator=(FakeJournal const&) = delete;

  // The next entry; empty if none arrives. A value with a line feed is preceded by its size, others
  // by `=`.
  Entry next() const {
    std::string text(64 * 1024, '\0');
    auto const size = ::recv(socket_, text.data(), text.size(), 0);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    Entry entry;
    for (std::size_t at = 0; at < text.size();) {
      auto const end = text.find('\n', at);
      auto const line = text.substr(at, end - at);
      at = end + 1;
      auto const equals = line.find('=');
      if (equals != std::string::npos) {
        entry[line.substr(0, equals)] = line.substr(equals + 1);
        continue;
      }
      std::size_t length = 0;
      for (int i = 7; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(text[at + i]);
      entry[line] = text.substr(at + 8, length);
      at += 8 + length + 1;
    }
    return entry;
  }
  // The next entry with this text in its message.
  Entry next_with(std::string const& text) const {
    for (;;) {
      auto entry = next();
      if (entry.empty() || entry["MESSAGE"].find(text) != std::string::npos) return entry;
    }
  }

 private:
  int socket_;
};

class Journal : public Acceptance {
 protected:
  // Runs `affsync` where `directory` is /run/systemd/journal and stderr is the journal's stream.
  ProcessOptions with_journal(std::string const& directory, std::vector<std::string> arguments) {
    auto options = command(arguments);
    std::string const script =
        "mount -t tmpfs none /run && mkdir -p /run/systemd/journal && mount --bind '" + directory +
        "' /run/systemd/journal && JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$0\" "
        "\"$@\"";
    std::vector<std::string> shell{"--mount", "sh", "-c", script, options.program.string()};
    shell.insert(shell.end(), options.arguments.begin(), options.arguments.end());
    options.program = "unshare";
    options.arguments = shell;
    return options;
  }
  static bool may_unshare() {
    ProcessOptions options;
    options.program = "unshare";
    options.arguments = {"--mount", "mount", "-t", "tmpfs", "none", "/run"};
    try {
      return run(options).status == 0;
    } catch (std::exception const&) {
      return false;
    }
  }
};

TEST_F(Journal, has_a_field_for_each_thing) {
  if (!may_unshare()) GTEST_SKIP() << "no right to make a mount namespace";
  start_broker();
  std::filesystem::create_directory(dir_.path() / "journal");
  FakeJournal const journal((dir_.path() / "journal/socket").string());
  Process process(with_journal((dir_.path() / "journal").string(), {"run"}));

  auto const started = journal.next_with("started");
  EXPECT_EQ(started.at("PRIORITY"), "6") << process.err();
  EXPECT_EQ(started.at("SYSLOG_IDENTIFIER"), "affsync");
  EXPECT_EQ(started.at("AFFSYNC_STREAMS"), "6");

  auto const ended = journal.next_with("main/wallets: run succeeded");
  EXPECT_EQ(ended.at("AFFSYNC_SOURCE"), "main");
  EXPECT_EQ(ended.at("AFFSYNC_STREAM"), "wallets");
  EXPECT_EQ(ended.at("AFFSYNC_READ"), "3");
  EXPECT_EQ(ended.at("AFFSYNC_RUN"),
            query("select run_id from affsync.sync_run where stream = 'wallets'"));

  dir_.write("affsync.yaml", "sources: [{name: x, connector: nonsense}]\n");
  process.signal(SIGHUP);
  auto const refused = journal.next_with("no connector `nonsense`");
  EXPECT_EQ(refused.at("PRIORITY"), "3");
  EXPECT_EQ(refused.at("AFFSYNC_CODE"), "config_invalid");
  EXPECT_EQ(process.stop(Process::Seconds(5)), 0);
  EXPECT_EQ(process.err(), "");
}

TEST_F(Journal, has_the_error_that_ends_a_daemon) {
  if (!may_unshare()) GTEST_SKIP() << "no right to make a mount namespace";
  dir_.write("affsync.yaml",
             "database: {url: \"postgresql://affsync@127.0.0.1:9/affsync\"}\n"
             "sources: [{name: ecb, connector: ecb_rates}]\n");
  std::filesystem::create_directory(dir_.path() / "journal");
  FakeJournal const journal((dir_.path() / "journal/socket").string());
  Process process(with_journal((dir_.path() / "journal").string(), {"run"}));
  auto const last = journal.next_with("PostgreSQL");
  EXPECT_EQ(last.at("PRIORITY"), "3");
  EXPECT_EQ(last.at("AFFSYNC_CODE"), "database_unavailable");
  EXPECT_EQ(process.wait(), 3);
  EXPECT_EQ(process.err(), "");
}

// Whoever collects JSON finds the reason too.
TEST_F(Acceptance, a_json_log_has_the_error_that_ends_a_daemon) {
  dir_.write("affsync.yaml",
             "database: {url: \"postgresql://affsync@127.0.0.1:9/affsync\"}\n"
             "log: {format: json}\n"
             "sources: [{name: ecb, connector: ecb_rates}]\n");
  auto const run = affsync({"run"});
  EXPECT_EQ(run.status, 3);
  EXPECT_NE(run.err.find("\"level\":\"error\""), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("\"code\":\"database_unavailable\""), std::string::npos) << run.err;
  EXPECT_EQ(run.err.find("affsync: "), std::string::npos) << run.err;
}

}  // namespace
}  // namespace affsync::test::journal_test
