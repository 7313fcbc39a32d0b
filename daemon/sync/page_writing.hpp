// Turns what was read into requests to the store. Performs no I/O.
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "daemon/sync/page_queue.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// The run that is about to read what the reader asks for.
schema::RunStart run_start(engine::StreamReader const& reader, schema::StreamId id,
                           TimePoint started_at);

// `now` is the time that the rows are stored with.
WaitingPage page_writing(engine::PageRead page, schema::RunKey run,
                         std::shared_ptr<schema::PersonalParts const> personal, TimePoint now);

// What the reader learns of a write.
engine::PageStored page_stored(schema::PageWritten const& written);

}  // namespace affsync::sync
