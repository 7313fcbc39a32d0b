// When a pass over everything is due. Without I/O.
#pragma once

#include "daemon/sync/stream_task.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Counted from where the last one began, whole or not, so that one that was not is not repeated at
// each run. An interval may be a little short: runs come at times of their own, and a pass each
// week would otherwise be one each week and a run.
bool is_full_due(StreamTask const& task, schema::StreamState const& state, TimePoint now);

}  // namespace affsync::sync
