// HTTP/1.1 without I/O: bytes in, messages out, and the other way round, with a limit on everything
// that a peer decides. The only unit that knows Beast. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/http_message.hpp"
#include "base/secret.hpp"
#include "daemon/net/http_client.hpp"

namespace affsync::net {

// The bytes of a request: Host, User-Agent, Accept-Encoding, Connection and Content-Length are
// added. Secret, since it holds the credentials. Errors: bad_request for a target or a header that
// would break the message apart (its value is not shown).
// With a proxy the request is written for it: with the whole address, and its credentials.
Result<Secret> encode_request(HttpRequest const& request, Origin const& origin,
                              std::string_view user_agent, Proxy const* proxy = nullptr);
// Asks a proxy for a way through to the origin.
Result<Secret> encode_connect(Origin const& origin, std::string_view user_agent,
                              Proxy const& proxy);

// Reads one answer. Interim answers (1xx) are skipped; gzip and deflate are undone.
class ResponseDecoder {
 public:
  explicit ResponseDecoder(ClientLimits const& limits);
  ResponseDecoder(ResponseDecoder&&) noexcept;
  ResponseDecoder& operator=(ResponseDecoder&&) noexcept;
  ~ResponseDecoder();

  // Takes the next bytes and gives how many of them belong to this answer: fewer than given only
  // when it is complete. Errors: malformed_answer, answer_too_large; then it is of no more use.
  Result<std::size_t> put(std::string_view bytes);

  // The peer ended the connection, in order or not. Errors: truncated, unless the answer is
  // complete or may end so.
  Result<void> put_end(bool clean);

  bool is_done() const;
  // Any byte has come.
  bool has_begun() const;
  // Once done: the connection may carry another request.
  bool keeps_alive() const;
  HttpResponse take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What the server side reads of a request: never a body.
struct IncomingRequest {
  std::string method;
  std::string target;
  Headers headers;
  bool keep_alive = false;
  bool has_body = false;
};

class RequestDecoder {
 public:
  explicit RequestDecoder(std::size_t header_bytes);
  RequestDecoder(RequestDecoder&&) noexcept;
  RequestDecoder& operator=(RequestDecoder&&) noexcept;
  ~RequestDecoder();

  // As above, up to the end of the header. Errors: bad_request, answer_too_large (the header).
  Result<std::size_t> put(std::string_view bytes);
  bool is_done() const;
  bool has_begun() const;
  IncomingRequest take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The bytes of an answer; `head`: without its body. Content-Length and Connection are added.
// Header fields with a line break in them are left out.
std::string encode_response(HttpResponse const& response, bool head, bool keep_alive);

}  // namespace affsync::net
