// The signatures of the connectors as they ship. Where the broker publishes a request with its key,
// this is that request; the others were computed by another program, shown beside them. Each
// request is one of the connector, at 2026-11-18 11:06:40.123 UTC, which is 1795000000123, unless
// it says otherwise.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <stdexcept>

#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/request/auth.hpp"
#include "connectors/engine/request/signature.hpp"

namespace affsync::engine::shipped_signatures_test {
namespace {

constexpr long long at = 1'795'000'000'123;

// The request as it would be sent by a source whose credentials are the-api_key, the-api_secret …
struct Sent {
  HttpRequest request;
  std::string header(std::string_view name) const {
    for (auto const& [field, value] : request.secret_headers) {
      if (field == name) return value.reveal();
    }
    return std::string(request.headers.find(name).value_or("(none)"));
  }
};

Sent send(std::string const& connector, HttpRequest request, long long milliseconds = at,
          std::map<std::string, std::string> const& given = {}) {
  static auto const manifests = builtin_manifests().value();
  auto const manifest = std::ranges::find(manifests, connector, &Manifest::name);
  if (manifest == manifests.end()) throw std::runtime_error("no connector " + connector);
  SourceSettings settings;
  settings.name = "main";
  for (auto const& credential : manifest->credentials) {
    auto const other = given.find(credential.name);
    auto const value = other == given.end() ? "the-" + credential.name : other->second;
    settings.credentials.emplace(credential.name, Secret(value));
  }
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  authorize(request, plan->auth, plan->credentials, nullptr);
  add_extras(request, plan->extras, plan->credentials, nullptr);
  sign(request, plan->signature.value(), signed_base_of(plan->base_url), plan->credentials,
       TimePoint(std::chrono::milliseconds(milliseconds)), "00112233445566778899aabbccddeeff");
  return Sent{std::move(request)};
}

HttpRequest get(std::string const& target) {
  return HttpRequest(Method::get, target);
}

// The request of the vendor's page, which does not print its secret:
// printf
// 'GET/v2/spot/pending-order?market=BTCUSDT&market_type=SPOT&side=buy&page=1&limit=101700490703564'
// |
//   openssl dgst -sha256 -hmac the-secret_key
// printf 'GET/v2/refer/referee?limit=100&page=11795000000123' | … the same
TEST(ShippedSignatures, Coinex) {
  auto const shown = send(
      "coinex", get("/spot/pending-order?market=BTCUSDT&market_type=SPOT&side=buy&page=1&limit=10"),
      1700490703564);
  EXPECT_EQ(shown.header("X-COINEX-SIGN"),
            "ce6ca036d3060bbb14f06f0e473a1bf911cb11ab0fa2409fae3b9172ee79a9d9");
  EXPECT_EQ(shown.header("X-COINEX-TIMESTAMP"), "1700490703564");
  EXPECT_EQ(shown.header("X-COINEX-KEY"), "the-access_id");
  EXPECT_EQ(send("coinex", get("/refer/referee?limit=100&page=1")).header("X-COINEX-SIGN"),
            "ba59b3300151a298355dbfd671adedd8a7aad99ed8285d4d5daf6a8f3a8fa2b3");
}

}  // namespace
}  // namespace affsync::engine::shipped_signatures_test
