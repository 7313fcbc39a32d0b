// HTTP messages as plain values, so that the engine and the network code need not know each other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.hpp"

namespace affsync {

// Header fields in order; names compare without case.
class Headers {
 public:
  using Field = std::pair<std::string, std::string>;
  void add(std::string name, std::string value);
  // The first value of that name, blanks trimmed; nullopt when there is none.
  std::optional<std::string_view> find(std::string_view name) const;
  std::vector<Field> const& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
};

// Only these two leave the process: GET, and the login's POST.
enum class Method { get, post };
std::string_view to_string(Method method);

struct HttpRequest {
  Method method = Method::get;
  std::string target;  // path and query, percent-encoded, beginning with '/'
  Headers headers;     // without Host, Content-Length and Connection
  std::string body;    // holds credentials when this is a login: never printed
  // Credentials that travel in a header: name and whole value.
  std::vector<std::pair<std::string, Secret>> secret_headers;

  HttpRequest() = default;
  HttpRequest(Method request_method, std::string request_target)
      : method(request_method), target(std::move(request_target)) {}

  // "GET /api/reports/rewards/?limit=500"; the place of an error. Never headers or body.
  std::string place() const;
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;                // inflated
  std::size_t bytes_received = 0;  // on the wire, header and body as transferred

  HttpResponse() = default;
};

}  // namespace affsync
