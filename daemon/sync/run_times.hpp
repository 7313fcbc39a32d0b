// Decides when a run may begin and when the next one is due. Performs no I/O.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/run_report.hpp"
#include "connectors/engine/plan/stream_plan.hpp"
#include "daemon/sync/stream_task.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Throws Failure(clock_skew) if the stream's start is after today, in its zone: with a clock at
// 1970, or a mistyped year, a pass would read nothing and succeed.
void refuse_start_ahead(engine::StreamPlan const& plan, TimePoint now);

// Returns the time that a scheduled run has to wait for, according to the database; nullopt if the
// run is due.
std::optional<TimePoint> due_later(StreamTask const& task, schema::StreamState const& state,
                                   TimePoint now);

// The same for a stream of a daemon that starts or reloads; `times`: those of its source.
std::optional<TimePoint> due_at(StreamTask const& task,
                                std::vector<schema::StreamTimes> const& times, TimePoint now);

// Returns the first moment after `started_at` at which the stream is due, never more than one
// interval later. Each stream has its own places in time, one interval apart, so that the runs of
// many streams are spread evenly whenever they began. If the next place is less than half an
// interval away, the run is half an interval behind it.
TimePoint spread_after(TimePoint started_at, std::chrono::seconds interval, std::string_view source,
                       std::string_view stream);

// Returns when the next run is due after the finished run of `report`. `jitter`: [0, 1), for times
// of cron lines.
TimePoint next_run_at(StreamTask const& task, RunReport const& report, double jitter);

}  // namespace affsync::sync
