// Copies of a JSON document with one value replaced: how pages are made out of a broker's answer.
#pragma once

#include <string_view>

#include "base/json.hpp"

namespace affsync::proof {

// Returns a copy in which the value at this address, which lies in `document`, is another one.
Json with_value(Json const& document, Json const* old, Json const& value);

// The same for the value at a path. If the path does not exist, members are added as its plain
// steps say; a path that leads into something that is no object changes nothing.
Json with_value(Json const& document, JsonPath const& path, Json const& value);

// Returns `value` in the JSON type of `like`: a number or a text.
Json count_like(Json const* like, std::string_view digits);

}  // namespace affsync::proof
