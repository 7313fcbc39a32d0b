// The known word that a mistyped one most likely meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace affsync {

// The nearest of `known` by edit distance (a swap of neighbours counts one), nullopt when none is
// near enough (more than a third of the longer word differs).
std::optional<std::string> nearest(std::string_view word, std::vector<std::string> const& known);

}  // namespace affsync
