// The daemon and its environment: signals, service manager, clock.
#include <pqxx/pqxx>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <algorithm>
#include <filesystem>
#include <fstream>

#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "tests/acceptance/fixture.hpp"
#include "tests/support/clock/wall_clock.hpp"

namespace affsync::test::daemon_test {
namespace {

class Daemon : public Acceptance {};

TEST_F(Daemon, daemon_runs_reloads_and_stops) {
  start_broker();
  auto const process = start({"run"});
  process->wait_for_err("started");
  process->wait_for_err("main/wallets: run succeeded");
  process->signal(SIGHUP);
  process->wait_for_err("configuration reloaded");
  dir_.write("affsync.yaml", "sources: [{name: x, connector: nonsense}]\n");
  process->signal(SIGHUP);
  process->wait_for_err("the old one stays");
  // A full disk, or an editor that empties a file before it writes it.
  dir_.write("affsync.yaml", "");
  process->signal(SIGHUP);
  process->wait_for_err("the configuration has no source");
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
  configure();
  EXPECT_EQ(query("select count(*) from affsync.source where retired_at is not null"), "0");
  EXPECT_NE(query("select count(*) from affsync.commission"), "0");
}

// The same before a start, such as that of an upgrade: it would retire all sources and be green.
TEST_F(Daemon, a_configuration_that_lost_its_sources_is_not_started) {
  start_broker();
  ASSERT_EQ(sync().status, 0);
  auto const whole = config_text();
  dir_.write("affsync.yaml", whole.substr(0, whole.find("sources:")));
  auto refused = affsync({"run"});
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_NE(refused.err.find("the configuration has no source, but it had `main`"),
            std::string::npos)
      << refused.err;
  EXPECT_NE(refused.err.find("affsync sources remove"), std::string::npos) << refused.err;
  EXPECT_EQ(query("select count(*) from affsync.source where retired_at is not null"), "0");

  dir_.write("affsync.yaml", "# nothing\n");
  refused = affsync({"run"});
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "affsync-data"));

  // Whoever wants nothing read any more says so.
  dir_.write("affsync.yaml", whole.substr(0, whole.find("sources:")));
  ASSERT_EQ(affsync({"sources", "remove", "main", "--yes"}).status, 0);
  auto const process = start({"run"});
  process->wait_for_err("started");
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
}

// A pipe that is full, such as that of a log shipper that hangs.
TEST_F(Daemon, a_log_that_nobody_reads_holds_up_nothing) {
  start_broker();
  auto const path = (dir_.path() / "log").string();
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  int const fifo = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(fifo, 0);
  std::string const filling(4096, 'x');
  while (write(fifo, filling.data(), filling.size()) > 0) continue;
  auto options = command({"-c", "exec \"$0\" run 2> log", in_build("affsync")});
  options.program = "/bin/sh";
  Process process(std::move(options));
  wait_until(
      "select least(count(*), 1) from affsync.sync_run"
      " where stream = 'wallets' and status = 'succeeded'",
      "1");
  EXPECT_EQ(process.stop(Process::Seconds(10)), 0);
  close(fifo);
}

TEST_F(Daemon, what_only_a_restart_can_change_is_told_and_left_alone) {
  start_broker();
  auto const process = start({"run"});
  process->wait_for_err("main/wallets: run succeeded");
  dir_.write("affsync.yaml", config_text() + "log: {format: json}\n");
  process->signal(SIGHUP);
  process->wait_for_err("restart affsync to apply these changed settings");
  // The last line of the file, so that an editor finds it.
  auto const text = config_text();
  auto const line = std::to_string(std::count(text.begin(), text.end(), '\n'));
  process->wait_for_err("log.format (" + config_file() + ":" + line + ":7)");
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
}

