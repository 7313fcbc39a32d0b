#include "daemon/embedded/cluster.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <future>
#include <optional>
#include <thread>

#include "base/crash_point.hpp"
#include "daemon/embedded/server.hpp"

namespace affsync::embedded {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds start_step{25};      // between checks of a server that is starting
constexpr milliseconds watch_step{250};     // between checks of a server of another process
constexpr milliseconds restart_first{500};  // pause before the restart of a server that died
constexpr milliseconds restart_longest{30'000};

Error cancelled() {
  return Error(ErrorCode::cancelled, "The start of the embedded PostgreSQL was cancelled");
}

}  // namespace

// The keeper thread lives as long as the object. It starts the server, because the server ends with
// the thread that started it. Then it waits for the end of the server or of the object.
struct Cluster::Impl {
  ClusterOptions options;
  Layout layout;
  FileDescriptor lock_file;
  FileDescriptor stop_event;
  std::atomic<bool> owns_server{false};
  std::promise<Result<void>> ready;
  std::thread keeper;

  ~Impl() { stop(); }

  void stop() {
    if (!keeper.joinable()) return;
    std::uint64_t const one = 1;
    (void)!::write(stop_event.get(), &one, sizeof one);
    keeper.join();
    lock_file.reset();
  }

  // Waits at most `limit`, or until `other` becomes readable. Returns true if the object must stop.
  bool stop_within(milliseconds limit, int other = -1) const {
    pollfd waits[2] = {{stop_event.get(), POLLIN, 0}, {other, POLLIN, 0}};
    ::poll(waits, 2, static_cast<int>(limit.count()));
    return (waits[0].revents & POLLIN) != 0;
  }

  bool take_lock() const { return ::flock(lock_file.get(), LOCK_EX | LOCK_NB) == 0; }

  void tell(std::string const& text) const {
    if (options.on_event) options.on_event(text);
  }

  // Waits until the server of another process answers (returns false) or until this process holds
  // the lock and no server runs (returns true), so that it may start one.
  Result<bool> wait_for_server_or_turn(steady_clock::time_point deadline) const {
    bool mine = false;
    auto next_news = steady_clock::now() + options.start_news;
    while (true) {
      mine = mine || take_lock();
      auto const other = running_server(layout);
      if (mine && !other) return true;
      if (other && ask_server(layout) == Answer::yes) return false;
      if (steady_clock::now() >= deadline) {
        return Error(
            ErrorCode::database_unavailable,
            other ? "A PostgreSQL server (process " + std::to_string(*other) +
                        ") has the cluster in " + layout.data.string() +
                        " open and does not answer on its socket"
                  : "Another affsync holds " + layout.lock.string() + " but has started no server",
            "Stop that process, or wait for it.");
      }
      tell_step(next_news, "waiting for the embedded PostgreSQL of another affsync");
      if (stop_within(start_step)) return cancelled();
    }
  }

  Result<Server> start_server(steady_clock::time_point deadline) const {
    auto const user = find_server_user(layout.data);
    if (!user) return user.error();
    auto const prepared = make_server_directories(layout, *user);
    if (!prepared) return prepared.error();
    auto const programs =
        find_server_programs(options.program_directories, major_of_cluster(layout.data));
    if (!programs) return programs.error();
    auto const left = std::chrono::duration_cast<milliseconds>(deadline - steady_clock::now());
    auto const made = make_cluster(layout, *user, *programs, options.durable, left);
    if (!made) return made.error();
    crash_point(CrashPoint::cluster_made);
    Server::bound_log(layout, *user, options.log_limit);
    if (ask_server(layout) == Answer::none) remove_stale_locks(layout);
    auto server = Server::launch(layout, *user, *programs, options.durable, options.settings);
    if (!server) return server.error();
    auto const answers = wait_until_ready(*server, deadline);
    if (!answers) {
      server->stop(options.stop_timeout);
      return answers.error();
    }
    return server;
  }

  // Reports at most every `start_news` what the start is doing; `log_from`: where its log begins.
  void tell_step(steady_clock::time_point& next, std::string text,
                 std::optional<std::uintmax_t> log_from = std::nullopt) const {
    auto const now = steady_clock::now();
    if (!options.on_start_step || now < next) return;
    auto const words = log_from ? log_tail(layout, *log_from, 1) : std::string();
    if (!words.empty()) text += ": " + words;
    options.on_start_step(text);
    next = now + options.start_news;
  }

  // A full disk takes the server's last words, too.
  Error never_answered(std::string const& what, Server const& server) const {
    auto const words = server.last_words();
    std::error_code failed;
    auto const space = std::filesystem::space(layout.home, failed);
    if (!failed && space.available == 0) {
      return Error(ErrorCode::database_full,
                   "The embedded PostgreSQL " + what + ": the disk of " + layout.home.string() +
                       " is full" + (words.empty() ? "" : ". The last lines of its log:\n" + words),
                   "Free some space on that disk.");
    }
    return Error(
        ErrorCode::database_unavailable,
        "The embedded PostgreSQL " + what +
            (words.empty() ? ", and has written nothing to " + layout.log.string()
                           : ". The last lines of " + layout.log.string() + ":\n" + words));
  }

