// Finds the machine's PostgreSQL server programs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace affsync::embedded {

struct ServerPrograms {
  std::filesystem::path initdb;
  std::filesystem::path postgres;
  int major = 0;
};

// Returns /usr/lib/postgresql/*/bin and the directories of PATH.
std::vector<std::filesystem::path> program_directories();

// Returns the major version that a program of PostgreSQL names with --version.
std::optional<int> major_of_program(std::filesystem::path const& program);

// Returns the newest initdb and postgres in `directories` of the major version `wanted_major` (0:
// any). If `directories` is empty, searches PATH and /usr/lib/postgresql/*/bin. Errors:
// database_unavailable, with the package to install.
Result<ServerPrograms> find_server_programs(std::vector<std::filesystem::path> directories,
                                            int wanted_major);

// Returns the major version of the cluster in `data_directory`; 0 if there is no cluster.
int major_of_cluster(std::filesystem::path const& data_directory);

}  // namespace affsync::embedded
