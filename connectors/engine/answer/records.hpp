// Where the rows of an answer are.
#pragma once

#include <deque>
#include <vector>

#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

// The rows of one answer. Those that stand in it as they are live as long as it does; those that
// had to be put together are held here.
struct Records {
  std::vector<Json const*> rows;
  std::deque<Json> made;
};

// The rows at the first of the stream's `records` paths that is a list: an array, or an object all
// of whose names are numbers and all of whose members are rows, which is how PHP writes an array
// that has lost an index. Another object is one row, or many where the stream expands it; one that
// only holds what an earlier path looked for is an envelope and no row. A path that ends in ".*" is
// the first member there that is a list.
//
// Where a list is null, an empty object or, with a count of 0, missing, there are no rows if the
// broker counts none, if the connector says so, or if `behind_rows`: pages with all that is counted
// came before. Nothing of this holds for an answer that speaks of an error.
// Errors: malformed_answer with the paths that were tried and what was there instead.
Result<Records> find_records(StreamSpec const& stream, Json const& body, bool behind_rows = false);

}  // namespace affsync::engine
