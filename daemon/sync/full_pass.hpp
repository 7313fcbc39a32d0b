// Decides when a full pass is due. Performs no I/O.
#pragma once

#include "daemon/sync/stream_task.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Counts from the start of the last full pass, complete or not, so that an incomplete one is not
// repeated at every run. An interval may be shortened a little: full passes begin only when a run
// is due, so a weekly pass would otherwise take a week plus one run interval.
bool is_full_due(StreamTask const& task, schema::StreamState const& state, TimePoint now);

}  // namespace affsync::sync
