// HTTP messages as plain values, so that the engine and the network code do not depend on each
// other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace affsync {

// Header fields in order. Names are case-insensitive.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;
  void add(std::string name, std::string value);
  // Returns the first value of that name, trimmed; nullopt if there is none.
  std::optional<std::string_view> find(std::string_view name) const;
  std::vector<Field> const& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

// The only methods that affsync sends: GET for data, POST for a login and for the reads that a
// connector declares.
enum class Method { get, post };
std::string_view to_string(Method method);

struct HttpRequest {
  Method method = Method::get;
  // Path and query, percent-encoded, starts with '/'. Holds no secret, so it may be shown; a
  // credential in the path is still its placeholder here.
  std::string target;
  Headers headers;   // without Host, Content-Length and Connection
  std::string body;  // holds credentials if this is a login: never log it
  // Changes nothing, as the connector says, so it may be sent again. Not set for a login.
  bool only_reads = false;
  // Has a signature with its time: it may be sent again only if it is signed again.
  bool is_signed = false;
  // What is sent instead of `target`, if that differs: with credentials in its path or parameters,
  // or with a signature.
  std::optional<Secret> secret_target;
  // Credentials sent in headers: field name and whole value.
  std::vector<std::pair<std::string, Secret>> secret_headers;

  HttpRequest() = default;
  HttpRequest(Method request_method, std::string request_target)
      : method(request_method), target(std::move(request_target)) {}

  // Returns "GET /api/reports/rewards/?limit=500" for Error::where, without headers, body and
  // secrets.
  std::string place() const;
  // Path and query as they are sent: never show them.
  std::string const& sent_target() const;
  // Returns true if both ask for the same data.
  bool asks_the_same_as(HttpRequest const& other) const;
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;                // decompressed
  std::size_t bytes_received = 0;  // header and body as transferred, before decompression
  // More than blanks came right behind it, so its Content-Length may be too small.
  bool has_surplus = false;
  // Only the end of its connection ends it: neither a length nor chunks nor a compression show that
  // all of it came.
  bool ends_with_connection = false;
  // Made from a file: nobody sent the status, so errors do not tell it.
  bool is_of_file = false;
  // Of a status of 300 or more: why the rest of its header or its body could not be read.
  std::optional<Error> flaw;
  // Of a large one: keeps others from being read while what was made of it is in memory. To be
  // given up on the thread that received it.
  std::shared_ptr<void const> place;

  HttpResponse() = default;
};

}  // namespace affsync