TEST_F(Daemon, status_of_another_process_says_that_a_reload_failed_and_what_needs_a_restart) {
  start_broker();
  auto const process = start({"run"});
  process->wait_for_err("started");
  auto const noted = [&](std::string const& condition) {
    while (query("select count(*) from affsync.program where process <> '' and " + condition) !=
           "1") {
      ASSERT_EQ(process->poll(), std::nullopt);
    }
  };
  auto const good = config_text();
  auto const line = std::to_string(std::count(good.begin(), good.end(), '\n') + 1);
  EXPECT_EQ(affsync({"status"}).out.find("Daemon of"), std::string::npos);

  dir_.write("affsync.yaml", good + "strems: {}\n");
  process->signal(SIGHUP);
  noted("reload_error is not null and reload_failed_at is not null");
  configure();
  auto const failed = affsync({"status"}).out;
  EXPECT_NE(failed.find("could not be reloaded"), std::string::npos) << failed;
  auto const json = parse_json(affsync({"status", "--output", "json"}).out).value();
  auto const& daemon = json.find("daemons")->items().at(0);
  EXPECT_EQ(daemon.find("reload_error")->as_string().find(config_file() + ":" + line + ":1: "), 0u)
      << daemon.dump();
  EXPECT_FALSE(daemon.find("reload_failed_at")->is_null());

  dir_.write("affsync.yaml", good + "log: {format: json}\n");
  process->signal(SIGHUP);
  noted("reload_error is null and reload_failed_at is null and array_length(needs_restart, 1) = 1");
  auto const restart = affsync({"status"}).out;
  EXPECT_EQ(restart.find("could not be reloaded"), std::string::npos) << restart;
  EXPECT_NE(restart.find("restart it to apply these changed settings: log.format ("),
            std::string::npos)
      << restart;

  configure();
  process->signal(SIGHUP);
  noted("needs_restart is null");
  EXPECT_EQ(affsync({"status"}).out.find("Daemon of"), std::string::npos);
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
}

// A reload applies a changed connector file, like a changed configuration.
TEST_F(Daemon, reload_notices_a_changed_connector_file) {
  std::string text = shipped_connector("exness");
  use_connector("exness", text);
  start_broker();
  auto const process = start({"run"});
  process->wait_for_err("main/wallets: run succeeded");

  // Only the schedule differs, and it does not come from the configuration.
  auto const every = text.find("every: ", text.find("\n  wallets:")) + 7;
  text.replace(every, text.find('\n', every) - every, "1s");
  dir_.write("connectors/exness.yaml", text);
  process->signal(SIGHUP);
  auto const runs = "select count(*) from affsync.sync_run where stream = 'wallets'";
  auto const end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (query(runs) < "3" && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_GE(query(runs), "3");
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0);
}

TEST_F(Daemon, what_happens_to_the_embedded_server_is_logged) {
  start_broker();
  use_embedded_database();
  auto const process = start({"run"});
  process->wait_for_err("started");
  std::ifstream file(dir_.path() / "pg/postgresql/data/postmaster.pid");
  pid_t server = 0;
  file >> server;
  ASSERT_GT(server, 1);
  ::kill(server, SIGQUIT);  // an immediate shutdown, after which it has to recover
  process->wait_for_err("The embedded PostgreSQL has ended");
  process->wait_for_err("The embedded PostgreSQL answers again");
  EXPECT_EQ(process->stop(Process::Seconds(10)), 0) << process->err();
}

// Receives notifications like systemd: datagrams on a socket that the environment names.
class Notifications {
 public:
  explicit Notifications(std::string const& path)
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
  ~Notifications() { ::close(socket_); }
  Notifications(Notifications const&) = delete;
  Notifications& operator=(Notifications const&) = delete;

  // The next notification; "nothing" if none arrives.
  std::string next() const {
    char buffer[1024];
    auto const size = ::recv(socket_, buffer, sizeof buffer, 0);
    return size < 0 ? "nothing" : std::string(buffer, static_cast<std::size_t>(size));
  }

 private:
  int socket_;
};

TEST_F(Daemon, watchdog_notified) {
  start_broker();
  // A broker that never answers must not make the daemon look dead.
  broker().fault("never:every=1,path=rewards");
  auto const path = (dir_.path() / "notify").string();
  Notifications const systemd(path);
  environment["NOTIFY_SOCKET"] = path;
  environment["WATCHDOG_USEC"] = "200000";
  auto const process = start({"run"});
  std::string told = systemd.next();
  int alive = 0;
  // The first WATCHDOG=1 may come before READY=1.
  while (told == "WATCHDOG=1" && ++alive < 5) told = systemd.next();
  ASSERT_EQ(told.substr(0, 8), "READY=1\n") << told << process->err();
  EXPECT_NE(told.find("STATUS=1 sources"), std::string::npos) << told;
  for (alive = 0; alive < 6; ++alive) ASSERT_EQ(systemd.next(), "WATCHDOG=1");
  process->signal(SIGHUP);
  told = systemd.next();
  while (told == "WATCHDOG=1") told = systemd.next();
  EXPECT_EQ(told.substr(0, 12), "RELOADING=1\n");
  told = systemd.next();
  while (told == "WATCHDOG=1") told = systemd.next();
  EXPECT_EQ(told.substr(0, 8), "READY=1\n");
  process->signal(SIGTERM);
  told = systemd.next();
  while (told == "WATCHDOG=1") told = systemd.next();
  EXPECT_EQ(told.substr(0, 11), "STOPPING=1\n");
  EXPECT_EQ(process->wait(Process::Seconds(5)), 0) << process->err();
}

