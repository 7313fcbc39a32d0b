// On which days the rows of a slice are: whether all are within it, and which ones its request
// returned from the moment before its first day.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/batch.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

// Returns the column of times that is mapped from what a window's parameters filter on; empty if
// there is none. A day alone does not tell on which side of a moment a row is.
std::string time_column_of(StreamSpec const& spec);

class RowDays {
 public:
  // `spec` must outlive this.
  explicit RowDays(StreamSpec const& spec) : spec_(spec) {}

  void begin_slice();
  // Notes the rows of a page of the slice. Without a window that filters on a column, no row is
  // known to be within.
  void note(Batch const& batch, Slice const& slice);
  bool all_within() const;
  std::vector<std::string> listed_beside() const { return {beside_.begin(), beside_.end()}; }

 private:
  StreamSpec const& spec_;
  bool within_ = true;
  std::set<std::string> beside_;  // external ids
};

}  // namespace affsync::engine
