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
  // Paths that the connector names and that no row has, except those that the columns of `map` are
  // read from: "personal <- mail", "amount.negative_if <- typ".
  std::vector<std::string> found_nothing;
  // What is stored in another way, or not at all, because no row has these paths: "amount <- sum",
  // "where <- typ". Some may be right, since a broker may leave out what has no value.
  std::vector<std::string> lacking;
  // One of them decides which rows are stored, or is an amount, its sign, its currency or a status.
  bool lacks_money = false;
};

PageReview review_page(StreamPlan const& plan, std::vector<Json const*> const& rows,
                       Json const& body);

// Returns the paths of the row that are missing in its `raw` or are hashed there.
std::vector<std::string> hidden_fields(StreamPlan const& plan, Json const& row);

}  // namespace affsync::engine
