// What a query of the Exness reports asks for: dates, sets, `ordering`.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "tests/sandbox/http.hpp"
#include "tests/sandbox/selection.hpp"

namespace affsync::sandbox::exness {

// Why a query is refused.
struct Refusal {
  int status;
  std::string code, message;
};

class Selector {
 public:
  // `first_day` is day 0 of the feeds.
  explicit Selector(Day first_day) : first_day_(first_day) {}

  // Unknown parameters and unknown ordering columns are ignored, as Django REST Framework does.
  // On a refusal the pointer is null and `refusal` is set.
  std::shared_ptr<Selection const> select(Feed const& feed, Query const& query, Refusal& refusal);

 private:
  bool apply_dates(Feed const&, Query const&, Selection&, Refusal&) const;
  static bool apply_sets(Feed const&, Query const&, Selection&, Refusal&);
  static void apply_order(Feed const&, Query const&, Selection&);

  Day first_day_;
  SelectionCache cache_;
};

}  // namespace affsync::sandbox::exness
