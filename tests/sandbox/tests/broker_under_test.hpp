// A sandbox without sockets, with a client that is logged in, and sums over what it answers.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "tests/sandbox/exness/exness.hpp"
#include "tests/sandbox/sandbox.hpp"

namespace affsync::sandbox {

inline std::string const rewards_path = "/api/reports/rewards/";

class BrokerUnderTest {
 public:
  explicit BrokerUnderTest(exness::ExnessOptions options = small(), RateOptions rate = {});

  // 30 clients with two accounts each, 40 days up to 2026-03-31, 1,234 rewards, payouts.
  static exness::ExnessOptions small();

  Reply send(std::string const& method, std::string const& target, std::string const& body = {});
  Reply get(std::string const& target) { return send("GET", target); }
  Json get_json(std::string const& target);
  // Every row of a list, page by page.
  std::vector<Json> all_rows(std::string const& path_and_filters, int limit = 100);
  Json control(std::string const& query);  // of POST /sandbox/control
  std::string log_in(std::string const& login, std::string const& password);
  void fault(std::string const& spec);

  std::string authorization;  // "JWT …" of the login made at the start

 private:
  RequestLog log_;
  SandboxClock clock_;
  Sandbox sandbox_;
};

// The member as text, whether it is a number or a string.
std::string text_of(Json const& row, std::string_view field);
// The exact sum of a member over rows, by schoolbook addition of texts scaled to 1e-8; 1e-05 and
// the like are understood.
std::string sum_of(std::vector<Json> const& rows, std::string_view field);

}  // namespace affsync::sandbox
