// Path and query of a page's request, percent-encoded.
#pragma once

#include <cstdint>
#include <string>

#include "connectors/engine/pager.hpp"

namespace affsync::engine {

// A name or value of a query: everything but unreserved characters is encoded, so commas, pipes,
// plus signs and letters beyond ASCII arrive as they are meant.
std::string encode_query(std::string_view text);

// The stream's own query in its order, then that of the part (index into the stream's, if it has
// any), the window and the page. A parameter that occurs twice is sent once, with the latter value.
// A next-page link stands for all of them.
HttpRequest make_page_request(StreamSpec const& spec, Slice const& slice, std::size_t part,
                              PageAsk const& ask);

}  // namespace affsync::engine