// As from `systemctl reload` beside `systemctl start`, or a terminal that closes.
TEST_F(Daemon, a_reload_during_the_start_is_done_after_it) {
  start_broker();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  pqxx::connection connection(database_url());
  auto holding = std::make_unique<pqxx::work>(connection);
  holding->exec("LOCK TABLE affsync.source IN ACCESS EXCLUSIVE MODE");
  auto const process = start({"run"});
  wait_until(
      "select count(*) > 0 from pg_stat_activity where datname = current_database()"
      " and wait_event_type = 'Lock'",
      "t");
  process->signal(SIGHUP);
  holding.reset();
  process->wait_for_err("configuration reloaded");
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0) << process->err();
}

// The process is halted at some moment of its start and asked to end, so that it finds the signal
// and what it was waiting for at the same time when it goes on.
TEST_F(Daemon, a_signal_at_any_moment_of_the_start_ends_it) {
  using std::chrono::steady_clock;
  start_broker();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  auto const began = steady_clock::now();
  {
    auto const process = start({"run"});
    process->wait_for_err("started");
    EXPECT_EQ(process->stop(Process::Seconds(5)), 0) << process->err();
  }
  auto const start_takes = steady_clock::now() - began;
  constexpr int moments = 50;
  for (int i = 0; i < moments; ++i) {
    auto const process = start({"run"});
    std::this_thread::sleep_for(start_takes * i / moments);
    process->signal(SIGSTOP);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the database goes on
    process->signal(SIGTERM);
    process->signal(SIGCONT);
    int const status = process->wait(Process::Seconds(20));
    // Until the daemon handles the signal, it ends like any program.
    if (status == 128 + SIGTERM) continue;
    EXPECT_EQ(status, 0) << i << ": " << process->err();
  }
}

// The clock jumps a day forward and two days back, as when a wrong date is set and corrected. Every
// stream keeps its interval; none is read more often.
TEST_F(Daemon, clock_jumps) {
  streams_yaml = "      wallets: {every: 1s}\n";
  start_broker();
  ASSERT_EQ(affsync({"migrate"}).status, 0);
  WallClock clock;
  clock.add_to_environment(environment);
  auto const process = start({"run"});
  auto const count = [](std::string const& stream) {
    return "select count(*) from affsync.sync_run where status = 'succeeded' and stream = '" +
           stream + "'";
  };
  auto const wallets_go_on = [&] {
    auto const more = query(count("wallets") + " and true") + " + 3";
    wait_until("select (" + count("wallets") + ") >= " + more, "t");
  };
  // No run may be under way when the clock jumps: it would end early, and another continue it.
  auto const all_read = [&](std::string const& times) {
    for (auto const* stream : {"rewards", "rebates", "clients"}) wait_until(count(stream), times);
  };
  all_read("1");
  wallets_go_on();
  EXPECT_EQ(query(count("clients")), "1");

  clock.set_ahead(std::chrono::hours(24));
  all_read("2");
  wallets_go_on();
  clock.set_ahead(-std::chrono::hours(24));
  all_read("3");
  wallets_go_on();
  clock.set_ahead(std::chrono::hours(0));
  all_read("4");
  wallets_go_on();
  EXPECT_EQ(query(count("clients")), "4") << "at most one run after each jump";
  EXPECT_EQ(query(count("rewards")), "4");
  EXPECT_EQ(query("select string_agg(stream || ': ' || coalesce(error, status), '; ')"
                  " from affsync.sync_run where status not in ('succeeded', 'running')"),
            "");
  EXPECT_EQ(process->stop(Process::Seconds(5)), 0) << process->err();
  expect_books_equal();
}

}  // namespace
}  // namespace affsync::test::daemon_test
