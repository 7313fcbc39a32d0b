// A small HTTP/1.1 server for health, metrics and the dashboard: GET and HEAD only, unless it is
// told to take bodies, with limits and timeouts for everything. Runs on its executor's thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/http_message.hpp"
#include "daemon/net/tls_identity.hpp"

namespace affsync::net {

namespace asio = boost::asio;

// Gets the request and the address of the peer, such as "192.0.2.7".
using RequestHandler = std::function<asio::awaitable<HttpResponse>(HttpRequest, std::string)>;

class HttpServer {
 public:
  virtual ~HttpServer() = default;
  // Serves until cancelled or stop() is called; returns when every connection has ended. The server
  // must live until then.
  virtual asio::awaitable<void> serve() = 0;
  virtual void stop() = 0;
  // The bound port (useful if `listen` has port 0).
  virtual unsigned short port() const = 0;
};

// What a server takes beside GET and HEAD.
struct ServerLimits {
  std::size_t body_bytes = 0;  // of a POST; 0: none is taken
  std::size_t header_bytes = 16 * 1024;
};

// `listen` is "host:port" or "[v6]:port". Errors: config_invalid if it is neither; connect_failed
// if the address cannot be bound (the hint says how to find the program that uses it). With `tls`
// the server speaks HTTPS only.
Result<std::unique_ptr<HttpServer>> make_http_server(asio::any_io_executor executor,
                                                     std::string const& listen,
                                                     RequestHandler handler,
                                                     ServerLimits limits = {},
                                                     ServerTlsFiles tls = {});

}  // namespace affsync::net
