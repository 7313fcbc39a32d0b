// Moves an embedded database to a newer major version of PostgreSQL, by dump and restoration.
// Blocking.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "schema/store/store.hpp"

namespace affsync::backup {

struct UpgradeOptions {
  std::filesystem::path state_dir;
  schema::StoreOptions store;  // without a URL
  // Directories of initdb and postgres; empty: the usual ones.
  std::vector<std::filesystem::path> program_directories;
  bool to_the_same = false;  // for tests: also if there is no newer version
  bool dry_run = false;
};

struct Upgraded {
  int from = 0, to = 0;                  // equal: nothing was to be done
  std::filesystem::path kept;            // the cluster of the old version
  std::vector<std::string> left_behind;  // the user's own objects, which only that one has
};

// The old cluster is replaced at the end, in one step: an interruption before leaves it in use.
// Errors: usage (somebody uses the database), database_unavailable (with the missing package),
// database_error.
Result<Upgraded> upgrade_cluster(UpgradeOptions const& options);

}  // namespace affsync::backup
