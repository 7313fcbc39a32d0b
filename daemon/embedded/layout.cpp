#include "daemon/embedded/layout.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <functional>

#include "daemon/embedded/process.hpp"

namespace affsync::embedded {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t socket_path_limit = sizeof(sockaddr_un::sun_path) - 1;
constexpr char const* socket_name = "/.s.PGSQL.5432";

Error directory_error(fs::path const& directory, std::string const& reason, std::string hint) {
  return Error(ErrorCode::database_unavailable,
               "Cannot use the directory " + directory.string() + ": " + reason, std::move(hint));
}

// Returns whether the path of the socket is short enough and has no comma, which libpq would read
// as a list of hosts.
bool fits_socket(fs::path const& directory) {
  auto const text = directory.string();
  return text.size() + std::strlen(socket_name) <= socket_path_limit &&
         text.find(',') == std::string::npos;
}

// FNV-1a, since the hash must be the same in every process and build, unlike std::hash.
std::string short_hash(std::string_view text) {
  std::uint64_t value = 14695981039346656037ULL;
  for (unsigned char const byte : text) value = (value ^ byte) * 1099511628211ULL;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(value));
  return digits;
}

fs::path short_socket_directory(fs::path const& home) {
  auto const name = "affsync-" + std::to_string(::geteuid()) + "-" + short_hash(home.string());
  char const* const runtime = std::getenv("XDG_RUNTIME_DIR");
  // The server's user cannot enter root's runtime directory.
  if (runtime != nullptr && runtime[0] == '/' && ::geteuid() != 0) {
    fs::path directory = fs::path(runtime) / name;
    if (fits_socket(directory) && ::access(runtime, W_OK | X_OK) == 0) return directory;
  }
  return fs::path("/tmp") / name;
}

// What to do about a directory that is there and is not the user's alone. Nobody may be told to
// remove one that holds a cluster, or may hold one: it is the whole database.
std::string advice_for_owner(fs::path const& directory, ServerUser const& user) {
  std::error_code error;
  bool const holds_cluster = fs::exists(directory / "data" / "PG_VERSION", error);
  if (!holds_cluster && !error) return "Remove it, or fix it with chown and chmod.";
  auto const name = directory.string();
  return (holds_cluster ? "It holds the database: do not remove it. "
                        : "It may hold the database: do not remove it. ") +
         ("Run affsync as the user that owns it, or give it to " + user.name + ": chown -R " +
          user.name + " " + name + " && chmod 0700 " + name);
}

// What to do if the file system does not let a file be written.
std::string advice_for(int cause) {
  if (cause == EROFS) {
    return "The file system is mounted read-only: remount it for writing (after an error of the "
           "disk,"
           " see dmesg), or set another database.state_dir.";
  }
  if (cause == ENOSPC || cause == EDQUOT) {
    return "Free some space on its disk, or set another database.state_dir.";
  }
  if (cause == EMFILE || cause == ENFILE) return "Allow more open files (ulimit -n).";
  return "Run affsync as the user that owns it, or set another database.state_dir.";
}

// Creates a directory that only `user` may enter. Checks the owner and mode of an existing one,
// since in /tmp another user could have created it first.
Result<void> own_directory(fs::path const& directory, ServerUser const& user) {
  if (::mkdir(directory.c_str(), 0700) == 0) {
    if (user.other && ::lchown(directory.c_str(), user.uid, user.gid) != 0) {
      return directory_error(directory, std::strerror(errno), {});
    }
    return {};
  }
  if (errno != EEXIST) {
    return directory_error(directory, std::strerror(errno),
                           "Set database.state_dir to a directory that affsync can write to.");
  }
  struct stat found = {};
  if (::lstat(directory.c_str(), &found) != 0) {
    return directory_error(directory, std::strerror(errno), {});
  }
  if (!S_ISDIR(found.st_mode)) return directory_error(directory, "it is not a directory", {});
  if (user.other && found.st_uid == 0) {
    // A process created it and ended before it could change the owner.
    if (::lchown(directory.c_str(), user.uid, user.gid) == 0) found.st_uid = user.uid;
  }
  if (found.st_uid != user.uid || (found.st_mode & 077) != 0) {
    return directory_error(directory, "it must belong to the user " + user.name + " with mode 0700",
                           advice_for_owner(directory, user));
  }
  return {};
}

}  // namespace

