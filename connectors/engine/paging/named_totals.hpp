// The totals of the broker that a connector names: its counts, and the figures under `reconcile`.
// What an answer does not have is no zero: nothing is compared with it, and it is told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "connectors/engine/paging/pager.hpp"

namespace affsync::engine {

class NamedTotals {
 public:
  explicit NamedTotals(StreamSpec const& spec);

  void begin_slice();
  void begin_list();
  // Lists of the slice were read before a restart: their totals are gone, so that there are none.
  void forget_slice() { forgotten_ = true; }
  void note(Json const& body, PageHints const& hints);
  // Adds the list's figures to those of its slice, each as the last answer said that had it.
  void end_list(bool had_rows);

  // The sums over all lists of the slice, where each of them had the figure.
  std::vector<BrokerTotal> of_slice() const;
  // The paths of totals that a list with rows did not have in any answer, or the last answer.
  std::vector<std::string> missing() const;
  std::vector<std::string> missing_in_answer() const;

 private:
  struct Named {
    std::string path;
    bool in_answer = false;
    bool in_list = false;
    bool is_missing = false;  // in a list of the slice
    // Of those under `reconcile`:
    ReconcileSpec const* check = nullptr;
    std::string of_list;
    std::optional<std::string> of_slice;
  };
  void note(Named& named, bool found);
  using Flag = bool Named::*;
  std::vector<std::string> paths_of(Flag flag, bool wanted) const;

  PageSpec const& page_;
  std::vector<Named> named_;
  bool forgotten_ = false;
};

}  // namespace affsync::engine
