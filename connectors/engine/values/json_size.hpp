// The size of a JSON document, so that what is made of an answer has a bound.
#pragma once

#include <cstddef>

#include "base/json.hpp"

namespace affsync::engine {

// Returns the number of values, those inside lists and objects and these themselves included.
std::size_t count_values(Json const& json);

}  // namespace affsync::engine
