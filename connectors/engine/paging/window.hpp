// Computes which days a pass reads and how they are divided into slices. Days are inclusive at both
// ends, in the window's zone.
#pragma once

#include <optional>

#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/paging/reader_start.hpp"
#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

// Days that earlier passes read without a gap; none if `from` is unset.
struct Coverage {
  std::optional<Day> from;
  std::optional<Day> to;
  friend bool operator==(Coverage const&, Coverage const&) = default;
};

// Returns the current day in a zone. Throws Failure config_invalid for an unknown zone.
Day today_in(std::string const& zone, TimePoint now);

// Returns the part of the coverage that can be trusted. A coverage that ends far in the future was
// written with a wrong clock, so its real end is unknown.
Coverage trusted(Coverage const& coverage, Day today);

// Returns the oldest day that the broker shows, from how long it keeps rows.
std::optional<Day> oldest_kept(std::optional<int> keeps_days, Day today);

// Returns first and last day of a new pass; from > to if there is nothing to read. A full pass
// reads from the start. An incremental pass reads from the last covered day minus the lookback, or
// from the start if no day is covered. `since` and `until` of the user override this. A pass never
// reads beyond today nor before the oldest day that the broker shows.
Slice pass_window(WindowSpec const& spec, ReaderStart const& start, Coverage const& done, Day today,
                  std::optional<Day> oldest = std::nullopt);

// Returns the first day that is read again after a pass that read up to `last`.
Day lookback_from(WindowSpec const& spec, Day last);

// Returns the days between the covered ones and the pass; nullopt if there are none.
std::optional<DaySpan> unreachable(Coverage const& done, Slice const& pass);

// Returns the part of `span` that is not covered. `span` begins at or before the start of `done`,
// or is inside it.
std::optional<DaySpan> beyond(Coverage const& done, DaySpan span);

// Returns the days in doubt that a pass reads again, divided into slices: a few, none of them in
// the pass. Days that are older than what the broker shows are added to `lost`.
std::vector<Slice> slices_again(std::vector<DaySpan> const& again, WindowSpec const& spec,
                                Slice const& pass, std::optional<Day> oldest,
                                std::vector<DaySpan>& lost);

// The pass for a window of changes: from the day on which the last pass began minus the lookback.
// Without a previous pass neither day is set, which means everything.
Slice changes_window(WindowSpec const& spec, ReaderStart const& start, Coverage const& done,
                     Day today);

// Returns `done` extended by the days of a slice that was read. Days that leave a gap do not count,
// unless they reach back to the start and `done` does not.
Coverage extended(Coverage const& done, Slice const& slice, Day start);

// Return the first and the last day of a day's month.
Day begin_of_month(Day day);
Day end_of_month(Day day);

// Returns the slice of a pass that begins on `from`: at most `span_days` days, or the rest of its
// month if the window is one of months; nullopt if `from` is after the pass.
std::optional<Slice> slice_from(WindowSpec const& spec, Day from, Slice const& pass, int span_days);

// Returns the slice of at most `span_days` days that begins on `from`; nullopt if `from` is after
// the pass.
std::optional<Slice> slice_from(Day from, Slice const& pass, int span_days);

// Returns the first half of a slice; nullopt for a single day.
std::optional<Slice> first_half(Slice const& slice);

}  // namespace affsync::engine
