// Texts within a JSON value, and texts that are one.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace affsync::engine {

// Returns the value with each of its texts replaced. Names of members stay.
Json with_texts(Json const& json, std::function<std::string(std::string const&)> const& replace);

// Returns true if the whole text is one number as JSON writes it.
bool is_json_number(std::string_view text);

}  // namespace affsync::engine
