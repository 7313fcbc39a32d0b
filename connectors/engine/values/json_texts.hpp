// Changes the texts within a JSON value.
#pragma once

#include <functional>
#include <string>

#include "base/json.hpp"

namespace affsync::engine {

// Returns the value with each of its texts replaced. Names of members stay.
Json with_texts(Json const& json, std::function<std::string(std::string const&)> const& replace);

}  // namespace affsync::engine
