// Which days a pass reads, and how they are cut into slices. Days are inclusive at both ends, in
// the window's zone.
#pragma once

#include <optional>

#include "connectors/engine/stream_reader.hpp"

namespace affsync::engine {

// Days that earlier passes have read without a gap; no day at all when `from` is unset.
struct Coverage {
  std::optional<Day> from;
  std::optional<Day> to;
  friend bool operator==(Coverage const&, Coverage const&) = default;
};

// The day it is in a zone. Throws Failure config_invalid for an unknown zone.
Day today_in(std::string const& zone, TimePoint now);

// The coverage that can be relied on: one that ends far in the future was written by a wrong
// clock, and nothing is known about when it really ended.
Coverage trusted(Coverage const& coverage, Day today);

// First and last day of a new pass; from > to when there is nothing to read.
//  full: from the start. incremental: from the last covered day minus the lookback, or from the
//  start when that is not covered. since and until say otherwise. Never beyond today.
Slice pass_window(WindowSpec const& spec, ReaderStart const& start, Coverage const& done,
                  Day today);

// The same for a window of changes: from the day on which the last pass began, minus the lookback;
// neither day, which is everything, when there was none.
Slice changes_window(WindowSpec const& spec, ReaderStart const& start, Coverage const& done,
                     Day today);

// `done` with the days of a slice that was read. Days that leave a gap do not count, unless they
// reach back to the start, which `done` does not.
Coverage extended(Coverage const& done, Slice const& slice, Day start);

// The slice of at most `span_days` that begins on `from`; nullopt when `from` is after the pass.
std::optional<Slice> slice_from(Day from, Slice const& pass, int span_days);

// The first half of a slice; nullopt when it is a single day.
std::optional<Slice> first_half(Slice const& slice);

}  // namespace affsync::engine
