// The Exness sandbox in the same process, with a logged-in client.
#include "tests/sandbox/tests/broker_under_test.hpp"

#include "base/clock.hpp"

namespace affsync::sandbox {

exness::ExnessOptions BrokerUnderTest::small() {
  exness::ExnessOptions options;
  options.world.seed = 7;
  options.world.clients = 30;
  options.world.accounts_per_client = 2;
  options.world.days = 40;
  options.world.rewards = 1'234;
  options.world.today = *parse_day("2026-03-31");
  options.payouts_path = "/api/v1/payouts/";
  return options;
}

BrokerUnderTest::BrokerUnderTest(exness::ExnessOptions options, RateOptions rate)
    : SandboxUnderTest(
          [&](RequestLog& log, SandboxClock& clock) {
            return exness::make_exness(options, log, clock);
          },
          rate, options.world.seed) {
  headers = {{"Content-Type", "application/json"}};
  headers.emplace_back("Authorization",
                       "JWT " + log_in(options.login.login, options.login.password));
}

std::vector<Json> BrokerUnderTest::all_rows(std::string const& path_and_filters, int limit) {
  std::vector<Json> rows;
  auto const separator = path_and_filters.find('?') == std::string::npos ? "?" : "&";
  for (;;) {
    auto const page = get_json(path_and_filters + separator + "limit=" + std::to_string(limit) +
                               "&offset=" + std::to_string(rows.size()));
    auto const& data = page.find("data")->items();
    if (data.empty()) return rows;
    rows.insert(rows.end(), data.begin(), data.end());
  }
}

std::string BrokerUnderTest::log_in(std::string const& login, std::string const& password) {
  auto const reply = send("POST", "/api/v2/auth/",
                          R"({"login":")" + login + R"(","password":")" + password + "\"}");
  if (reply.status != 200) return "";
  return parse_json(reply.body).value().find("token")->as_string();
}

}  // namespace affsync::sandbox
