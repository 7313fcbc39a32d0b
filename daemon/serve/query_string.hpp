// The target of a request, taken apart. Pure.
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

// nullopt when a percent sign is not followed by two hexadecimal digits, or U+0000 is encoded.
std::optional<Target> parse_target(std::string_view target);

}  // namespace affsync::serve
