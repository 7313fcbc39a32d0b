// Files that several streams of the configuration would read. Performs no I/O but to resolve links
// of folders.
#pragma once

#include <string>
#include <vector>

#include "daemon/cli/check.hpp"
#include "daemon/source_plans.hpp"

namespace affsync::cli {

// Returns a warning for each two streams that are on and read files of one folder whose names may
// be the same. Two sources that read one account are told elsewhere.
std::vector<SourceCheck> check_shared_files(std::vector<PreparedSource> const& sources);

}  // namespace affsync::cli
