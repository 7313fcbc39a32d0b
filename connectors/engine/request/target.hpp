// Path and query of a page's request, percent-encoded.
#pragma once

#include <cstdint>
#include <string>

#include "connectors/engine/paging/pager.hpp"

namespace affsync::engine {

// A name or value of a query: everything but unreserved characters is encoded, so commas, pipes,
// plus signs and letters beyond ASCII arrive as they are meant.
std::string encode_query(std::string_view text);

// Whether the slice's request reaches back into the last second (or millisecond, where that is what
// the parameters count) of the slice before it. That one ended at the begin of this second, since
// its end belongs to it, and a broker that keeps fractions has rows behind it. Rows of that second
// are asked for twice, and known by their keys.
bool overlaps_slice_before(WindowSpec const& window, Slice const& slice);

// The stream's own query in its order, then that of the part (index into the stream's, if it has
// any), the window and the page. A parameter that occurs twice is sent once, with the latter value.
// A next-page link stands for all of them.
HttpRequest make_page_request(StreamSpec const& spec, Slice const& slice, std::size_t part,
                              PageAsk const& ask);

}  // namespace affsync::engine
