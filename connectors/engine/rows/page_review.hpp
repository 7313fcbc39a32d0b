// What a page tells about its connector that no single row does, for `check` and `inspect`.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "connectors/engine/plan/stream_plan.hpp"

namespace affsync::engine {

struct PageReview {
  // What is read, but hardly as it is meant.
  std::vector<std::string> warnings;
  // Paths that the connector names beside `map` and that nothing was found at: "personal <- mail".
  std::vector<std::string> found_nothing;
};

PageReview review_page(StreamPlan const& plan, std::vector<Json const*> const& rows,
                       Json const& body);

// Places of the row that are not in its `raw`, or as a hash only.
std::vector<std::string> hidden_fields(StreamPlan const& plan, Json const& row);

}  // namespace affsync::engine
