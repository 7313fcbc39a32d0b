#include "daemon/sync/inbox.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "base/crash_point.hpp"
#include "base/utf8.hpp"
#include "daemon/embedded/file_descriptor.hpp"
#include "daemon/sync/folder_files.hpp"

namespace affsync::sync {
namespace {

namespace fs = std::filesystem;

using embedded::FileDescriptor;

constexpr std::uint64_t most_bytes = std::uint64_t{256} * 1024 * 1024;

std::string reason_of(std::error_code const& error) {
  return error.message();
}
std::string reason_of(int error) {
  return std::strerror(error);
}

std::chrono::system_clock::time_point time_of(timespec const& time) {
  return std::chrono::system_clock::time_point(std::chrono::seconds(time.tv_sec) +
                                               std::chrono::nanoseconds(time.tv_nsec));
}

FileState state_of(struct stat const& found) {
  FileState state;
  state.device = found.st_dev;
  state.inode = found.st_ino;
  state.size = static_cast<std::uint64_t>(found.st_size);
  state.modified_at = time_of(found.st_mtim);
  state.changed_at = time_of(found.st_ctim);
  return state;
}

// nullopt if there is no such file, or something else has its name, such as a link.
std::optional<FileState> state_of(int folder, std::string const& name) {
  struct stat found = {};
  if (::fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (!S_ISREG(found.st_mode)) return std::nullopt;
  return state_of(found);
}

// Returns true if a process has the file open for writing. Only the file's owner may ask; for
// others it is unknown and counts as no. Whoever opens the file meanwhile waits until the lease is
// given back, and makes the kernel send SIGIO, which the program ignores.
bool is_being_written(int file) {
  // On a share of another machine the same answer says that this machine has no word from there who
  // has it open.
  constexpr unsigned shares[] = {0x6969 /* NFS */, 0x517B, 0xFF534D42, 0xFE534D42 /* SMB */};
  struct statfs system = {};
  bool const is_share =
      ::fstatfs(file, &system) == 0 &&
      std::ranges::find(shares, static_cast<unsigned>(system.f_type)) != std::ranges::end(shares);
  if (is_share) return false;
  bool const is_open = ::fcntl(file, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
  ::fcntl(file, F_SETLEASE, F_UNLCK);
  return is_open;
}
bool is_being_written(int folder, std::string const& name) {
  FileDescriptor const file(
      ::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  return file.valid() && is_being_written(file.get());
}

// Links count too, wherever they lead.
bool is_taken(int folder, std::string const& name) {
  struct stat found = {};
  return ::fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0;
}

std::string free_name(int folder, fs::path const& name) {
  auto const numbered = [&](int number) {
    return name.stem().string() + "-" + std::to_string(number) + name.extension().string();
  };
  auto const has = [&](std::string const& one) {
    return is_taken(folder, one) || is_taken(folder, one + ".txt");
  };
  if (!has(name.string())) return name.string();
  return numbered(free_number([&](int number) { return has(numbered(number)); }));
}

// Writes a new file. Returns 0 or what errno was.
int write_new(int folder, std::string const& name, std::string_view text) {
  constexpr mode_t mode = 0666;
  FileDescriptor const file(
      ::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file.valid()) return errno;
  while (!text.empty()) {
    auto const count = ::write(file.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      int const error = errno;
      ::unlinkat(folder, name.c_str(), 0);
      return error;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

// Renames unless the new name is taken. Returns 0 or what errno was.
int rename_file(int from, std::string const& old_name, int to, std::string const& new_name) {
  if (::renameat2(from, old_name.c_str(), to, new_name.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // The file system does not know the flag.
  if (is_taken(to, new_name)) return EEXIST;
  return ::renameat(from, old_name.c_str(), to, new_name.c_str()) == 0 ? 0 : errno;
}

// For a file that was moved, which on some file systems changes all the rest.
bool has_content_of(std::optional<FileState> const& found, FileState const& state) {
  return found && found->size == state.size && found->modified_at == state.modified_at;
}

// nullopt if the file changes meanwhile.
Result<std::optional<std::string>> read_open_file(int file, FileState const& state) {
  if (state.size > most_bytes) {
    return Error(ErrorCode::answer_too_large, "the file has more than 256 MiB",
                 "Export it in parts, such as one for each month.");
  }
  std::string bytes(static_cast<std::size_t>(state.size), '\0');
  for (std::size_t have = 0; have < bytes.size();) {
    auto const count = ::read(file, bytes.data() + have, bytes.size() - have);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return Error(ErrorCode::bad_request, "the file cannot be read: " + reason_of(errno));
    }
    if (count == 0) return std::optional<std::string>();  // it was cut
    have += static_cast<std::size_t>(count);
  }
  struct stat after = {};
  if (::fstat(file, &after) != 0 || state_of(after) != state) return std::optional<std::string>();
  return std::optional(std::move(bytes));
}

}  // namespace

std::optional<fs::path> folder_of(std::string_view base_url) {
  constexpr std::string_view scheme = "file://";
  if (!base_url.starts_with(scheme)) return std::nullopt;
  base_url.remove_prefix(scheme.size());
  return fs::path(base_url.empty() ? "/" : base_url);
}

std::string pattern_of(std::string_view request_path) {
  while (request_path.starts_with('/')) request_path.remove_prefix(1);
  return std::string(request_path);
}

std::optional<Error> refusal_of_name(fs::path const& path) {
  auto const name = path.filename().string();
  auto const shown = printable_utf8(name);
  if (shown == name) return std::nullopt;
  Error error(ErrorCode::bad_request,
              "the file " + shown +
                  " was not read: its name is not UTF-8 (it may come out of an "
                  "archive of another system)",
              "Rename it, such as with `mv`; its content does not matter here.");
  error.at(printable_utf8(path.string()));
  return error;
}

std::optional<FileState> state_of_folder(fs::path const& folder) {
  struct stat found = {};
  if (::lstat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) return std::nullopt;
  return state_of(found);
}

int free_number(std::function<bool(int)> const& is_taken) {
  int taken = 1, free = 2;
  while (is_taken(free)) {
    taken = free;
    free *= 2;
  }
  while (free - taken > 1) {
    int const middle = taken + (free - taken) / 2;
    (is_taken(middle) ? taken : free) = middle;
  }
  return free;
}

InboxFiles list_inbox(fs::path const& folder, std::string const& pattern,
                      std::chrono::system_clock::time_point now) {
  std::error_code error;
  InboxFiles files;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    auto const name = entry->path().filename().string();
    if (is_temporary(name) || !fits(name, pattern) || is_text_of_another(folder, name)) continue;
    // A link could lead to a file that whoever writes here may not read.
    auto const state = state_of(AT_FDCWD, entry->path().string());
    if (!state) continue;
    InboxFile file;
    file.path = entry->path();
    file.state = *state;
    // A time ahead of our clock says nothing about when the file was written.
    bool const is_fresh = state->modified_at <= now && now - state->modified_at < settling_time;
    bool const is_whole = !is_fresh && !is_being_written(AT_FDCWD, file.path.string());
    (is_whole ? files.whole : files.unsettled).push_back(std::move(file));
  }
  // Also in the middle of the listing: a part of it is not what is there.
  if (error) {
    throw Failure(ErrorCode::bad_request,
                  "the folder " + folder.string() + " cannot be read: " + reason_of(error),
                  "Create it, and let the user that affsync runs as read and write in it. The "
                  "service of systemd does not see /home, /root, /tmp and /var/tmp.");
  }
  std::ranges::sort(files.whole, [](InboxFile const& left, InboxFile const& right) {
    if (left.state.modified_at != right.state.modified_at) {
      return left.state.modified_at < right.state.modified_at;
    }
    return left.path < right.path;
  });
  return files;
}

Result<std::string> read_whole_file(fs::path const& path) {
  FileDescriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat found = {};
  if (!file.valid() || ::fstat(file.get(), &found) != 0) {
    bool const is_missing = errno == ENOENT;
    return Error(is_missing ? ErrorCode::not_found : ErrorCode::bad_request,
                 "the file cannot be read: " + reason_of(errno));
  }
  if (!S_ISREG(found.st_mode)) {
    return Error(ErrorCode::bad_request, "the file cannot be read: " +
                                             reason_of(S_ISDIR(found.st_mode) ? EISDIR : ENOTSUP));
  }
  auto bytes = read_open_file(file.get(), state_of(found));
  if (!bytes) return bytes.error();
  if (*bytes) return std::move(**bytes);
  return Error(ErrorCode::bad_request, "the file was changed while it was read",
               "Read it again once it is whole.");
}

Result<std::optional<std::string>> read_inbox_file(InboxFile const& listed) {
  auto const path = listed.path.string();
  FileDescriptor const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!file.valid()) {
    int const error = errno;
    if (state_of(AT_FDCWD, path) != listed.state) return std::optional<std::string>();
    return Error(ErrorCode::bad_request, "the file cannot be read: " + reason_of(error));
  }
  struct stat found = {};
  bool const is_listed = ::fstat(file.get(), &found) == 0 && state_of(found) == listed.state;
  if (!is_listed || is_being_written(file.get())) return std::optional<std::string>();
  return read_open_file(file.get(), listed.state);
}

std::optional<fs::path> move_read_file(InboxFile const& read, std::string const& subfolder,
                                       std::string const& note) {
  auto const path = read.path.string();
  auto const inbox = read.path.parent_path();
  auto const folder = inbox / subfolder;
  auto const fail = [&](int error, std::string const& what) {
    // So says the sandbox of the unit, whoever may write there.
    bool const is_confined = error == EROFS;
    return Failure(
        ErrorCode::output_failed, path + " was read, but " + what + ": " + reason_of(error),
        "It will be read again, which changes nothing. " +
            (is_confined ? "The service may not write there: systemctl edit affsync, "
                           "add [Service] and ReadWritePaths=" +
                               inbox.string() + ", restart."
                         : "Let the user that affsync runs as write in " + inbox.string() + "."));
  };
  auto const is_as_read = [&](int in, std::string const& name) {
    return !is_being_written(in, name) && has_content_of(state_of(in, name), read.state);
  };
  if (is_being_written(AT_FDCWD, path) || state_of(AT_FDCWD, path) != read.state) {
    return std::nullopt;
  }
  constexpr mode_t mode = 0777;
  if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
    throw fail(errno, folder.string() + " cannot be made");
  }
  // Others may write in the inbox, so a link could lead to where only this user may write.
  FileDescriptor const to(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!to.valid() && (errno == ENOTDIR || errno == ELOOP)) {
    throw Failure(
        ErrorCode::output_failed,
        path + " was read, but " + folder.string() + " is no folder, and a link is not followed",
        "Make it a folder. The file will be read again, which changes nothing.");
  }
  if (!to.valid()) throw fail(errno, folder.string() + " cannot be opened");
  auto const name = free_name(to.get(), read.path.filename());
  auto const text = name + ".txt";
  // The text comes first: whoever finds the file finds its reason too.
  if (!note.empty()) {
    int const error = write_new(to.get(), text, note + '\n');
    if (error != 0) throw fail(error, (folder / text).string() + " cannot be written");
  }
  int const error = rename_file(AT_FDCWD, path, to.get(), name);
  if (error == 0 && is_as_read(to.get(), name)) {
    crash_point(CrashPoint::file_moved);
    return folder / name;
  }
  if (!note.empty()) ::unlinkat(to.get(), text.c_str(), 0);
  if (error == ENOENT) return std::nullopt;  // it was just taken away
  if (error != 0) throw fail(error, "it cannot be moved to " + folder.string());
  // Another file got its name in the last moment, or somebody has begun to write in it.
  int const back = rename_file(to.get(), name, AT_FDCWD, path);
  if (back == 0) return std::nullopt;
  throw Failure(ErrorCode::output_failed,
                (folder / name).string() + " was not read: it came in the place of " + path +
                    " while that was moved, and cannot be moved back: " + reason_of(back),
                "Move it into " + inbox.string() + ".");
}

}  // namespace affsync::sync
