// The sign-in by a form, and the answers to those who may not read. Performs no I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/http_message.hpp"
#include "daemon/serve/access.hpp"
#include "daemon/serve/query_string.hpp"

namespace affsync::serve {

// Returns the answer to a request that signs in or out, or whose sender may not read what it asks
// for; nullopt if the request may be answered.
std::optional<HttpResponse> admit(Access const& access, HttpRequest const& request,
                                  Target const& target, TimePoint now,
                                  std::vector<std::string> const& hosts);

}  // namespace affsync::serve
