// What a page that was read asks of the database. Without I/O.
#pragma once

#include <cstdint>

#include "base/clock.hpp"
#include "connectors/engine/stream_reader.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

// Rows that this page has in common with earlier ones: consecutive pages overlap.
std::int64_t repeated_rows(engine::PageRead const& page);

// Moves the rows and all that is stored with them out of `page`; the end of a slice stays in it.
// PageWrite::personal is left to the caller. `now` is the time of the rows.
schema::PageWrite page_writing(engine::PageRead& page, schema::RunKey run, TimePoint now);

}  // namespace affsync::sync
