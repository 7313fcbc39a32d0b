// Turns what was read into requests to the store. Performs no I/O.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "daemon/sync/page_queue.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// The run that is about to read what the reader asks for.
schema::RunStart run_start(engine::StreamReader const& reader, schema::StreamId id,
                           TimePoint started_at);

// The values that a stream with `for_each` is requested for, of its requests' `items`; nullptr for
// another stream.
std::shared_ptr<schema::AskedItems const> asked_items(engine::StreamPlan const& plan,
                                                      std::vector<std::string> const& items);

// `now` is the time that the rows are stored with.
WaitingPage page_writing(engine::PageRead page, schema::RunKey run,
                         std::shared_ptr<schema::PersonalParts const> personal,
                         engine::StreamPlan const& plan, TimePoint now);

// What the reader learns of a write.
engine::PageStored page_stored(schema::PageWritten const& written);

}  // namespace affsync::sync
