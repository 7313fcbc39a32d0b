// A slice of a stream (one time window, or all of it), and what is known once its pages were read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/count_proof.hpp"
#include "base/error.hpp"

namespace affsync::engine {

// One time window of a stream, both days inclusive. A stream without windows has a single slice
// without days; so has a full pass over a stream whose window selects changes.
struct Slice {
  std::optional<Day> from;
  std::optional<Day> to;
  friend bool operator==(Slice const&, Slice const&) = default;
};

// Why the slice could not be verified as complete.
struct SliceDoubt {
  ErrorCode code = ErrorCode::sweep_unverified;
  std::string text;
  std::string hint = {};  // what to do; empty: nothing but to ask again
};

// A total of the broker for a slice, to be compared with our rows.
struct BrokerTotal {
  std::string metric;
  std::string column;  // sum of this column; empty: number of rows
  std::string value;   // decimal text
  std::string tolerance;
};

// What a slice that replaces its rows shares with its neighbours: rows of the last moment of a day
// are given with the next day.
struct SharedDays {
  bool has_day_before = false;  // the slice before ended at the day before this one, without doubt
  std::vector<std::uint64_t> seen_before;  // what that slice saw; sorted
  bool goes_on = false;                    // the slice after this one will be read
  // A column of times that tells which rows may be given with the next slice: those from `moment`
  // on. Empty: there is none.
  std::string time_column;
  TimePoint moment{};
};

// The end of a slice, after all its pages were read.
struct SliceEnd {
  Slice slice;
  // The last day that its rows may have; behind that of the slice in a month that is not over.
  std::optional<Day> last_of_rows;
  std::string scope_column;  // date column that the slice filters on; empty: no window
  std::optional<SharedDays> shared;
  // The values of `for_each`, or batches of them, whose rows were asked for; unset: no such stream.
  std::optional<std::vector<std::string>> asked_items;
  bool markable = false;    // rows of the scope that were not seen may be marked as vanished
  bool replaces = false;    // and are deleted at once, see StreamSpec::replaces_window
  bool by_content = false;  // the keys are made of the content: a changed row has another one
  CountProof proof = CountProof::nothing;  // that what is not in seen_keys is not listed
  bool resumed = false;  // seen_keys lacks the pages that were read before a restart
  // Of a slice that replaces: its pages were read once, and a row may have moved between them. If
  // the database has a row that is not among these, it is to be read again, and not to be closed.
  bool read_once = false;
  // Rows have equal contents, so that one of them may be another one that was listed twice.
  bool has_equal_rows = false;
  // The slice covers its days; false if they only select what was changed.
  bool covers_days = false;
  std::optional<Day> keeps_from;  // the broker shows nothing older; unset: unknown
  bool of_all_days = false;       // the pass asks for all days from the stream's first one on
  // The hash_key of every external id of the main table; sorted and distinct.
  std::vector<std::uint64_t> seen_keys;
  std::optional<std::int64_t> broker_count;
  std::optional<SliceDoubt> doubt;
  std::vector<BrokerTotal> totals;
  // Paths of totals that the connector names and that no page of the slice had, although it had
  // rows.
  std::vector<std::string> missing_totals;
  // Every row that was taken has its day within the slice.
  bool all_within = false;
  // Rows whose day is before the slice. They are listed and counted with it, because its request
  // reaches back into the last moment of the previous slice.
  std::vector<std::string> listed_beside;
  TimePoint read_at{};
};

}  // namespace affsync::engine
