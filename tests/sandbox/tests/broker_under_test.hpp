// The Exness sandbox without sockets, with a logged-in client.
#pragma once

#include <string>
#include <vector>

#include "tests/sandbox/exness/exness.hpp"
#include "tests/sandbox/tests/sandbox_under_test.hpp"

namespace affsync::sandbox {

inline std::string const rewards_path = "/api/reports/rewards/";

class BrokerUnderTest : public SandboxUnderTest {
 public:
  explicit BrokerUnderTest(exness::ExnessOptions options = small(), RateOptions rate = {});

  // 30 clients with two accounts each, 40 days up to 2026-03-31, 1,234 rewards, and payouts.
  static exness::ExnessOptions small();

  // Reads every row of a list, page by page.
  std::vector<Json> all_rows(std::string const& path_and_filters, int limit = 100);
  std::string log_in(std::string const& login, std::string const& password);
};

}  // namespace affsync::sandbox
