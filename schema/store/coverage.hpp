// Which days of a stream are proven, in doubt or lost: spans that do not overlap.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/day_span.hpp"
#include "schema/store/pg_session.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

// The spans after `noted` was noted. `spans`: by their days, not overlapping; so is the result.
// Lost days stay lost, by the run that told it, until rows of them come: those from `seen_from` on.
// Proven spans that touch grow together; the others keep their own ends, since days in doubt are
// asked for again by them.
std::vector<CoverageSpan> with_noted(std::vector<CoverageSpan> const& spans,
                                     CoverageSpan const& noted, std::optional<Day> seen_from);

// The same in the database; writes only what differs. Days in doubt are noted again even so: what
// was asked for longest ago is asked for next.
void record_days(pqxx::transaction_base& tx, RunKey const& run, DaySpan span, DayState state,
                 std::optional<Day> seen_from, TimePoint now);

// Days in doubt, those first that were noted longest ago.
std::vector<DaySpan> doubtful_days(pqxx::transaction_base& tx, StreamId const& id);

// Days that this pass has found to be lost.
std::vector<DaySpan> newly_lost_days(pqxx::transaction_base& tx, StreamId const& id,
                                     std::int64_t pass_run_id);

// Whether this pass has left days in doubt.
bool pass_has_doubts(pqxx::transaction_base& tx, StreamId const& id, std::int64_t pass_run_id);

}  // namespace affsync::schema
