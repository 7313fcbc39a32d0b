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

}  // namespace affsync::serve
