// Reads a text that people write, such as a configuration.
#pragma once

#include <cstddef>
#include <string>

#include "base/error.hpp"

namespace affsync::config {

// What the parser of YAML takes at most.
inline constexpr std::size_t most_text_bytes = std::size_t{4} * 1024 * 1024;

// Returns the bytes of the file, which may be a pipe; at most one more than `most_text_bytes`, so
// that a device without an end is told by its size. Error: config_invalid with the reason alone,
// also for a directory.
Result<std::string> read_text_file(std::string const& path);

}  // namespace affsync::config
