// How messages speak of a broker's values.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace affsync::engine {

// Returns the kind of a value: "a list", "an object".
char const* kind_in_words(Json const& value);

// Returns `text` quoted, on one line, cut if it is long.
std::string quote_for_reason(std::string_view text);

}  // namespace affsync::engine
