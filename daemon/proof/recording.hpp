// An HTTP client that shows each answer to somebody before it hands it on.
#pragma once

#include <functional>
#include <memory>

#include "daemon/net/http_client.hpp"

namespace affsync::proof {

using Recorder = std::function<void(HttpRequest const&, HttpResponse const&)>;

using ClientMaker = std::function<std::unique_ptr<net::HttpClient>()>;

// Returns a function that makes such clients of those of `make`; `make` itself if `recorder` is
// empty.
ClientMaker recorded(ClientMaker make, Recorder recorder);

}  // namespace affsync::proof