Result<Layout> describe_layout(fs::path const& state_dir) {
  std::error_code error;
  Layout layout;
  layout.state = fs::weakly_canonical(fs::absolute(state_dir, error), error);
  if (error) return directory_error(state_dir, error.message(), {});
  layout.home = layout.state / "postgresql";
  layout.data = layout.home / "data";
  layout.log = layout.home / "server.log";
  layout.lock = layout.state / "lock";
  layout.socket = fits_socket(layout.home) ? layout.home : short_socket_directory(layout.home);
  return layout;
}

namespace {

// Returns `state` itself, or its nearest parent that exists.
fs::path existing_part(fs::path existing) {
  std::error_code error;
  while (!fs::exists(existing, error) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  return existing;
}

// Checks that the server's user can enter `existing`.
Result<void> check_way(Layout const& layout, fs::path const& existing, ServerUser const& user) {
  if (!user.other) return {};
  auto const closed = first_closed_directory(user, existing);
  if (!closed) return closed.error();
  if (!*closed) return {};
  auto const directory = (*closed)->string();
  return directory_error(layout.state,
                         "PostgreSQL cannot run as root and runs as the user " + user.name +
                             ", who may not enter " + directory,
                         "Set database.state_dir to a directory such as /var/lib/affsync, or allow "
                         "it with: chmod o+x " +
                             directory);
}

}  // namespace

Result<void> check_state_directory(Layout const& layout, ServerUser const& user) {
  auto const existing = existing_part(layout.state);
  auto const way = check_way(layout, existing, user);
  if (!way) return way;
  std::error_code error;
  constexpr auto hint = "Set database.state_dir to a directory that affsync can write to.";
  if (!fs::is_directory(existing, error)) {
    return directory_error(layout.state, existing.string() + " is not a directory", hint);
  }
  struct stat found = {};
  bool const has_home = ::lstat(layout.home.c_str(), &found) == 0;
  if (!has_home || existing != layout.state) {
    if (::access(existing.c_str(), W_OK | X_OK) == 0) return {};
    std::string const reason = std::strerror(errno);
    return directory_error(layout.state, existing.string() + ": " + reason, hint);
  }
  bool const left_by_root = user.other && found.st_uid == 0;
  if (!S_ISDIR(found.st_mode) || (found.st_uid != user.uid && !left_by_root) ||
      (found.st_mode & 077) != 0) {
    return directory_error(layout.home,
                           "it must be a directory of the user " + user.name + " with mode 0700",
                           advice_for_owner(layout.home, user));
  }
  return {};
}

bool has_cluster(Layout const& layout) {
  std::error_code error;
  bool const exists = std::filesystem::exists(layout.data / "PG_VERSION", error);
  return exists || error;
}

Result<void> make_state_directory(Layout const& layout, ServerUser const& user) {
  std::error_code error;
  auto const existing = existing_part(layout.state);
  auto const way = check_way(layout, existing, user);
  if (!way) return way;
  if (existing == layout.state) return {};
  fs::create_directories(layout.state, error);
  if (error) {
    return directory_error(layout.state, error.message(),
                           "Set database.state_dir to a directory that affsync can write to.");
  }
  if (!user.other) return {};
  // The server's user must be able to enter the new directories, whatever the umask.
  struct stat above = {};
  bool const in_its_own = ::stat(existing.c_str(), &above) == 0 && above.st_uid == user.uid;
  for (auto made = layout.state; made != existing; made = made.parent_path()) {
    ::chmod(made.c_str(), 0755);
    if (in_its_own && ::lchown(made.c_str(), user.uid, user.gid) != 0) {
      return directory_error(made, std::strerror(errno), {});
    }
  }
  return {};
}

Result<FileDescriptor> open_lock(Layout const& layout) {
  FileDescriptor lock(::open(layout.lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  int cause = errno;
  struct stat state = {};
  struct stat file = {};
  // Root's own file in another user's directory, also of an earlier version. A second name of it
  // would be one that this user made of another file of root's.
  bool const is_roots = lock.valid() && ::geteuid() == 0 &&
                        ::stat(layout.state.c_str(), &state) == 0 &&
                        ::fstat(lock.get(), &file) == 0 && file.st_uid == 0 && file.st_nlink == 1;
  if (lock.valid() && is_roots && ::fchown(lock.get(), state.st_uid, state.st_gid) != 0) {
    cause = errno;
    lock = FileDescriptor();
  }
  if (lock.valid()) return lock;
  return Error(ErrorCode::database_unavailable,
               "Cannot open " + layout.lock.string() + ": " + std::strerror(cause),
               advice_for(cause));
}

Result<void> make_server_directories(Layout const& layout, ServerUser const& user) {
  auto home = own_directory(layout.home, user);
  if (!home) return home;
  return layout.socket == layout.home ? home : own_directory(layout.socket, user);
}

namespace {

// Returns the process id in a lock file; nullopt if there is none.
std::optional<int> named_process(fs::path const& lock_file) {
  std::ifstream file(lock_file);
  int id = 0;
  if (!(file >> id) || id <= 1) return std::nullopt;
  return id;
}

bool is_alive(int id) {
  return ::kill(id, 0) == 0 || errno == EPERM;
}

// Returns whether the process has the cluster's directory as its working directory, like a server
// and all its children. After a reboot another program may have the same process id.
bool works_on(int id, Layout const& layout) {
  auto const process = "/proc/" + std::to_string(id);
  std::error_code error;
  auto const directory = fs::read_symlink(process + "/cwd", error);
  if (!error) return directory == layout.data;
  if (error == std::errc::no_such_file_or_directory || !is_alive(id)) return false;
  // If we may not read the process's directory: it is no server of this cluster if it belongs to
  // another user than the cluster.
  struct stat owner = {};
  struct stat data = {};
  bool const known =
      ::stat(process.c_str(), &owner) == 0 && ::stat(layout.data.c_str(), &data) == 0;
  return !known || owner.st_uid == data.st_uid;
}

bool is_worked_on(Layout const& layout) {
  std::error_code error;
  fs::directory_iterator entry("/proc", error);
  while (!error && entry != fs::directory_iterator()) {
    auto const name = entry->path().filename().string();
    bool const is_process = name.find_first_not_of("0123456789") == std::string::npos;
    std::error_code hidden;
    if (is_process && fs::read_symlink(entry->path() / "cwd", hidden) == layout.data) return true;
    entry.increment(error);
  }
  return static_cast<bool>(error);  // if unknown, assume a server, so that nothing is removed
}

// Returns whether a lock file keeps a server from starting. A server replaces a file whose process
// no longer exists.
bool hinders(fs::path const& lock_file) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(lock_file, error))) return false;
  auto const id = named_process(lock_file);
  return !id || is_alive(*id);
}

}  // namespace

std::optional<int> running_server(Layout const& layout) {
  auto const id = named_process(layout.data / "postmaster.pid");
  return id && works_on(*id, layout) ? id : std::nullopt;
}

void remove_stale_locks(Layout const& layout) {
  auto const socket = layout.socket.string() + socket_name;
  fs::path const files[] = {layout.data / "postmaster.pid", socket + ".lock"};
  if (!hinders(files[0]) && !hinders(files[1])) return;
  if (is_worked_on(layout)) return;
  for (auto const& file : files) {
    std::error_code ignored;
    if (hinders(file)) fs::remove(file, ignored);
  }
}

std::string log_tail(Layout const& layout, std::uintmax_t offset, int lines) {
  std::error_code ignored;
  // The log was rotated meanwhile.
  if (fs::file_size(layout.log, ignored) < offset) offset = 0;
  std::ifstream file(layout.log);
  file.seekg(static_cast<std::streamoff>(offset));
  std::deque<std::string> last;
  for (std::string line; std::getline(file, line);) {
    last.push_back(line);
    if (last.size() > static_cast<std::size_t>(lines)) last.pop_front();
  }
  std::string text;
  for (auto const& line : last) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace affsync::embedded
