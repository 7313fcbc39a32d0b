// The user that PostgreSQL runs as: it refuses to be root.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace affsync::embedded {

struct ServerUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string name;
  std::string home;    // empty: unknown
  bool other = false;  // not the user of this process: it has to be switched to
};

// The user for a cluster whose data are, or will be, in `data_directory`: this process's own; for
// root the owner of the existing data, else `postgres`. Errors: database_unavailable when there is
// no such user, or the data belong to somebody else.
Result<ServerUser> find_server_user(std::filesystem::path const& data_directory);

}  // namespace affsync::embedded
