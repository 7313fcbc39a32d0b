#include "daemon/sync/inbox.hpp"

#include <fcntl.h>
#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "schema/store/crash_point.hpp"

namespace affsync::sync {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t most_bytes = std::uintmax_t{256} * 1024 * 1024;

std::string reason_of(std::error_code const& error) {
  return error.message();
}

// Returns true if a process has the file open for writing. Only the file's owner may ask; for
// others it is unknown and counts as no.
bool is_being_written(fs::path const& path) {
  int const file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  bool const is_open = fcntl(file, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
  close(file);  // gives up the lease
  return is_open;
}

// Files that programs write under another name until they are whole.
bool is_temporary(std::string const& name) {
  return name.starts_with('.') || name.starts_with("~$") || name.ends_with(".part") ||
         name.ends_with(".tmp") || name.ends_with(".crdownload") || name.ends_with("~");
}

fs::path free_place(fs::path const& folder, fs::path const& name) {
  auto place = folder / name;
  for (int number = 2; fs::exists(place) || fs::exists(place.string() + ".txt"); ++number) {
    place =
        folder / (name.stem().string() + "-" + std::to_string(number) + name.extension().string());
  }
  return place;
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

InboxFiles list_inbox(fs::path const& folder, std::string const& pattern, fs::file_time_type now) {
  std::error_code error;
  fs::directory_iterator entries(folder, error);
  if (error) {
    throw Failure(ErrorCode::bad_request,
                  "the folder " + folder.string() + " cannot be read: " + reason_of(error),
                  "Create it, and let the user that affsync runs as read and write in it. The "
                  "service of systemd does not see /home, /root, /tmp and /var/tmp.");
  }
  InboxFiles files;
  for (auto const& entry : entries) {
    auto const name = entry.path().filename().string();
    if (is_temporary(name) || fnmatch(pattern.c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
    // A link could lead to a file that whoever writes here may not read.
    if (!fs::is_regular_file(entry.symlink_status(error)) || error) continue;
    InboxFile file;
    file.path = entry.path();
    file.size = entry.file_size(error);
    if (!error) file.changed_at = entry.last_write_time(error);
    if (error) continue;  // it was just moved away
    // A time ahead of our clock says nothing about when the file was written.
    bool const is_fresh = file.changed_at <= now && now - file.changed_at < settling_time;
    bool const is_whole = !is_fresh && !is_being_written(file.path);
    (is_whole ? files.whole : files.unsettled).push_back(std::move(file));
  }
  std::ranges::sort(files.whole, [](InboxFile const& left, InboxFile const& right) {
    if (left.changed_at != right.changed_at) return left.changed_at < right.changed_at;
    return left.path < right.path;
  });
  return files;
}

Result<std::string> read_whole_file(fs::path const& path) {
  std::error_code error;
  auto const size = fs::file_size(path, error);
  if (error) {
    bool const is_missing = error == std::errc::no_such_file_or_directory;
    return Error(is_missing ? ErrorCode::not_found : ErrorCode::bad_request,
                 "the file cannot be read: " + reason_of(error));
  }
  if (size > most_bytes) {
    return Error(ErrorCode::answer_too_large, "the file has more than 256 MiB",
                 "Export it in parts, such as one for each month.");
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (file.read(bytes.data(), static_cast<std::streamsize>(size))) return bytes;
  return Error(ErrorCode::bad_request,
               "the file cannot be read: " + std::string(std::strerror(errno)));
}

fs::path move_read_file(fs::path const& path, std::string const& subfolder,
                        std::string const& note) {
  auto const folder = path.parent_path() / subfolder;
  std::error_code error;
  fs::create_directories(folder, error);
  auto const fail = [&](std::string const& what) {
    // So says the sandbox of the unit, whoever may write there.
    bool const is_confined = error == std::errc::read_only_file_system;
    auto const inbox = path.parent_path().string();
    return Failure(ErrorCode::output_failed, path.string() + " was read, but " + what,
                   "It will be read again, which changes nothing. " +
                       (is_confined ? "The service may not write there: systemctl edit affsync, "
                                      "add [Service] and ReadWritePaths=" +
                                          inbox + ", restart."
                                    : "Let the user that affsync runs as write in " + inbox + "."));
  };
  if (error) throw fail(folder.string() + " cannot be made: " + reason_of(error));
  auto const place = free_place(folder, path.filename());
  // The text comes first: whoever finds the file finds its reason too.
  if (!note.empty()) {
    std::ofstream text(place.string() + ".txt");
    text << note << '\n';
    if (!text.flush()) throw fail(place.string() + ".txt cannot be written");
  }
  fs::rename(path, place, error);
  if (error) throw fail("it cannot be moved to " + folder.string() + ": " + reason_of(error));
  crash_point(CrashPoint::file_moved);
  return place;
}

}  // namespace affsync::sync
