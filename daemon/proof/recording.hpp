// An HTTP client that shows each answer to somebody before it hands it on.
#pragma once

#include <functional>
#include <memory>

#include "daemon/net/http_client.hpp"

namespace affsync::proof {

using Recorder = std::function<void(HttpRequest const&, HttpResponse const&)>;

// Returns a function that makes such clients; plain ones if `recorder` is empty.
std::function<std::unique_ptr<net::HttpClient>()> client_maker(
    boost::asio::any_io_executor executor, net::ClientOptions options, Recorder recorder);

}  // namespace affsync::proof
