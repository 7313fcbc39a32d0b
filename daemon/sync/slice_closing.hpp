// Turns the end of a slice into a request to the store: which rows the slice covers, whether unseen
// rows may be marked as deleted, which of the broker's totals to compare. Performs no I/O.
#pragma once

#include "connectors/engine/stream_reader.hpp"
#include "daemon/sync/stream_task.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// `now` is the time recorded with the marks and comparisons.
schema::SliceClose slice_closing(engine::SliceEnd end, StreamTask const& task, schema::RunKey run,
                                 TimePoint now);

}  // namespace affsync::sync
