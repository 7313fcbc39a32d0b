// Finds the known word that a mistyped word most likely means.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace affsync {

// Returns the word of `known` with the smallest edit distance (a swap of two neighbours counts as
// one edit); nullopt if every word differs in more than a third of the longer word's length.
std::optional<std::string> nearest(std::string_view word, std::vector<std::string> const& known);

}  // namespace affsync
