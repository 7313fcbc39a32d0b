// Builds path and query of a page's request, percent-encoded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "connectors/engine/answer/asked_for.hpp"
#include "connectors/engine/paging/pager.hpp"

namespace affsync::engine {

// Returns true if the slice's request reaches back into the last second of the previous slice (the
// last millisecond, if the parameters count those). The previous slice ended at the start of that
// second, inclusive, and a broker that stores fractions has rows after it. Rows of that second are
// requested twice and recognised by their keys.
bool overlaps_slice_before(WindowSpec const& window, Slice const& slice);

// Returns the second in which the request of a slice ends. The slice after it begins there, so that
// rows from then on may be given with either of the two, as the fractions of their times are.
// nullopt if slices share no moment, or the parameters do not say it. `latest` as below.
std::optional<TimePoint> shared_moment(WindowSpec const& window, Slice const& slice,
                                       TimePoint latest);

// Returns the request for a page. Its query is the stream's own in its order, then that of the part
// (`part` is its index in the stream, if it has parts), the window and the page. A parameter that
// occurs twice is sent once, with the later value. A next-page link replaces all of them.
// A window that ends `until: now` ends at `latest`.
HttpRequest make_page_request(StreamSpec const& spec, Slice const& slice, std::size_t part,
                              PageAsk const& ask, TimePoint latest = TimePoint::max());

}  // namespace affsync::engine
