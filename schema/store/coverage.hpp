// Records which days of a stream are proven, in doubt or lost, as spans that do not overlap.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/day_span.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// Returns the spans after recording `noted`. `spans` and the result are in order and do not
// overlap. Lost days stay lost and keep their run until rows of them arrive, that is, from
// `seen_from` on. Adjacent proven spans are merged. Other spans keep their ends, because days in
// doubt are read again span by span.
std::vector<CoverageSpan> with_noted(std::vector<CoverageSpan> const& spans,
                                     CoverageSpan const& noted, std::optional<Day> seen_from);

// Does the same in the database; writes only differences. Days in doubt always get a new time, so
// that the days read longest ago are read next.
void record_days(pqxx::transaction_base& tx, RunKey const& run, DaySpan span, DayState state,
                 std::optional<Day> seen_from, TimePoint now);

// Records as proven what a file has of lost days in `span`, from `seen_from` on. No other day
// changes: whether the broker's list was read is not for a file to say.
void record_found_days(pqxx::transaction_base& tx, RunKey const& run, DaySpan span,
                       std::optional<Day> seen_from, TimePoint now);

// Records the lost days that a run begins with, and, if the stream has no coverage yet, the days
// read before coverage was recorded; these count as proven.
void record_days_at_start(pqxx::transaction_base& tx, RunStart const& start, RunKey const& run);

// Forgets days in doubt before `first`, which no pass will read again.
void forget_doubt_before(pqxx::transaction_base& tx, StreamId const& id, Day first);

// Returns days in doubt, those recorded longest ago first.
std::vector<DaySpan> doubtful_days(pqxx::transaction_base& tx, StreamId const& id);

// The days that a pass left lost, and whether it left any in doubt.
struct DaysOfPass {
  std::vector<DaySpan> lost;
  bool doubtful = false;
};
DaysOfPass days_of_pass(pqxx::transaction_base& tx, StreamId const& id, std::int64_t pass_run_id);

}  // namespace affsync::schema
