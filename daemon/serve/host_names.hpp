// Checks whether a request names this server, against DNS rebinding: a web page can make its own
// name resolve to this machine and then read the answers, but it cannot change the Host header.
// Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "base/http_message.hpp"

namespace affsync::serve {

// Accepts addresses, localhost and `hosts`, with any port, and requests without a Host header,
// which do not come from a browser.
bool is_asked_by_its_name(HttpRequest const& request, std::vector<std::string> const& hosts);

// Whether the form of a request was sent from a page of this server, as far as the browser tells:
// its origin is the host and port that the request asks, or a name of `hosts`, by which a proxy in
// front is known. Another address or port of this machine is another server. A request without an
// origin is none of a browser's, which sends it with every form.
bool comes_from_own_page(HttpRequest const& request, std::vector<std::string> const& hosts);

}  // namespace affsync::serve
