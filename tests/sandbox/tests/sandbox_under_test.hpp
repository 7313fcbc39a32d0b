// A sandbox without sockets, its client, and sums over its answers.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "tests/sandbox/sandbox.hpp"

namespace affsync::sandbox {

class SandboxUnderTest {
 public:
  using Maker = std::function<std::unique_ptr<Broker>(RequestLog&, SandboxClock&)>;
  explicit SandboxUnderTest(Maker const& make_broker, RateOptions rate = {},
                            std::uint64_t seed = 7);

  Reply send(std::string const& method, std::string const& target, std::string const& body = {});
  Reply get(std::string const& target) { return send("GET", target); }
  // Throws std::runtime_error if the answer is not 200.
  Json get_json(std::string const& target);
  // The text at a path of the document from get_json; or "absent", "null" or "true".
  std::string get_text(std::string const& target, std::string const& path);
  Json control(std::string const& query);  // POST /sandbox/control
  void fault(std::string const& spec);
  // A sum of the books, such as `amount.USD`, or `rows`.
  std::string book(std::string const& feed, std::string const& sum);
  SandboxClock& clock() { return clock_; }

  std::vector<std::pair<std::string, std::string>> headers;  // sent with every request

 private:
  RequestLog log_;
  SandboxClock clock_;
  Sandbox sandbox_;
};

// The member as text, whether it is a number or a string.
std::string text_of(Json const& row, std::string_view field);
// The same at a path, such as `meta.to`.
std::string text_at(Json const& document, std::string const& path);
// The exact sum of a member over rows, computed digit by digit on texts scaled to 1e-8. Accepts
// exponents such as 1e-05. A null counts as 0.
std::string sum_of(std::vector<Json> const& rows, std::string_view field);
// The values of that member in all rows, in order.
std::vector<std::string> column(std::vector<Json> const& rows, std::string_view field);
// Empty if the header is missing.
std::string header_of(Reply const& reply, std::string_view name);

}  // namespace affsync::sandbox
