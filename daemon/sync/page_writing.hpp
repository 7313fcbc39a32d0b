// Turns a page that was read into a write request to the store. Performs no I/O.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Counts the rows of this page that earlier pages had as well, since consecutive pages overlap.
std::int64_t repeated_rows(engine::PageRead const& page);

// Moves the rows and everything stored with them out of `page`; slice_end stays in it. The caller
// sets PageWrite::personal. `now` is the time that the rows are stored with.
schema::PageWrite page_writing(engine::PageRead& page, schema::RunKey run, TimePoint now);

}  // namespace affsync::sync
