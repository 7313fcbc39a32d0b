// Encodes and decodes HTTP/1.1 messages, with a limit on every size that a peer decides. The only
// unit that uses Beast. Performs no I/O.
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

// Returns the bytes of a request and adds Host, User-Agent, Accept-Encoding, Connection and
// Content-Length. They are a Secret, since they contain the credentials. With a proxy the target is
// the full URL, and the proxy's credentials are added. Errors: bad_request for a target or a header
// that would break the message (its value is not shown).
Result<Secret> encode_request(HttpRequest const& request, Origin const& origin,
                              std::string_view user_agent, Proxy const* proxy = nullptr);
// Returns the bytes of a CONNECT request, which asks a proxy for a tunnel to the origin.
Result<Secret> encode_connect(Origin const& origin, std::string_view user_agent,
                              Proxy const& proxy);

// Decodes one answer. Skips interim answers (1xx) and decompresses gzip and deflate.
class ResponseDecoder {
 public:
  // `is_first`: on its connection. Behind another answer a line break belongs to that one.
  explicit ResponseDecoder(ClientLimits const& limits, bool is_first = true);
  ResponseDecoder(ResponseDecoder&&) noexcept;
  ResponseDecoder& operator=(ResponseDecoder&&) noexcept;
  ~ResponseDecoder();

  // Takes the next bytes and returns how many of them belong to this answer: fewer than given only
  // if the answer is complete. Errors, but for a status of 300 or more, see give_up():
  // malformed_answer, answer_too_large; after one, the decoder cannot be used again.
  Result<std::size_t> put(std::string_view bytes);

  // Ends an answer that cannot be read to its end, if its status is 300 or more: what is known of a
  // refusal stays. Else returns the error.
  Result<void> give_up(Error why);

  // Call it when the peer has closed the connection; `clean` if it did so in order. Errors:
  // truncated, unless the answer is complete or may end with the connection.
  // `reason`: of an end that is not clean, for the message.
  Result<void> put_end(bool clean, std::string_view reason = {});

  bool is_done() const;
  // True once any byte has arrived.
  bool has_begun() const;
  // Of the header and the body so far, as they came.
  std::size_t bytes() const;
  // Of the body, decompressed: what is here, or what its Content-Length says that there will be.
  std::size_t body_size() const;
  // True once the status line has been read.
  bool has_status() const;
  // True if the answer is complete and the connection may be used for another request.
  bool keeps_alive() const;
  HttpResponse take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A request as the server reads it, without its body.
struct IncomingRequest {
  std::string method;
  std::string target;
  Headers headers;
  bool keep_alive = false;
  bool has_body = false;
  bool is_old = false;  // HTTP/1.0
};

class RequestDecoder {
 public:
  explicit RequestDecoder(std::size_t header_bytes);
  RequestDecoder(RequestDecoder&&) noexcept;
  RequestDecoder& operator=(RequestDecoder&&) noexcept;
  ~RequestDecoder();

  // Like ResponseDecoder::put, up to the end of the header. Errors: bad_request, answer_too_large
  // (the header).
  Result<std::size_t> put(std::string_view bytes);
  bool is_done() const;
  bool has_begun() const;
  IncomingRequest take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Returns the bytes of an answer, without its body if `head`. Adds Content-Length and Connection.
// Leaves out header fields that contain a line break.
std::string encode_response(HttpResponse const& response, bool head, bool keep_alive);

}  // namespace affsync::net
