#include "daemon/embedded/server_user.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

namespace affsync::embedded {

namespace {

constexpr std::size_t entry_size = 16 * 1024;
constexpr int group_limit = 256;

ServerUser from_entry(passwd const& entry) {
  ServerUser user;
  user.uid = entry.pw_uid;
  user.gid = entry.pw_gid;
  user.name = entry.pw_name;
  user.home = entry.pw_dir;
  user.other = entry.pw_uid != ::geteuid();
  int count = group_limit;
  user.groups.resize(group_limit);
  if (::getgrouplist(entry.pw_name, entry.pw_gid, user.groups.data(), &count) < 0) {
    count = 1;
    user.groups.front() = entry.pw_gid;
  }
  user.groups.resize(static_cast<std::size_t>(count));
  return user;
}

std::optional<ServerUser> user_by_id(uid_t uid) {
  std::vector<char> buffer(entry_size);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return std::nullopt;
  return from_entry(entry);
}

std::optional<ServerUser> user_by_name(char const* name) {
  std::vector<char> buffer(entry_size);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) return std::nullopt;
  return from_entry(entry);
}

std::string name_of(uid_t uid) {
  auto const user = user_by_id(uid);
  return user ? user->name : "number " + std::to_string(uid);
}

// Returns the owner of the nearest part of the path that exists and is not root's; nullopt if there
// is none, or if nobody has that number. A directory of a service's user is no place for another's
// data.
std::optional<ServerUser> owner_of_place(std::filesystem::path place) {
  for (;;) {
    struct stat found = {};
    if (::stat(place.c_str(), &found) == 0 && found.st_uid != 0) return user_by_id(found.st_uid);
    if (!place.has_relative_path()) return std::nullopt;
    place = place.parent_path();
  }
}

Error no_user(uid_t uid) {
  return Error(ErrorCode::database_unavailable,
               "PostgreSQL needs a user with a name, but user " + std::to_string(uid) + " has none",
               "Add the user to /etc/passwd, or run affsync as another user.");
}

}  // namespace

Result<ServerUser> find_server_user(std::filesystem::path const& data_directory) {
  struct stat data = {};
  bool const exists = ::stat(data_directory.c_str(), &data) == 0;
  uid_t const self = ::geteuid();
  if (self == 0) {
    if (exists && data.st_uid != 0) {
      auto owner = user_by_id(data.st_uid);
      if (!owner) return no_user(data.st_uid);
      return *owner;
    }
    auto owner = owner_of_place(data_directory);
    if (owner) return *owner;
    auto postgres = user_by_name("postgres");
    if (postgres) return *postgres;
    return Error(ErrorCode::database_unavailable,
                 "PostgreSQL refuses to run as root, and there is no user `postgres`",
                 "Install the package postgresql, which creates that user (apt install "
                 "postgresql), or run affsync as another user.");
  }
  if (exists && data.st_uid != self) {
    auto const owner = name_of(data.st_uid);
    return Error(ErrorCode::database_unavailable,
                 "The cluster in " + data_directory.string() + " belongs to the user " + owner,
                 "Run affsync as " + owner + ", or set another database.state_dir.");
  }
  auto user = user_by_id(self);
  if (!user) return no_user(self);
  return *user;
}

}  // namespace affsync::embedded
