// HTTP/1.1 messages of the sandbox. An answer is separate from its delivery, because most faults
// alter the delivery.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace affsync::sandbox {

// The decoded query, in order. A name may occur several times.
class Query {
 public:
  Query() = default;
  explicit Query(std::string_view text);
  // The first value of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  // All values of that name, each split at commas.
  std::vector<std::string> list(std::string_view name) const;
  std::vector<std::pair<std::string, std::string>> const& fields() const { return fields_; }
  void add(std::string name, std::string value);

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct Request {
  std::string method;
  std::string target;
  std::string path;
  Query query;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  std::string_view header(std::string_view lower_case_name) const;  // empty if missing
  std::string_view query_text() const;                              // as received, not decoded
};

// Parses everything up to and including the empty line; nullopt if it is not an HTTP request.
std::optional<Request> parse_request_head(std::string_view head);

// How an answer is sent. The defaults are those of a correct server.
struct Delivery {
  std::chrono::milliseconds delay{0};         // before the first byte
  bool never = false;                         // no answer until the client gives up
  std::optional<std::size_t> reset_after;     // RST after this many bytes of head and body
  std::optional<std::size_t> truncate_after;  // FIN after this many bytes of the body
  long length_delta = 0;                      // added to Content-Length
  bool chunked = false;
  bool endless = false;                     // chunked, without a last chunk
  std::size_t slow_bytes = 0;               // bytes sent at a time …
  std::chrono::milliseconds slow_pause{0};  // … with this pause in between
  bool close = false;
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Delivery delivery;
  std::optional<std::chrono::system_clock::time_point> date;  // of the Date header; default: now

  Reply() = default;
  Reply(int reply_status, std::string reply_body)
      : status(reply_status), body(std::move(reply_body)) {}
};

// Renders the status line and headers with the empty line. The delivery decides between
// Content-Length and Transfer-Encoding.
std::string render_head(Reply const& reply);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::chrono::system_clock::time_point time);

std::string percent_decode(std::string_view text);

// Parses a non-negative integer; nullopt for any other text.
std::optional<std::size_t> whole_number(std::string_view text);

// Compresses `body` with gzip.
std::string gzip(std::string_view body);

}  // namespace affsync::sandbox
