// Whether a request names this server. A web page in somebody's browser can have its own name
// resolved to this machine and then read the answers; it cannot change the Host header, though.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "base/http_message.hpp"

namespace affsync::serve {

// Without a Host header it is no browser; an address is no name; then there are localhost and
// `hosts`. Ports are not looked at.
bool is_asked_by_its_name(HttpRequest const& request, std::vector<std::string> const& hosts);

}  // namespace affsync::serve
