// An HTTP/1.1 client for one origin: verified TLS, a pool of kept-alive connections, gzip, a
// timeout for every step, a limit for every size. It never retries, never follows a redirect and
// never sends to another host. Use it from the thread of its executor only.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/http_message.hpp"
#include "base/secret.hpp"

namespace affsync::net {

namespace asio = boost::asio;

// Scheme, host and port of a base URL, and the path prefix of every target.
struct Origin {
  bool tls = true;
  std::string host;       // in lower case, without the brackets of IPv6
  std::string port;       // "443"
  std::string base_path;  // without a trailing slash; usually empty
  std::string host_header() const;
  friend bool operator==(Origin const&, Origin const&) = default;
};

// Errors: config_invalid for anything but http and https, user info, query or fragment, and for
// plain http to a host that is not loopback unless `allow_http`. `what`: how messages call it.
Result<Origin> parse_origin(std::string_view text, bool allow_http,
                            std::string const& what = "base_url");

bool is_loopback(std::string const& host);

struct Deadlines {
  std::chrono::milliseconds connect{10'000};    // name resolution and TCP
  std::chrono::milliseconds handshake{10'000};  // TLS
  std::chrono::milliseconds read{30'000};       // between two pieces of the answer
  std::chrono::milliseconds request{60'000};    // the whole request and its answer
  friend bool operator==(Deadlines const&, Deadlines const&) = default;
};

struct ClientLimits {
  std::size_t header_bytes = 64 * 1024;
  std::size_t body_bytes = 64 * 1024 * 1024;  // on the wire
  std::size_t inflated_bytes = 256 * 1024 * 1024;
  std::size_t small_bytes = 4 * 1024 * 1024;  // of a body that needs no place; see LargeAnswers
  friend bool operator==(ClientLimits const&, ClientLimits const&) = default;
};

// The HTTP proxy to connect through; see daemon/net/proxy.hpp.
struct Proxy {
  std::string host, port;
  Secret authorization;         // the value of Proxy-Authorization; empty if not needed
  std::string from;             // the setting or variable that names the proxy, for messages
  std::vector<Secret> secrets;  // what nobody may read: the password, and what is sent of it
  friend bool operator==(Proxy const&, Proxy const&) = default;
};

// Proxy::from of a proxy that the configuration names.
inline constexpr char const* configured_proxy = "`proxy`";

struct ClientOptions {
  Origin origin;
  std::optional<Proxy> proxy;  // TLS uses CONNECT
  Deadlines deadlines;
  ClientLimits limits;
  std::string ca_file;  // additional CA certificates; empty: only those of the system
  // Our own certificate and its key, for a server that demands one; empty: none.
  std::string certificate_file, key_file;
  // Any certificate is taken. Only for asking the daemon of this machine how it is, whose
  // certificate names the host that others know it by. Such a client sends no secret, whatever it
  // is given.
  bool unverified = false;
  std::string user_agent;  // "affsync/0.1.0"
  std::size_t idle_connections = 4;
  ClientOptions() = default;
  friend bool operator==(ClientOptions const&, ClientOptions const&) = default;
};

// Thrown for a signed request: the kept connection was closed before it answered anything. A new
// one will be used next.
class LapsedConnection : public Failure {
  using Failure::Failure;
};

// Thrown for a request that was sent as a whole, and of whose answer at most a part came: the peer
// may have done what it asks for.
class UnansweredRequest : public Failure {
  using Failure::Failure;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // Sends one request and returns the whole answer, whatever its status. A large one is not read on
  // as long as others take the memory; that time counts in no deadline.
  // Throws Failure: unknown_host, connect_failed, tls_failed, timeout, truncated,
  // answer_too_large, malformed_answer. If the peer closed a kept-alive connection before it
  // answered anything, the request is sent once more on a new one if it only reads; if it is also
  // signed, LapsedConnection is thrown instead. Others use no kept connection. What goes wrong
  // after the request was sent is an UnansweredRequest. Cancellation
  // (terminal) closes the connection and throws system_error(operation_aborted).
  virtual asio::awaitable<HttpResponse> send(HttpRequest request) = 0;

  // Closes idle connections. Without this call they close after 20 s, and until then their timer
  // keeps the io_context running.
  virtual void close() = 0;
};

// Errors: config_invalid if one of the TLS files cannot be used.
Result<std::unique_ptr<HttpClient>> make_http_client(asio::any_io_executor executor,
                                                     ClientOptions options);

}  // namespace affsync::net
