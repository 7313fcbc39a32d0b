// A slice of a stream: one time window of it, or all of it, and what is known once its pages were
// read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace affsync::engine {

// One time window of a stream, both days inclusive; a stream without windows, and a full pass over
// one whose window is of changes, has a single slice with neither.
struct Slice {
  std::optional<Day> from;
  std::optional<Day> to;
  friend bool operator==(Slice const&, Slice const&) = default;
};

// Why the whole slice could not be verified.
struct SliceDoubt {
  ErrorCode code = ErrorCode::sweep_unverified;
  std::string text;
};

// What the broker says of a slice, to be compared with our rows.
struct BrokerTotal {
  std::string metric;
  std::string column;  // sum of this column; empty: count of rows
  std::string value;   // decimal text
  std::string tolerance;
};

// The end of a slice: all its pages were read.
struct SliceEnd {
  Slice slice;
  std::string scope_column;              // date column the slice filters on; empty: no window
  bool markable = false;                 // rows of the scope that were not seen may be marked
  bool counted = false;                  // the rows are as many as the broker counts, or came in
                                         // a single answer
  bool resumed = false;                  // pages before a restart are missing in seen_keys
  bool covers_days = false;              // it stands for its days: not so where they only choose
                                         // what was changed
  std::optional<Day> keeps_from;         // the broker shows what is not older; unset: unknown
  std::vector<std::uint64_t> seen_keys;  // hash_key of every external id of the main table; sorted
                                         // and distinct
  std::optional<std::int64_t> broker_count;
  std::optional<SliceDoubt> doubt;
  std::vector<BrokerTotal> totals;
  // Totals that the connector names (their paths) and no page of the slice had, though it had rows.
  std::vector<std::string> missing_totals;
  // Rows whose day lies before the slice, listed and counted with it since it reaches back into the
  // last moment of the slice before.
  std::vector<std::string> listed_beside;
  TimePoint read_at{};
};

}  // namespace affsync::engine
