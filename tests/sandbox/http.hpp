// HTTP/1.1 messages of the sandbox: requests are parsed, answers are kept apart from the way they
// are delivered, because the way is what most faults bend.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace affsync::sandbox {

// The decoded query, in order; a name may occur several times.
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

  std::string_view header(std::string_view lower_case_name) const;  // empty when absent
  std::string_view query_text() const;                              // as it came, undecoded
};

// Parses everything up to and including the empty line; nullopt when it is no HTTP request.
std::optional<Request> parse_request_head(std::string_view head);

// How an answer goes over the wire. The defaults are those of an honest server.
struct Delivery {
  std::chrono::milliseconds delay{0};         // before the first byte
  bool never = false;                         // no answer until the client gives up
  std::optional<std::size_t> reset_after;     // RST after so many bytes of head and body
  std::optional<std::size_t> truncate_after;  // FIN after so many bytes of the body
  long length_delta = 0;                      // added to Content-Length
  bool chunked = false;
  bool endless = false;                     // chunked, and never a last chunk
  std::size_t slow_bytes = 0;               // so many bytes at a time …
  std::chrono::milliseconds slow_pause{0};  // … with this pause between
  bool close = false;
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Delivery delivery;
  std::optional<std::chrono::system_clock::time_point> date;  // of the Date header; else now

  Reply() = default;
  Reply(int reply_status, std::string reply_body)
      : status(reply_status), body(std::move(reply_body)) {}
};

// Status line and headers with the empty line; Content-Length or Transfer-Encoding as the delivery
// says.
std::string render_head(Reply const& reply);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::chrono::system_clock::time_point time);

std::string percent_decode(std::string_view text);

// A whole non-negative number; nullopt when the text is anything else.
std::optional<std::size_t> whole_number(std::string_view text);

// The gzip form of `body`.
std::string gzip(std::string_view body);

}  // namespace affsync::sandbox
