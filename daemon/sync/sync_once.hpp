// One pass over a set of streams, all sources concurrently: `affsync sync`.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "daemon/sync/stream_run.hpp"

namespace affsync::sync {

// Returns the reports in the order of `tasks`. Terminal cancellation ends the runs; their reports
// say so.
asio::awaitable<std::vector<RunReport>> sync_once(std::vector<StreamTask> tasks, RunOptions options,
                                                  RunParts parts, Logger log);

}  // namespace affsync::sync
