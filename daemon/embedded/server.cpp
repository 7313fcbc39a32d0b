#include "daemon/embedded/server.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

#include "daemon/embedded/process.hpp"
#include "schema/store/conninfo.hpp"

namespace affsync::embedded {

namespace {

namespace fs = std::filesystem;

constexpr int last_lines = 8;
constexpr std::chrono::milliseconds immediate_limit{1500};

// Settings for a small machine. They are in the cluster's own file, so that its owner can change
// them.
constexpr char const* initial_settings = R"(
# Set when affsync created this cluster; change them here or with ALTER SYSTEM.
shared_buffers = 128MB
max_connections = 30
max_wal_size = 1GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
log_checkpoints = off
timezone = 'UTC'
log_timezone = 'UTC'
)";

Error server_error(std::string message, std::string hint = {}) {
  return Error(ErrorCode::database_unavailable, std::move(message), std::move(hint));
}

std::string const& cluster_locale() {
  static std::string const name = [] {
    locale_t const found = ::newlocale(LC_ALL_MASK, "C.UTF-8", nullptr);
    if (found == nullptr) return std::string("C");
    ::freelocale(found);
    return std::string("C.UTF-8");
  }();
  return name;
}

// Quotes one entry of a list of directories for the server's settings.
std::string list_entry(std::string_view directory) {
  std::string text = "\"";
  for (char const letter : directory) {
    if (letter == '"') text += '"';
    text += letter;
  }
  return text + "\"";
}

Result<FileDescriptor> open_log(Layout const& layout, ServerUser const& user) {
  FileDescriptor log(
      ::open(layout.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  struct stat state = {};
  bool const opened = log.valid() && ::fstat(log.get(), &state) == 0;
  // A second name would be one that the user made of a file of root's.
  if (opened && user.other && state.st_uid != user.uid && state.st_nlink != 1) errno = EPERM;
  bool const given =
      opened && (!user.other || state.st_uid == user.uid ||
                 (state.st_nlink == 1 && ::fchown(log.get(), user.uid, user.gid) == 0));
  if (given) return log;
  return server_error("Cannot write " + layout.log.string() + ": " + std::strerror(errno));
}

// The following run as the server's user: see as_user(). They return 0 or the error number.
int write_all(int file, char const* text, std::size_t size) {
  while (size > 0) {
    auto const count = ::write(file, text, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? errno : ENOSPC;
    text += count;
    size -= static_cast<std::size_t>(count);
  }
  return 0;
}

int append(char const* path, std::string_view text) {
  int const file = ::open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return errno;
  int const failed = write_all(file, text.data(), text.size());
  int const closed = ::close(file) == 0 ? 0 : errno;
  return failed != 0 ? failed : closed;
}

// Copies one file over the other, and empties it.
int move_content(char const* from, char const* to) {
  int const source = ::open(from, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
  if (source < 0) return errno;
  int const target = ::open(to, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  int failed = target < 0 ? errno : 0;
  char buffer[16 * 1024];
  while (failed == 0) {
    auto const count = ::read(source, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) failed = errno;
    if (count <= 0) break;
    failed = write_all(target, buffer, static_cast<std::size_t>(count));
  }
  if (failed == 0 && ::ftruncate(source, 0) != 0) failed = errno;
  if (target >= 0) ::close(target);
  ::close(source);
  return failed;
}

// Calls pidfd_open by number, since glibc 2.36 declares it without extern "C".
int open_process(pid_t id) {
  return static_cast<int>(::syscall(SYS_pidfd_open, id, 0));
}

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answered = std::unique_ptr<PGresult, decltype(&PQclear)>;

Result<bool> has_database(PGconn* connection) {
  Answered const answer(
      PQexec(connection, "SELECT 1 FROM pg_catalog.pg_database WHERE datname = 'affsync'"),
      &PQclear);
  if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) {
    return server_error(std::string("Cannot read pg_database: ") + PQerrorMessage(connection));
  }
  return PQntuples(answer.get()) == 1;
}

}  // namespace

Result<void> make_cluster(Layout const& layout, ServerUser const& user,
                          ServerPrograms const& programs, bool durable,
                          std::chrono::milliseconds limit) {
  std::error_code error;
  if (fs::exists(layout.data / "PG_VERSION", error)) return {};
  if (fs::exists(layout.data, error) && !fs::is_empty(layout.data, error)) {
    return server_error(layout.data.string() + " exists but is not a PostgreSQL cluster",
                        "Move it away, or set another database.state_dir.");
  }
  auto const unfinished = layout.home / "data.unfinished";
  fs::remove_all(unfinished, error);

  Command command;
  command.user = user;
  command.ends_with_thread = true;
  command.arguments = {programs.initdb.string(),       "--pgdata=" + unfinished.string(),
                       "--username=affsync",           "--encoding=UTF8",
                       "--locale=" + cluster_locale(), "--auth-local=trust",
                       "--auth-host=reject",           "--data-checksums"};
  if (!durable) command.arguments.push_back("--no-sync");
  auto const outcome = run(command, limit);
  if (!outcome) return outcome.error();
  if (!outcome->success()) {
    return server_error("initdb could not create a cluster in " + layout.home.string() +
                        (outcome->finished ? ":\n" + outcome->output : ": it took too long"));
  }
  auto const settings = (unfinished / "postgresql.conf").string();
  auto const failed =
      as_user(user, [&settings] { return append(settings.c_str(), initial_settings); });
  if (!failed) return failed.error();
  if (*failed != 0) {
    return server_error("Cannot write " + settings + ": " + std::strerror(*failed));
  }
  fs::rename(unfinished, layout.data, error);
  if (error) return server_error("Cannot rename " + unfinished.string() + ": " + error.message());
  return {};
}

std::string connection_string(Layout const& layout, std::string const& database) {
  return "host=" + schema::conninfo_value(layout.socket.string()) +
         " port=5432 dbname=" + schema::conninfo_value(database) + " user=affsync";
}

Answer ask_server(Layout const& layout) {
  auto const target = connection_string(layout, "postgres") + " connect_timeout=2";
  switch (PQping(target.c_str())) {
    case PQPING_OK:
      return Answer::yes;
    case PQPING_REJECT:
      return Answer::not_yet;
    default:
      return Answer::none;
  }
}

Result<void> make_database(Layout const& layout) {
  auto const target = connection_string(layout, "postgres") +
                      " connect_timeout=5 options='-c statement_timeout=30s'";
  Connection const connection(PQconnectdb(target.c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return server_error(std::string("Cannot connect to the embedded PostgreSQL: ") +
                        PQerrorMessage(connection.get()));
  }
  auto found = has_database(connection.get());
  if (!found) return found.error();
  if (*found) return {};
  Answered const made(PQexec(connection.get(), "CREATE DATABASE affsync TEMPLATE template0"),
                      &PQclear);
  if (PQresultStatus(made.get()) == PGRES_COMMAND_OK) return {};
  auto const reason = std::string(PQerrorMessage(connection.get()));
  found = has_database(connection.get());  // another process may have been faster
  if (found && *found) return {};
  return server_error("Cannot create the database affsync: " + reason);
}

Server::Server(Layout layout, pid_t id, std::uintmax_t log_offset)
    : layout_(std::move(layout)), id_(id), log_offset_(log_offset), exited_(open_process(id)) {}

Result<Server> Server::launch(Layout const& layout, ServerUser const& user,
                              ServerPrograms const& programs, bool durable,
                              std::vector<std::string> const& settings) {
  auto log = open_log(layout, user);
  if (!log) return log.error();
  std::error_code ignored;
  auto const offset = fs::file_size(layout.log, ignored);

  Command command;
  command.user = user;
  command.output = log->get();
  command.ends_with_thread = true;
  command.arguments = {programs.postgres.string(), "-D", layout.data.string(), "-p", "5432"};
  std::vector<std::string> all{
      "listen_addresses=", "unix_socket_directories=" + list_entry(layout.socket.string()),
      "cluster_name=affsync"};
  if (!durable) {
    all.insert(all.end(), {"fsync=off", "synchronous_commit=off", "full_page_writes=off"});
  }
  all.insert(all.end(), settings.begin(), settings.end());
  for (auto const& setting : all) {
    command.arguments.push_back("-c");
    command.arguments.push_back(setting);
  }
  auto const id = spawn(command);
  if (!id) return id.error();
  return Server(layout, *id, ignored ? 0 : offset);
}

void Server::bound_log(Layout const& layout, ServerUser const& user, std::uintmax_t limit) {
  std::error_code error;
  auto const size = fs::file_size(layout.log, error);
  if (error || size <= limit) return;
  // The server has the file open for appending and cannot be given another one, so copy and
  // truncate it.
  auto const log = layout.log.string();
  auto const kept = log + ".1";
  // If it fails, it is tried again at the next look.
  (void)as_user(user, [&log, &kept] { return move_content(log.c_str(), kept.c_str()); });
}

bool Server::alive() {
  if (id_ <= 0) return false;
  int status = 0;
  if (::waitpid(id_, &status, WNOHANG) == 0) return true;
  id_ = -1;
  return false;
}

bool Server::wait_exit(std::chrono::milliseconds limit) {
  auto const deadline = std::chrono::steady_clock::now() + limit;
  while (alive()) {
    auto const left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    // Without the descriptor, poll in short steps.
    auto const longest = exited_.valid() ? left : std::min(left, std::chrono::milliseconds{20});
    pollfd wait{exited_.get(), POLLIN, 0};
    ::poll(&wait, 1, static_cast<int>(longest.count()));
  }
  return true;
}

void Server::stop(std::chrono::milliseconds limit) {
  if (!alive()) return;
  ::kill(id_, SIGINT);
  if (wait_exit(limit)) return;
  ::kill(id_, SIGQUIT);
  if (wait_exit(immediate_limit)) return;
  ::kill(id_, SIGKILL);
  if (id_ > 0) ::waitpid(id_, nullptr, 0);
  id_ = -1;
}

std::string Server::last_words() const {
  return log_tail(layout_, log_offset_, last_lines);
}

}  // namespace affsync::embedded
