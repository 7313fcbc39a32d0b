// Which requests the server takes, and how it refuses the others. No I/O.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/http_message.hpp"
#include "daemon/net/http_codec.hpp"
#include "daemon/net/http_server.hpp"

namespace affsync::net {

// An answer of this line of text.
HttpResponse plain_answer(int status, std::string const& text);

// Returns the length of a request's body; a very large one if it is not given as a number.
std::size_t length_of(IncomingRequest const& request);

// Returns the path and query that a request asks for. Servers have to take whole addresses too (RFC
// 9112, 3.2.2). Returns nothing for anything else, and for an address of another server.
std::optional<std::string> path_of(IncomingRequest const& request);

// Returns an answer that refuses the request; nullopt if the handler may answer it.
std::optional<HttpResponse> refuse(IncomingRequest const& request, ServerLimits const& limits);

}  // namespace affsync::net
