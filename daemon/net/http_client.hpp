// An HTTP/1.1 client for one origin: TLS verified, kept-alive connections in a pool, gzip, a time
// limit on every step, limits on every size. It never retries, never follows a redirect and never
// sends to another host. All members are used from the thread of its executor.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "base/http_message.hpp"
#include "base/secret.hpp"

namespace affsync::net {

namespace asio = boost::asio;

// Scheme, host and port of a base URL, and the path that goes before every target.
struct Origin {
  bool tls = true;
  std::string host;       // as in the URL; brackets of IPv6 removed
  std::string port;       // "443"
  std::string base_path;  // without a slash at its end; usually empty
  std::string host_header() const;
};

// Errors: config_invalid for anything but http and https, user info, query or fragment, and for
// plain http to a host that is not loopback unless `allow_http`.
Result<Origin> parse_origin(std::string_view base_url, bool allow_http);

struct Deadlines {
  std::chrono::milliseconds connect{10'000};    // name, TCP
  std::chrono::milliseconds handshake{10'000};  // TLS
  std::chrono::milliseconds read{30'000};       // between two pieces of the answer
  std::chrono::milliseconds request{60'000};    // the whole of it
};

struct ClientLimits {
  std::size_t header_bytes = 64 * 1024;
  std::size_t body_bytes = 64 * 1024 * 1024;  // on the wire
  std::size_t inflated_bytes = 256 * 1024 * 1024;
};

// An HTTP proxy that stands between; see daemon/net/proxy.hpp.
struct Proxy {
  std::string host, port;
  Secret authorization;  // the value of Proxy-Authorization; empty: none
  std::string from;      // the setting or variable that names it, for messages
};

struct ClientOptions {
  Origin origin;
  std::optional<Proxy> proxy;  // TLS goes through it by CONNECT
  Deadlines deadlines;
  ClientLimits limits;
  std::string ca_file;     // extra trust; empty: the system's only
  std::string user_agent;  // "affsync/0.1.0"
  std::size_t idle_connections = 4;
  ClientOptions() = default;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Sends one request and gives the whole answer, whatever its status.
  // Throws Failure: unknown_host, connect_failed, tls_failed, timeout, truncated,
  // answer_too_large, malformed_answer. A kept-alive connection that the peer closed before it
  // answered anything is replaced once. Cancellation (terminal) closes the connection and throws
  // system_error(operation_aborted).
  virtual asio::awaitable<HttpResponse> send(HttpRequest request) = 0;

  // Closes idle connections, which otherwise close after 20 s; until then their timer is work for
  // the io_context.
  virtual void close() = 0;
};

// Errors: config_invalid when ca_file cannot be read.
Result<std::unique_ptr<HttpClient>> make_http_client(asio::any_io_executor executor,
                                                     ClientOptions options);

}  // namespace affsync::net
