// A small HTTP/1.1 server for health, metrics and the dashboard: GET and HEAD only, one answer a
// request, limits and time-outs on everything. Runs on its executor's thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "base/http_message.hpp"

namespace affsync::net {

namespace asio = boost::asio;

using RequestHandler = std::function<asio::awaitable<HttpResponse>(HttpRequest)>;

class HttpServer {
 public:
  virtual ~HttpServer() = default;
  // Serves until cancelled or stop() is called, and returns when every connection has ended; the
  // server must live as long.
  virtual asio::awaitable<void> serve() = 0;
  virtual void stop() = 0;
  // The port that was bound (useful when 0 was asked for).
  virtual unsigned short port() const = 0;
};

// `listen` is "host:port" or "[v6]:port". Errors: config_invalid when it is neither;
// connect_failed when the address cannot be bound (its text names who may hold it).
Result<std::unique_ptr<HttpServer>> make_http_server(asio::any_io_executor executor,
                                                     std::string const& listen,
                                                     RequestHandler handler);

}  // namespace affsync::net
