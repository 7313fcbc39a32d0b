// Files that several streams of the configuration would read, and those that none can.
#pragma once

#include <string>
#include <vector>

#include "daemon/cli/check.hpp"
#include "daemon/source_plans.hpp"

namespace affsync::cli {

// Returns a warning for each two streams that are on and read files of one folder whose names may
// be the same. Two sources that read one account are told elsewhere.
std::vector<SourceCheck> check_shared_files(std::vector<PreparedSource> const& sources);

// Returns a failure for each stream in whose folder lie files that cannot be read because of their
// names.
std::vector<SourceCheck> check_file_names(std::vector<PreparedSource> const& sources);

// Returns a warning for each file that nobody reads: one in `failed`, and one whose name fits no
// stream. Of each kind and folder the first ones only.
std::vector<SourceCheck> check_unread_files(std::vector<PreparedSource> const& sources);

}  // namespace affsync::cli
