// Reads the file of a secret.
#pragma once

#include <string>

#include "base/error.hpp"

namespace affsync::config {

// Returns the text of a regular file of at most 64 KiB without the line ends at its end. Errors:
// secret_missing with the reason alone; also for an empty file and one with a zero byte.
Result<std::string> read_secret_file(std::string const& path);

}  // namespace affsync::config
