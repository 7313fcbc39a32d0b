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
  for (auto const& setting : manifest->settings) {
    if (setting.required) settings.settings.emplace(setting.name, "the-" + setting.name);
  }
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

// printf 'pageIndex=1&pageSize=100&recvWindow=5000&timestamp=1795000000123' |
//   openssl dgst -sha256 -hmac the-api_secret
TEST(ShippedSignatures, Bingx) {
  auto const sent =
      send("bingx", get("/openApi/agent/v1/account/inviteAccountList?pageSize=100&pageIndex=1"));
  EXPECT_EQ(sent.request.sent_target(),
            "/openApi/agent/v1/account/inviteAccountList?pageSize=100&pageIndex=1&recvWindow=5000"
            "&timestamp=1795000000123&signature="
            "230af6d83931eb475d4037344b897799c299f177260c86b169e1767f3720d956");
  EXPECT_EQ(sent.header("X-BX-APIKEY"), "the-api_key");
}

// printf
// '1795000000123GET/api/v2/broker/customer-commissions?startTime=1694275199999&endTime=1694361599999&limit=1000'
// |
//   openssl dgst -sha256 -hmac the-api_secret -binary | base64
// printf '1795000000123POST/api/v2/broker/customer-list{"pageNo":"1","pageSize":"500"}' | … the
// same
TEST(ShippedSignatures, Bitget) {
  auto const sent = send("bitget", get("/api/v2/broker/customer-commissions?startTime=1694275199999"
                                       "&endTime=1694361599999&limit=1000"));
  EXPECT_EQ(sent.header("ACCESS-SIGN"), "1z4nP+FF2SBOzH2ZZIU9HeoVGzcAfVaPWZeIVo6/AL8=");
  EXPECT_EQ(sent.header("ACCESS-TIMESTAMP"), "1795000000123");
  EXPECT_EQ(sent.header("ACCESS-KEY"), "the-api_key");
  EXPECT_EQ(sent.header("ACCESS-PASSPHRASE"), "the-passphrase");
  HttpRequest list(Method::post, "/api/v2/broker/customer-list");
  list.body = R"({"pageNo":"1","pageSize":"500"})";
  EXPECT_EQ(send("bitget", list).header("ACCESS-SIGN"),
            "dwhQlqsO+gm5KrakLhkmTeLpz0+gZohO5zLc4MmPwiE=");
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

// The example of the vendor's page. And for a list of the connector, with e the SHA-512 of no
// bytes: printf "GET\n/api/v4/rebate/partner/sub_list\nlimit=100&offset=0\n$e\n1795000000" |
//   openssl dgst -sha512 -hmac the-api_secret
TEST(ShippedSignatures, Gate) {
  auto const published =
      send("gate", get("/futures/orders?contract=BTC_USD&status=finished&limit=50"), 1541993715000,
           {{"api_key", "key"}, {"api_secret", "secret"}});
  EXPECT_EQ(published.header("SIGN"),
            "55f84ea195d6fe57ce62464daaa7c3c02fa9d1dde954e4c898289c9a2407a3d6"
            "fb3faf24deff16790d726b66ac9f74526668b13bd01029199cc4fcc522418b8a");
  EXPECT_EQ(published.header("KEY"), "key");
  EXPECT_EQ(published.header("Timestamp"), "1541993715");
  EXPECT_EQ(send("gate", get("/rebate/partner/sub_list?limit=100&offset=0")).header("SIGN"),
            "91cfdab300ed2b0c299775e6fa5a6da6a9a2bb6858b6e33e8eafe4a818724058"
            "0ad1ebbfd6cf3adcabea97ab67f56f6b8edc37ed7dd69ccbf2ae6d37783ee62c");
}

// printf '1795000000123GET/api/v2/affiliate/queryInvitees?pageSize=500&page=1' |
//   openssl dgst -sha256 -hmac the-api_secret -binary | base64
// printf the-passphrase | … the same
TEST(ShippedSignatures, Kucoin) {
  auto const sent = send("kucoin", get("/api/v2/affiliate/queryInvitees?pageSize=500&page=1"));
  EXPECT_EQ(sent.header("KC-API-SIGN"), "MmmPC/LQiqtYTB7zcR4khKDPRNt6DuytvsMP5uUsdLg=");
  EXPECT_EQ(sent.header("KC-API-PASSPHRASE"), "hH0j42B7CkSGA2RLUp6BaXr0GiLNAzcgj6/n8sKekVc=");
  EXPECT_EQ(sent.header("KC-API-TIMESTAMP"), "1795000000123");
  EXPECT_EQ(sent.header("KC-API-KEY"), "the-api_key");
  EXPECT_EQ(sent.header("KC-API-KEY-VERSION"), "3");
}

// The second example of the vendor's page.
TEST(ShippedSignatures, Mexc) {
  auto const sent =
      send("mexc", get("/api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=11"),
           1644489390087, {{"api_secret", "45d0b3c26f2644f19bfb98b07741b2f5"}});
  EXPECT_EQ(sent.request.sent_target(),
            "/api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=11"
            "&recvWindow=5000&timestamp=1644489390087&signature="
            "fd3e4e8543c5188531eb7279d68ae7d26a573d0fc5ab0d18eb692451654d837a");
  EXPECT_EQ(sent.header("X-MEXC-APIKEY"), "the-api_key");
}

// printf '1795000000123the-api_key5000size=100&cursor=16197' | openssl dgst -sha256 -hmac
// the-api_secret
TEST(ShippedSignatures, Bybit) {
  auto const sent = send("bybit", get("/v5/affiliate/aff-user-list?size=100&cursor=16197"));
  EXPECT_EQ(sent.header("X-BAPI-SIGN"),
            "78e6c23d875a4e87429d0fef3c2711ee8f5b6aabf103df2beac754fdbfa06e2e");
  EXPECT_EQ(sent.header("X-BAPI-API-KEY"), "the-api_key");
  EXPECT_EQ(sent.header("X-BAPI-TIMESTAMP"), "1795000000123");
  EXPECT_EQ(sent.header("X-BAPI-RECV-WINDOW"), "5000");
}

// printf
// '2026-11-18T11:06:40.123ZGET/api/v5/affiliate/invitee/list?periodType=total&limit=95&page=1' |
//   openssl dgst -sha256 -hmac the-api_secret -binary | base64
TEST(ShippedSignatures, Okx) {
  auto const sent =
      send("okx", get("/api/v5/affiliate/invitee/list?periodType=total&limit=95&page=1"));
  EXPECT_EQ(sent.header("OK-ACCESS-SIGN"), "xFCh7H7D3UbDSoYSeJSsglSq5+4NtaX0BfY1S9BdqB8=");
  EXPECT_EQ(sent.header("OK-ACCESS-TIMESTAMP"), "2026-11-18T11:06:40.123Z");
  EXPECT_EQ(sent.header("OK-ACCESS-KEY"), "the-api_key");
  EXPECT_EQ(sent.header("OK-ACCESS-PASSPHRASE"), "the-passphrase");
}

// The example of the vendor's page.
TEST(ShippedSignatures, Binance) {
  auto const sent = send(
      "binance",
      get("/api/v3/order?symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"),
      1499827319559,
      {{"api_secret", "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"}});
  EXPECT_TRUE(sent.request.sent_target().ends_with(
      "&recvWindow=5000&timestamp=1499827319559&signature="
      "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"))
      << sent.request.sent_target();
  EXPECT_EQ(sent.header("X-MBX-APIKEY"), "the-api_key");
}

// printf '/api/v1/affiliate/invitees?limit=30GET179500000012300112233445566778899aabbccddeeff' |
//   openssl dgst -sha256 -hmac the-api_secret | sed 's/.*= //' | tr -d '\n' | base64 -w0
TEST(ShippedSignatures, Blofin) {
  auto const sent = send("blofin", get("/api/v1/affiliate/invitees?limit=30"));
  EXPECT_EQ(sent.header("ACCESS-SIGN"),
            "ZjNkNzM5ODRmNDdiY2Q1NTM5NTcyODM4NWYyNTMyZTU2YmI1YjQ5OTc4MDIwNDA3YTk4M2JmOWJmMGI0ZGMxMw"
            "==");
  EXPECT_EQ(sent.header("ACCESS-TIMESTAMP"), "1795000000123");
  EXPECT_EQ(sent.header("ACCESS-NONCE"), "00112233445566778899aabbccddeeff");
  EXPECT_EQ(sent.header("ACCESS-KEY"), "the-api_key");
  EXPECT_EQ(sent.header("ACCESS-PASSPHRASE"), "the-passphrase");
}

// printf 'pageSize=200&pageIndex=1&recvWindow=5000&timestamp=1795000000123' |
//   openssl dgst -sha256 -hmac the-api_secret
TEST(ShippedSignatures, Toobit) {
  auto const sent = send("toobit", get("/api/v1/agent/inviteUserList?pageSize=200&pageIndex=1"));
  EXPECT_EQ(sent.request.sent_target(),
            "/api/v1/agent/inviteUserList?pageSize=200&pageIndex=1&recvWindow=5000"
            "&timestamp=1795000000123&signature="
            "d5f6a2caf3cc2315ccaf03bfb3245e92cc9d1c9a4ff49d44beda7e266bd452ce");
  EXPECT_EQ(sent.header("X-BB-APIKEY"), "the-api_key");
}

// printf
// '1795000000123GET/api/v3/rebate/affiliate/getAffiliateCommission?productType=SPOT&pageSize=100&page=1'
// |
//   openssl dgst -sha256 -hmac the-api_secret -binary | base64
TEST(ShippedSignatures, Weex) {
  auto const sent = send("weex", get("/api/v3/rebate/affiliate/getAffiliateCommission"
                                     "?productType=SPOT&pageSize=100&page=1"));
  EXPECT_EQ(sent.header("ACCESS-SIGN"), "ATM+0qFXsT/VJdiXQCWO03ZYwwmYCMFzd+zqGh4acfY=");
  EXPECT_EQ(sent.header("ACCESS-TIMESTAMP"), "1795000000123");
  EXPECT_EQ(sent.header("ACCESS-PASSPHRASE"), "the-passphrase");
}

// h=$(printf 'api_key=the-api_key&coin=&echostr=00112233445566778899aabbccddeeff&openId=LBA1&
// pageSize=100&signature_method=HmacSHA256&start=0&timestamp=1795000000123&tradeType=1' (one line)
//   | md5sum | cut -c1-32 | tr a-f A-F); printf %s $h | openssl dgst -sha256 -hmac the-api_secret
TEST(ShippedSignatures, Lbank) {
  auto const sent = send("lbank", get("/affiliate-api/v2/commission/stats/symbol/list?openId=LBA1&"
                                      "coin=&tradeType=1&start=0&pageSize=100"));
  EXPECT_EQ(sent.request.sent_target(),
            "/affiliate-api/v2/commission/stats/symbol/list?openId=LBA1&coin=&tradeType=1&start=0&"
            "pageSize=100&api_key=the-api_key&signature_method=HmacSHA256&timestamp=1795000000123&"
            "echostr=00112233445566778899aabbccddeeff&sign="
            "b75635be4d8b148dd67820994618fb6c306f0054548475cd3a3760517179d189");
}

// With the vendor's published private key k:
// { printf '/affiliate/v1/daily-activity?limit=1&activity_date=2026-09-16';
//   printf 1616492376594 | openssl dgst -sha256 -binary; } | openssl dgst -sha512 -mac HMAC
//   -macopt hexkey:$(printf %s $k | base64 -d | xxd -p -c 99) -binary | base64 -w0
TEST(ShippedSignatures, Kraken) {
  auto const sent = send(
      "kraken", get("/affiliate/v1/daily-activity?limit=1&activity_date=2026-09-16"), 1616492376594,
      {{"api_secret",
        "kQH5HW/"
        "8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="}});
  EXPECT_EQ(
      sent.header("API-Sign"),
      "jS6BB/NMa0LPAuaJSn5W4ocw6vykDWSY44PnXlReotxkvhiJWN7A5ta0IDw9efoAQHn0jbvdMWR0b9FuVF7ijg==");
  EXPECT_EQ(sent.header("API-Nonce"), "1616492376594");
  EXPECT_EQ(sent.header("API-Key"), "the-api_key");
}

// printf 'validate-algorithms=HmacSHA256&validate-appkey=the-api_key&validate-recvwindow=5000&
// validate-timestamp=1795000000123#GET#/v4/referal/invite/users#direction=NEXT&fromId=123&
// limit=100' (one line) | openssl dgst -sha256 -hmac the-api_secret
TEST(ShippedSignatures, Xt) {
  auto const sent = send("xt", get("/v4/referal/invite/users?direction=NEXT&limit=100&fromId=123"));
  EXPECT_EQ(sent.header("validate-signature"),
            "25e92784aac08d9c972f44b3e98b1e079e4fc30e3eea6bd2dbc522058b353c21");
  EXPECT_EQ(sent.header("validate-timestamp"), "1795000000123");
  EXPECT_EQ(sent.header("validate-recvwindow"), "5000");
  EXPECT_EQ(sent.header("validate-appkey"), "the-api_key");
  EXPECT_EQ(sent.header("validate-algorithms"), "HmacSHA256");
}

}  // namespace
}  // namespace affsync::engine::shipped_signatures_test
