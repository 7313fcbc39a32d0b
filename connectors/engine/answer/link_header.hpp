// Reads the next page's address from the header `Link` (RFC 8288).
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/http_message.hpp"

namespace affsync::engine {

// Returns the address with rel="next" in the headers of that name; a header that is nothing but an
// address counts too. Empty if there is none. Error: paging_broken if there is none, and a header
// cannot be read to its end: what cannot be read is not absent.
Result<std::string> next_link_in(Headers const& headers, std::string_view name);

// Returns the first address with that relation in the headers `Link`, as far as they can be read;
// empty if there is none.
std::string related_link(Headers const& headers, std::string_view relation);

}  // namespace affsync::engine
