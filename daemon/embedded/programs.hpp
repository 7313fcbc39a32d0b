// Finding the machine's PostgreSQL server programs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace affsync::embedded {

struct ServerPrograms {
  std::filesystem::path initdb;
  std::filesystem::path postgres;
  int major = 0;
};

// The newest pair of initdb and postgres in `directories`, or the one that fits the existing data
// (`wanted_major`, 0: any). No `directories`: those of PATH and /usr/lib/postgresql/*/bin.
// Errors: database_unavailable, naming the package to install.
Result<ServerPrograms> find_server_programs(std::vector<std::filesystem::path> directories,
                                            int wanted_major);

// The major version that made the cluster in `data_directory`; 0 when there is no cluster.
int major_of_cluster(std::filesystem::path const& data_directory);

}  // namespace affsync::embedded
