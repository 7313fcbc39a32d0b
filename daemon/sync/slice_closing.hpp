// What the end of a slice asks of the database: which rows it covers, whether those that were not
// seen may be marked, which of the broker's totals can be compared. Without I/O.
#pragma once

#include "connectors/engine/stream_reader.hpp"
#include "daemon/sync/stream_task.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// `now` is the time of the marks and comparisons.
schema::SliceClose slice_closing(engine::SliceEnd end, StreamTask const& task, schema::RunKey run,
                                 TimePoint now);

}  // namespace affsync::sync
