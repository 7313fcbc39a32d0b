// What the requests of a slice asked for, if that is not all that is stored of its days: only rows
// that were asked for can be missed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace affsync::schema {

// Days whose last moment is given with the day after it: the last day is judged with the slice
// after this one, and the day before the first with this one.
struct SharedDays {
  bool with_day_before = false;
  std::vector<std::uint64_t> seen_before;  // what the slice before saw; sorted
  bool without_last_day = false;
  // If no slice follows, rows whose time in this column is `moment` or later are not judged. Empty:
  // the stream has no such times.
  std::string time_column;
  TimePoint moment{};
};

// The values for which a stream with `for_each` was requested: hashes of them, sorted and distinct.
struct AskedItems {
  std::vector<std::string> values;
};

// Main rows of a page, and the hash of the value that they were listed for. A request may have
// several values, and nobody knows which of them a row belongs to: then it is that of each, joined
// with commas, and the rows were asked for if all of them were.
struct RowsOfItem {
  std::string item;
  std::vector<std::string> external_ids;
};

}  // namespace affsync::schema
