// Decides when a run may begin and when the next one is due. Performs no I/O.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/run_report.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "daemon/sync/stream_task.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Throws Failure(clock_skew) if the stream's start is after tomorrow: with a clock at 1970, or a
// mistyped year, a pass would read nothing and succeed.
void refuse_start_ahead(engine::StreamPlan const& plan, TimePoint now);

// Returns the time that a scheduled run has to wait for, according to the database; nullopt if the
// run is due.
std::optional<TimePoint> due_later(StreamTask const& task, schema::StreamState const& state,
                                   TimePoint now);

// Returns when the next run is due after the finished run of `report`. `jitter`: [0, 1).
TimePoint next_run_at(StreamTask const& task, RunReport const& report, double jitter);

}  // namespace affsync::sync
