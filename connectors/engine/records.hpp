// Where the rows of an answer are.
#pragma once

#include <vector>

#include "connectors/engine/manifest.hpp"

namespace affsync::engine {

// The rows at the first of the stream's `records` paths that is an array; an object there is one
// row. The pointers live as long as `body`. Errors: malformed_answer with the paths that were tried
// and what was there instead.
Result<std::vector<Json const*>> find_records(StreamSpec const& stream, Json const& body);

}  // namespace affsync::engine
