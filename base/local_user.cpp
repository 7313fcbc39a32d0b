#include "base/local_user.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

namespace affsync {
namespace {

using Buffer = std::array<char, 16 * 1024>;  // connections are made on several threads

bool exists_here(std::string const& name) {
  Buffer buffer;
  passwd entry{};
  passwd* found = nullptr;
  ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr;
}

std::string name_of(uid_t id) {
  Buffer buffer;
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? found->pw_name : "";
}

std::string name_of_group(gid_t id) {
  Buffer buffer;
  group entry{};
  group* found = nullptr;
  ::getgrgid_r(id, &entry, buffer.data(), buffer.size(), &found);
  return found != nullptr ? found->gr_name : "";
}

}  // namespace

bool LocalUsers::has_other(std::string_view name) const {
  return !name.empty() && name != own && exists != nullptr && exists(std::string(name));
}

LocalUsers local_users() {
  LocalUsers users;
  users.own = name_of(::geteuid());
  users.exists = exists_here;
  return users;
}

std::string as_user(std::string_view name) {
  if (name == "root") return "`sudo affsync …`";
  return "`sudo -u " + std::string(name) + " affsync …`";
}

std::string who_may_read(std::string const& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) != 0) return "Run affsync as a user who may read it.";
  // What the package installs belongs to root and to the group of the service's user.
  auto const of_group =
      (found.st_mode & S_IRGRP) != 0 ? name_of_group(found.st_gid) : std::string();
  auto const reader = local_users().has_other(of_group) ? of_group : name_of(found.st_uid);
  if (reader.empty()) return "Run affsync as a user who may read it.";
  return "Run affsync as " + reader + ", who may read it: " + as_user(reader) + ".";
}

}  // namespace affsync
