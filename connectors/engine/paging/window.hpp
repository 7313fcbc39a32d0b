// Which days a pass reads, and how they are cut into slices. Days are inclusive at both ends, in
// the window's zone.
#pragma once

#include <optional>

#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/paging/reader_start.hpp"
#include "connectors/engine/paging/slice.hpp"

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

// The oldest day that the broker shows, by how long it keeps a row.
std::optional<Day> oldest_kept(std::optional<int> keeps_days, Day today);

// First and last day of a new pass; from > to when there is nothing to read.
//  full: from the start. incremental: from the last covered day minus the lookback, or from the
//  start when that is not covered. since and until say otherwise. Never beyond today, nor before
//  the oldest day that the broker shows.
Slice pass_window(WindowSpec const& spec, ReaderStart const& start, Coverage const& done, Day today,
                  std::optional<Day> oldest = std::nullopt);

// Days that follow on the covered ones and lie before the pass; nullopt when there are none.
std::optional<DaySpan> unreachable(Coverage const& done, Slice const& pass);

// What of `span` is not covered; `span` reaches back at least as far as `done`, or is inside it.
std::optional<DaySpan> beyond(Coverage const& done, DaySpan span);

// The days in doubt that a pass asks for again, cut to slices: a few, none of them in the pass.
// `lost`: takes those that are older than what the broker shows.
std::vector<Slice> slices_again(std::vector<DaySpan> const& again, WindowSpec const& spec,
                                Slice const& pass, std::optional<Day> oldest,
                                std::vector<DaySpan>& lost);

// The same for a window of changes: from the day on which the last pass began less the lookback;
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
