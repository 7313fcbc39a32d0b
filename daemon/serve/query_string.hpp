// Parses the target of a request. Performs no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace affsync::serve {

struct Target {
  std::string path;                                             // decoded
  std::vector<std::pair<std::string, std::string>> parameters;  // decoded, in order
};

// Returns nullopt if a percent sign is not followed by two hexadecimal digits, or for an encoded
// U+0000.
std::optional<Target> parse_target(std::string_view target);

// Returns the segments of a decoded path below a folder: for /sources/a/b below "sources" a and b.
// Empty if the path is not below it.
std::vector<std::string> segments_below(std::string_view path, std::string_view folder);

}  // namespace affsync::serve
