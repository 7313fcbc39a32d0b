// Streams that their connector no longer has: reports omit their rows, since the stream that took
// their place is expected to bring the same.
#pragma once

#include <string>

namespace affsync::schema {

// SQL of what reports lack because of withdrawn streams: source_id, stream, rows (a count) and
// amounts ("EUR 12.50, USD 3", decimal text of what counts; empty if the rows have no money), in
// this order. Rows that another stream of the source brings to reports as well are not counted, and
// no stream of which nothing is left. `streams`: SQL of a query for source_id and stream.
std::string withdrawn_sql(std::string const& streams);

}  // namespace affsync::schema
