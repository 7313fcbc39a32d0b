// The parts of the HTTP server that follow from the section `http` of the configuration.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "config/model.hpp"
#include "daemon/net/http_server.hpp"
#include "daemon/serve/access.hpp"

namespace affsync {

// Host names accepted in requests: those of this machine, of the listen address and of http.hosts.
// A foreign web page that was made to point here (DNS rebinding) sends another name.
std::vector<std::string> own_names(config::HttpConfig const& http);

serve::AccessRules access_of(config::HttpConfig const& http);

// Throws Failure if the address cannot be bound, or a file of TLS cannot be used. If it is renewed
// later and cannot be used then, `log` has that.
std::unique_ptr<net::HttpServer> server_of(config::HttpConfig const& http,
                                           boost::asio::any_io_executor executor,
                                           net::RequestHandler handler, Logger log);

}  // namespace affsync
