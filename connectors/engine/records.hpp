// Where the rows of an answer are.
#pragma once

#include <deque>
#include <vector>

#include "connectors/engine/manifest.hpp"

namespace affsync::engine {

// The rows of one answer. Those that stand in it as they are live as long as it does; those that
// had to be put together are held here.
struct Records {
  std::vector<Json const*> rows;
  std::deque<Json> made;
};

// The rows at the first of the stream's `records` paths that is an array; an object there is one
// row, or many where the stream expands it. A path that ends in ".*" is the first member there that
// is an array. Errors: malformed_answer with the paths that were tried and what was there instead.
Result<Records> find_records(StreamSpec const& stream, Json const& body);

}  // namespace affsync::engine
