// The user that PostgreSQL runs as, since it refuses to run as root.
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
  bool other = false;  // differs from the user of this process, so that a switch is needed
};

// Returns the user for a cluster with its data in `data_directory`: the user of this process, or
// for root the owner of existing data, else of the nearest directory above that is not root's, else
// `postgres`. Errors: database_unavailable if there is no such user or the data belong to another
// user.
Result<ServerUser> find_server_user(std::filesystem::path const& data_directory);

}  // namespace affsync::embedded