  Result<void> wait_until_ready(Server& server, steady_clock::time_point deadline) const {
    auto next_news = steady_clock::now() + options.start_news;
    for (;;) {
      auto const answer = ask_server(layout);
      if (answer == Answer::yes) return {};
      // After a crash it replays its log, for as long as that takes.
      if (answer == Answer::not_yet) deadline = steady_clock::now() + options.start_timeout;
      tell_step(next_news, "the embedded PostgreSQL starts", server.log_begin());
      if (!server.alive()) {
        return never_answered("ended while it started", server);
      }
      if (steady_clock::now() >= deadline) {
        return never_answered(
            "did not answer within " + std::to_string(options.start_timeout.count()) + " s",
            server);
      }
      if (stop_within(start_step, server.exit_descriptor())) return cancelled();
    }
  }

  // Makes sure that a server answers and has the database. Returns our server, or nullopt if it
  // belongs to another process.
  Result<std::optional<Server>> obtain_server() const {
    auto const deadline = steady_clock::now() + options.start_timeout;
    auto const turn = wait_for_server_or_turn(deadline);
    if (!turn) return turn.error();
    std::optional<Server> server;
    if (*turn) {
      auto started = start_server(deadline);
      if (!started) return started.error();
      server = std::move(*started);
      crash_point(CrashPoint::server_started);
    }
    auto const made = make_database(layout);
    if (made) return server;
    if (server) server->stop(options.stop_timeout);
    return made.error();
  }

  // Waits until the server ends (returns false) or this object must stop (returns true).
  bool stop_before_end(std::optional<Server>& server) const {
    if (server) {
      auto const user = find_server_user(layout.data);
      while (server->alive()) {
        bool const told = server->exit_descriptor() >= 0;
        auto const longest = told ? options.log_look : std::min(watch_step, options.log_look);
        if (stop_within(longest, server->exit_descriptor())) return true;
        if (user) Server::bound_log(layout, *user, options.log_limit);
      }
      return false;
    }
    while (running_server(layout)) {
      if (stop_within(watch_step)) return true;
    }
    return false;
  }

  void keep() {
    bool announced = false;
    auto pause = restart_first;
    while (true) {
      auto obtained = obtain_server();
      if (!obtained) {
        if (!announced) return ready.set_value(obtained.error());
        tell("The embedded PostgreSQL could not be started again: " + obtained.error().to_line());
        if (stop_within(pause)) return;
        pause = std::min(2 * pause, restart_longest);
        continue;
      }
      auto& server = *obtained;
      owns_server = server.has_value();
      if (announced) tell("The embedded PostgreSQL answers again");
      if (!announced) ready.set_value(Result<void>());
      announced = true;
      auto const since = steady_clock::now();
      if (stop_before_end(server)) {
        if (server) server->stop(options.stop_timeout);
        owns_server = false;
        return;
      }
      owns_server = false;
      tell("The embedded PostgreSQL has ended" +
           (server ? "; the last lines of its log: " + server->last_words() : std::string()));
      if (steady_clock::now() - since > restart_longest) pause = restart_first;
      if (server && stop_within(pause)) return;
      if (server) pause = std::min(2 * pause, restart_longest);
    }
  }

  void keep_and_report() {
    try {
      keep();
    } catch (std::exception const& error) {
      owns_server = false;
      try {
        ready.set_value(Error(ErrorCode::internal, error.what()));
      } catch (std::future_error const&) {  // `ready` was set before
        tell(std::string("The embedded PostgreSQL is no longer watched: ") + error.what());
      }
    }
  }
};

Cluster::Cluster(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Cluster::~Cluster() = default;

Result<std::unique_ptr<Cluster>> Cluster::start(ClusterOptions options) {
  auto layout = describe_layout(options.state_dir);
  if (!layout) return layout.error();
  auto const user = find_server_user(layout->data);
  if (!user) return user.error();
  auto const made = make_state_directory(*layout, *user);
  if (!made) return made.error();
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->layout = std::move(*layout);
  auto lock = open_lock(impl->layout);
  if (!lock) return lock.error();
  impl->lock_file = std::move(*lock);
  impl->stop_event = FileDescriptor(::eventfd(0, EFD_CLOEXEC));
  auto ready = impl->ready.get_future();
  // Block all signals in the new thread: the other threads of the program handle them.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  impl->keeper = std::thread(&Impl::keep_and_report, impl.get());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  auto const outcome = ready.get();
  if (!outcome) return outcome.error();
  return std::unique_ptr<Cluster>(new Cluster(std::move(impl)));
}

std::string Cluster::url() const {
  return url("affsync");
}

std::string Cluster::url(std::string const& database) const {
  return connection_string(impl_->layout, database);
}

bool Cluster::started_here() const {
  return impl_->owns_server;
}

void Cluster::stop() {
  impl_->stop();
}

}  // namespace affsync::embedded
