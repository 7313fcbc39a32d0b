// Path and query of a page's request, percent-encoded.
#pragma once

#include <cstdint>
#include <string>

#include "connectors/engine/stream_reader.hpp"

namespace affsync::engine {

// A name or value of a query: everything but unreserved characters is encoded, so commas, pipes,
// plus signs and letters beyond ASCII arrive as they are meant.
std::string encode_query(std::string_view text);

// The stream's own query in its order, then the window, then limit and offset. A parameter of the
// paging or the window that the query names too is sent once, with the reader's value.
HttpRequest make_page_request(StreamSpec const& spec, Slice const& slice, std::int64_t offset);

}  // namespace affsync::engine
