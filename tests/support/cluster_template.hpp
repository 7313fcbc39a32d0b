// A PostgreSQL cluster that is made once and copied. ctest runs each test in a process of its own,
// and making the cluster anew took most of the time of many.
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

namespace affsync::test {

// Fills the empty directory `state_dir` with a copy of the state directory that `make` filled and
// left without a running server. It is made once for each build of the running program and of the
// `programs` that `make` runs, and kept in the build directory. Processes may call it at the same
// time. Throws std::runtime_error.
void copy_cluster(std::filesystem::path const& state_dir,
                  std::function<void(std::filesystem::path const&)> const& make,
                  std::vector<std::filesystem::path> const& programs = {});

}  // namespace affsync::test
