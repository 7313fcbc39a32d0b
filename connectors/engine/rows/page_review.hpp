// Reviews a page as a whole and reports problems of its connector that no single row shows, for
// `check` and `inspect`.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine {

struct PageReview {
  // Values that are read, but probably not as intended.
  std::vector<std::string> warnings;
  // Paths that the connector names outside of `map` and that no row has: "personal <- mail".
  std::vector<std::string> found_nothing;
};

PageReview review_page(StreamPlan const& plan, std::vector<Json const*> const& rows,
                       Json const& body);

// Returns the paths of the row that are missing in its `raw` or are hashed there.
std::vector<std::string> hidden_fields(StreamPlan const& plan, Json const& row);

}  // namespace affsync::engine
