// On which days the rows of a slice are: whether all are within it, which ones its request returned
// from the moment before its first day, and whether the broker gave rows of quite other days.
#pragma once

#include <optional>
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
  // `spec` must outlive this. `of_file`: its rows are read whatever their days are.
  RowDays(StreamSpec const& spec, bool of_file) : spec_(spec), of_file_(of_file) {}

  void begin_slice();
  // Notes the rows of a page of the slice that was asked for. Without a window that filters on a
  // column, no row is known to be within. `of_rows`: the days that its rows may have.
  void note(Batch const& batch, Slice const& asked, Slice const& of_rows);
  bool all_within() const;
  std::vector<std::string> listed_beside() const { return {beside_.begin(), beside_.end()}; }
  // Returns why what the slice has brought is not what was asked for: rows of days that are not
  // even beside its own. Such a broker takes other parameters, and has left out what it was asked
  // for.
  std::optional<SliceDoubt> doubt() const { return doubt_; }

 private:
  StreamSpec const& spec_;
  bool const of_file_;
  bool within_ = true;
  void note_stray(std::string_view day, Slice const& slice);

  std::set<std::string> beside_;  // external ids
  std::optional<SliceDoubt> doubt_;
};

}  // namespace affsync::engine
