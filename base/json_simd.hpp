// The fast way to parse JSON: simdjson's on-demand interface, whose number tokens keep their text.
#pragma once

#include <optional>
#include <string_view>

#include "base/json.hpp"

namespace affsync {

// Parses a document that is an object or a list, if it is flawless and unremarkable. nullopt for
// every other text: whatever is invalid, exceeds a limit, or needs more than its tokens to be
// understood is for the thorough parser in json_parse.cpp, which also knows what is wrong. For a
// text that both accept, both return the same.
std::optional<Json> parse_plain_json(std::string_view text, JsonLimits const& limits);

}  // namespace affsync
