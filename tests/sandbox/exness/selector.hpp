// Interprets queries of the Exness reports: dates, sets, `ordering`.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "tests/sandbox/http.hpp"
#include "tests/sandbox/selection.hpp"

namespace affsync::sandbox::exness {

// The refusal of a query.
struct Refusal {
  int status;
  std::string code, message;
};

class Selector {
 public:
  // `first_day` is day 0 of the feeds.
  explicit Selector(Day first_day) : first_day_(first_day) {}

  // Ignores unknown parameters and unknown ordering columns, as Django REST Framework does. If the
  // query is refused, returns nullptr and sets `refusal`.
  std::shared_ptr<Selection const> select(Feed const& feed, Query const& query, Refusal& refusal);

 private:
  bool apply_dates(Feed const&, Query const&, Selection&, Refusal&) const;
  static bool apply_sets(Feed const&, Query const&, Selection&, Refusal&);
  static void apply_order(Feed const&, Query const&, Selection&);

  Day first_day_;
  SelectionCache cache_;
};

}  // namespace affsync::sandbox::exness
