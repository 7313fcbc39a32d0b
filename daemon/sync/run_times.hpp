// When a run may begin, and when the one after it is due. Without I/O.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/run_report.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "daemon/sync/stream_task.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Throws Failure(clock_skew) when the stream starts after tomorrow: on a clock of 1970, or with a
// mistyped year, a pass would read nothing and succeed.
void refuse_start_ahead(engine::StreamPlan const& plan, TimePoint now);

// The time that a scheduled run has to wait for, as the database has it; nullopt when it is due.
std::optional<TimePoint> due_later(StreamTask const& task, schema::StreamState const& state,
                                   TimePoint now);

// When the run after that of `report`, which has ended, is due. `jitter`: [0, 1).
TimePoint next_run_at(StreamTask const& task, RunReport const& report, double jitter);

}  // namespace affsync::sync
