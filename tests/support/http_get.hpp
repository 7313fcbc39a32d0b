// A small blocking HTTP client for tests: one request per connection, loopback only, no redirects.
// Bodies are returned as sent: chunks are joined, nothing is decompressed.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace affsync::test {

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  bool complete = false;  // the body had the announced length

  std::string header(std::string const& lower_case_name) const;  // empty when absent
};

using HttpFields = std::vector<std::pair<std::string, std::string>>;

// `url` is http://127.0.0.1:PORT/…. Throws std::runtime_error if the connection fails or no
// complete header arrives within the limit.
HttpAnswer http_get(std::string const& url, HttpFields const& headers = {},
                    std::chrono::seconds limit = std::chrono::seconds(30));
HttpAnswer http_post(std::string const& url, std::string const& json,
                     HttpFields const& headers = {},
                     std::chrono::seconds limit = std::chrono::seconds(30));
HttpAnswer http_request(std::string const& method, std::string const& url, std::string const& body,
                        HttpFields const& headers,
                        std::chrono::seconds limit = std::chrono::seconds(30));

}  // namespace affsync::test
