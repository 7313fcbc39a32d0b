#include "daemon/cli/secret_files.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace affsync::cli {
namespace {

namespace fs = std::filesystem;

bool has_any(fs::path const& path, fs::perms wanted) {
  std::error_code failed;
  auto const status = fs::status(path, failed);
  return !failed && (status.permissions() & wanted) != fs::perms::none;
}

bool is_open_to_all(fs::path const& file) {
  std::error_code failed;
  auto const path = fs::canonical(file, failed);
  if (failed || !has_any(path, fs::perms::others_read | fs::perms::others_write)) return false;
  for (auto folder = path.parent_path();; folder = folder.parent_path()) {
    if (!has_any(folder, fs::perms::others_exec)) return false;
    if (folder == folder.root_path()) return true;
  }
}

// The three bits of the mode that count for that user and group, of which it has no other.
mode_t rights_of(struct stat const& found, uid_t user, gid_t group) {
  if (found.st_uid == user) return (found.st_mode >> 6) & 7;
  return (found.st_gid == group ? found.st_mode >> 3 : found.st_mode) & 7;
}

// The user and group that have to read the configuration's files: those of this process, or of the
// service if root looks at its files.
std::pair<uid_t, gid_t> reader_of(fs::path const& file) {
  passwd const* const service =
      ::geteuid() == 0 && file.string().starts_with("/etc/") ? ::getpwnam("affsync") : nullptr;
  if (service != nullptr) return {service->pw_uid, service->pw_gid};
  return {::geteuid(), ::getegid()};
}

}  // namespace

std::string shell_word(std::string const& text) {
  constexpr auto plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=@%,:";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string word = "'";
  for (char const c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string command_that_closes(std::string const& file) {
  auto const name = shell_word(file);
  std::error_code failed;
  auto const path = fs::canonical(file, failed);
  struct stat found = {};
  if (failed || ::stat(path.c_str(), &found) != 0) return "chmod o= " + name;
  auto const [user, group] = reader_of(path);
  auto without_others = found;
  without_others.st_mode &= ~mode_t(7);
  bool const reads = user == 0 || (rights_of(without_others, user, group) & 4) != 0;
  auto const* const entry = reads ? nullptr : ::getgrgid(group);
  if (entry == nullptr) return "chmod o= " + name;
  return "chgrp " + std::string(entry->gr_name) + " " + name + " && chmod g+r,o= " + name;
}

bool is_for_service(fs::path const& file, uid_t user, gid_t group) {
  std::error_code failed;
  auto const path = fs::canonical(file, failed);
  struct stat found = {};
  if (failed || ::stat(path.c_str(), &found) != 0) return false;
  for (auto const* hidden : {"/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"}) {
    if (path.string().starts_with(hidden)) return false;
  }
  if ((rights_of(found, user, group) & 4) == 0) return false;
  for (auto folder = path.parent_path();; folder = folder.parent_path()) {
    if (::stat(folder.c_str(), &found) != 0 || (rights_of(found, user, group) & 1) == 0) {
      return false;
    }
    if (folder == folder.root_path()) return true;
  }
}

std::vector<std::string> secret_files_open_to_all(config::Config const& config) {
  auto files = config.secret_files;
  if (config.http.tls) files.push_back(config.http.tls->key);
  for (auto const& source : config.sources) {
    if (!source.key_file.empty()) files.push_back(source.key_file);
  }
  std::vector<std::string> open;
  for (auto const& file : files) {
    bool const is_new = std::ranges::find(open, file) == open.end();
    if (is_new && is_open_to_all(file)) open.push_back(file);
  }
  return open;
}

}  // namespace affsync::cli
