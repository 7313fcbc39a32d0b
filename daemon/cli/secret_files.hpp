// The files with secrets that every user of the machine can read.
#pragma once

#include <string>
#include <vector>

#include "config/model.hpp"

namespace affsync::cli {

// Returns those of the configuration that anyone can read or change, and whose folders anyone can
// enter. Files that NAME_FILE of the environment names are left out: containers hand them out, and
// have no other users.
std::vector<std::string> secret_files_open_to_all(config::Config const& config);

}  // namespace affsync::cli
