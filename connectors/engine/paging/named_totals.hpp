// The broker's totals that a connector names: its counts and the values under `reconcile`. A
// missing total is not zero: nothing is compared with it, and it is reported.
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
  // Drops the slice's totals, because lists of it were read before a restart and their totals are
  // lost.
  void forget_slice() { forgotten_ = true; }
  void note(Json const& body, PageHints const& hints);
  // Adds the list's totals to those of its slice. Each total is taken from the last answer that had
  // it.
  void end_list(bool had_rows);

  // Returns the sums over all lists of the slice; only those totals that every list had.
  std::vector<BrokerTotal> of_slice() const;
  // Return the paths of totals that were missing in all answers of a list with rows, or in the last
  // answer.
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
