// How exchanges have requests signed, each as its connector would say it. Expected values are the
// brokers' published ones where there are any; the others were computed with the openssl command
// beside them.
#include <gtest/gtest.h>

#include "connectors/engine/plan/stream_plan.hpp"
#include "connectors/engine/request/auth.hpp"
#include "connectors/engine/request/signature.hpp"

namespace affsync::engine::broker_signatures_test {
namespace {

using namespace std::chrono;

std::string_view constexpr nonce = "00112233445566778899aabbccddeeff";

TimePoint at_millisecond(long count) {
  return TimePoint(milliseconds(count));
}

struct Sent {
  HttpRequest request;
  std::string header(std::string_view name) const {
    for (auto const& [field, value] : request.secret_headers) {
      if (field == name) return value.reveal();
    }
    return std::string(request.headers.find(name).value_or("(none)"));
  }
};

// Signs a request as a source with this `auth` does.
Sent send(std::string const& auth, std::string const& base_url, HttpRequest request, TimePoint now,
          std::string const& secret = "the-secret") {
  auto const manifest = parse_manifest(
      "name: one\ncredentials: {key: , secret: , phrase: {optional: true}}\nbase_url: " + base_url +
          "\nauth:\n" + auth +
          "streams:\n  s: {table: payout, path: /p, records: data, key: id, map: {amount: a}}\n",
      "one.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "main";
  settings.credentials = {{"key", Secret("the-key")}, {"secret", Secret(secret)}};
  if (auth.find("credentials.phrase") != std::string::npos) {
    settings.credentials.emplace("phrase", Secret("the-phrase"));
  }
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  authorize(request, plan->auth, plan->credentials, nullptr);
  add_extras(request, plan->extras, plan->credentials, nullptr);
  sign(request, plan->signature.value(), signed_base_of(plan->base_url), plan->credentials, now,
       nonce);
  return Sent{std::move(request)};
}

constexpr char const* in_query =
    "  type: hmac\n  headers: {X-KEY: \"${credentials.key}\"}\n"
    "  signature: {secret: \"${credentials.secret}\", parts: [query, body], in: query,\n"
    "              timestamp_parameter: timestamp, timestamp_form: milliseconds,\n"
    "              receive_window: 5000, receive_window_parameter: recvWindow}\n";

// Binance's documentation: this key, this order, and both results.
TEST(BrokerSignatures, BinanceSignsTheQueryAndAppendsTheSignature) {
  auto const key = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
  HttpRequest const order(
      Method::get,
      "/api/v3/order?symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1");
  auto const sent =
      send(in_query, "https://api.binance.com", order, at_millisecond(1499827319559), key);
  EXPECT_EQ(sent.request.sent_target(),
            order.target +
                "&recvWindow=5000&timestamp=1499827319559&signature="
                "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71");
  EXPECT_EQ(sent.header("X-KEY"), "the-key");
  // What may be shown is the request without what was added.
  EXPECT_EQ(sent.request.target, order.target);
  EXPECT_EQ(sent.request.place(), "GET " + order.target);

  HttpRequest const encoded(
      Method::get,
      "/api/v3/order?symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&"
      "type=LIMIT&timeInForce=GTC&quantity=1&price=0.1");
  EXPECT_TRUE(
      send(in_query, "https://api.binance.com", encoded, at_millisecond(1499827319559), key)
          .request.sent_target()
          .ends_with(
              "&signature=e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"));
}

// MEXC's documentation, second and third example.
TEST(BrokerSignatures, MexcSignsQueryAndBodyWithoutASeparator) {
  auto const key = "45d0b3c26f2644f19bfb98b07741b2f5";
  HttpRequest query(Method::get,
                    "/api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=11");
  auto sent = send(in_query, "https://api.mexc.com", query, at_millisecond(1644489390087), key);
  EXPECT_TRUE(sent.request.sent_target().ends_with(
      "&recvWindow=5000&timestamp=1644489390087&signature="
      "fd3e4e8543c5188531eb7279d68ae7d26a573d0fc5ab0d18eb692451654d837a"))
      << sent.request.sent_target();

  HttpRequest both(Method::post, "/api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT");
  both.body = "quantity=1&price=11&recvWindow=5000&timestamp=1644489390087";
  sent = send(
      "  type: hmac\n"
      "  signature: {secret: \"${credentials.secret}\", parts: [query, body], in: query}\n",
      "https://api.mexc.com", both, at_millisecond(0), key);
  EXPECT_TRUE(sent.request.sent_target().ends_with(
      "&signature=d1a676610ceb39174c8039b3f548357994b2a34139a8addd33baadba65684592"))
      << sent.request.sent_target();
}

constexpr char const* gate =
    "  type: hmac\n  headers: {KEY: \"${credentials.key}\"}\n"
    "  signature: {secret: \"${credentials.secret}\", algorithm: hmac_sha512, join: \"\\n\",\n"
    "              parts: [method, path, query, body_sha512, timestamp],\n"
    "              header: SIGN, timestamp_header: Timestamp}\n";

// Gate's documentation, both examples.
TEST(BrokerSignatures, GateSignsLinesWithSha512) {
  HttpRequest const get(Method::get, "/futures/orders?contract=BTC_USD&status=finished&limit=50");
  auto const now = at_millisecond(1541993715000);
  auto sent = send(gate, "https://api.gateio.ws/api/v4", get, now, "secret");
  EXPECT_EQ(sent.header("SIGN"),
            "55f84ea195d6fe57ce62464daaa7c3c02fa9d1dde954e4c898289c9a2407a3d6"
            "fb3faf24deff16790d726b66ac9f74526668b13bd01029199cc4fcc522418b8a");
  EXPECT_EQ(sent.header("Timestamp"), "1541993715");
  HttpRequest post(Method::post, "/futures/orders");
  post.body =
      R"({"contract":"BTC_USD","type":"limit","size":100,"price":6800,"time_in_force":"gtc"})";
  sent = send(gate, "https://api.gateio.ws/api/v4", post, now, "secret");
  EXPECT_EQ(sent.header("SIGN"),
            "eae42da914a590ddf727473aff25fc87d50b64783941061f47a3fdb92742541f"
            "c4c2c14017581b4199a1418d54471c269c03a38d788d802e2c306c37636389f0");
}

// printf '1658385579423the-key5000category=option&symbol=BTC-29JUL22-25000-C' |
//   openssl dgst -sha256 -hmac the-secret; for the POST the body instead of the query.
TEST(BrokerSignatures, BybitSignsTimeKeyWindowAndQueryOrBody) {
  auto const auth =
      "  type: hmac\n  headers: {X-BAPI-API-KEY: \"${credentials.key}\"}\n"
      "  signature: {secret: \"${credentials.secret}\",\n"
      "              parts: [timestamp, {credential: key}, receive_window, query, body],\n"
      "              header: X-BAPI-SIGN, timestamp_header: X-BAPI-TIMESTAMP,\n"
      "              timestamp_form: milliseconds, receive_window: 5000,\n"
      "              receive_window_header: X-BAPI-RECV-WINDOW}\n";
  HttpRequest const get(Method::get,
                        "/v5/order/realtime?category=option&symbol=BTC-29JUL22-25000-C");
  auto sent = send(auth, "https://api.bybit.com", get, at_millisecond(1658385579423));
  EXPECT_EQ(sent.header("X-BAPI-SIGN"),
            "270133315f4c3d1f9cc631eb75d1e44d5cf2dac23dadc8531c0edb76554839eb");
  EXPECT_EQ(sent.header("X-BAPI-TIMESTAMP"), "1658385579423");
  EXPECT_EQ(sent.header("X-BAPI-RECV-WINDOW"), "5000");
  EXPECT_FALSE(sent.request.secret_target);
  HttpRequest post(Method::post, "/v5/order/create");
  post.body = R"({"category": "option"})";
  sent = send(auth, "https://api.bybit.com", post, at_millisecond(1658385579423));
  EXPECT_EQ(sent.header("X-BAPI-SIGN"),
            "ddb098b5a51e67f46eaeccd37a8960244e5a52334c85070228a3bbef9bc58b6e");
}

// printf '2020-12-08T09:08:57.715ZGET/api/v5/affiliate/invitee/detail?uid=11111111' |
//   openssl dgst -sha256 -hmac the-secret -binary | base64
TEST(BrokerSignatures, OkxSignsIsoTimeWithMilliseconds) {
  auto const sent = send(
      "  type: hmac\n"
      "  headers: {OK-ACCESS-KEY: \"${credentials.key}\", "
      "OK-ACCESS-PASSPHRASE: \"${credentials.phrase}\"}\n"
      "  signature: {secret: \"${credentials.secret}\", encoding: base64,\n"
      "              parts: [timestamp, method, path_and_query, body], header: OK-ACCESS-SIGN,\n"
      "              timestamp_header: OK-ACCESS-TIMESTAMP, timestamp_form: iso_milliseconds}\n",
      "https://www.okx.com",
      HttpRequest(Method::get, "/api/v5/affiliate/invitee/detail?uid=11111111"),
      at_millisecond(1607418537715));
  EXPECT_EQ(sent.header("OK-ACCESS-TIMESTAMP"), "2020-12-08T09:08:57.715Z");
  EXPECT_EQ(sent.header("OK-ACCESS-SIGN"), "l+NGyBn6wQKqXR/lRapRY2EyThyDkkhXG3gQURt1eFg=");
  EXPECT_EQ(sent.header("OK-ACCESS-PASSPHRASE"), "the-phrase");
}

// printf 'the-key:Thu, 14 Apr 2011 22:44:22 GMT:bannerList:the-secret' | openssl dgst -sha256
TEST(BrokerSignatures, ShareasaleSignsTheTimeOfRfc1123) {
  auto const sent = send(
      "  type: hmac\n"
      "  signature: {algorithm: sha256, join: \":\", header: x-ShareASale-Authentication,\n"
      "              parts: [{credential: key}, timestamp, {const: bannerList}, {credential: "
      "secret}],\n"
      "              timestamp_header: x-ShareASale-Date, timestamp_form: rfc1123}\n",
      "https://api.shareasale.com", HttpRequest(Method::get, "/w.cfm"),
      at_millisecond(1302821062000));
  EXPECT_EQ(sent.header("x-ShareASale-Date"), "Thu, 14 Apr 2011 22:44:22 GMT");
  EXPECT_EQ(sent.header("x-ShareASale-Authentication"),
            "be3388c002aa7c6bfafbdc92ebc06195825dec561004715bf8cad2894360520c");
}

// printf '1547015186532GET/api/v1/rebate?begin=2026-11-01&end=2026-11-02 10:00&type=a,b' |
//   openssl dgst -sha256 -hmac the-secret -binary | base64
// printf the-phrase | openssl dgst -sha256 -hmac the-secret -binary | base64
TEST(BrokerSignatures, KucoinSignsTheSortedPlainQueryAndThePassphrase) {
  auto const sent = send(
      "  type: hmac\n  headers: {KC-API-KEY: \"${credentials.key}\", KC-API-KEY-VERSION: \"3\"}\n"
      "  signature: {secret: \"${credentials.secret}\", encoding: base64,\n"
      "              parts: [timestamp, method, path_and_sorted_raw_query, body],\n"
      "              header: KC-API-SIGN, timestamp_header: KC-API-TIMESTAMP,\n"
      "              timestamp_form: milliseconds,\n"
      "              headers: {KC-API-PASSPHRASE: {signed: \"${credentials.phrase}\"}}}\n",
      "https://api.kucoin.com",
      HttpRequest(Method::get,
                  "/api/v1/rebate?type=a%2Cb&end=2026-11-02%2010%3A00&begin=2026-11-01"),
      at_millisecond(1547015186532));
  EXPECT_EQ(sent.header("KC-API-SIGN"), "deiqD6m6qm585cE/0b+zmNDSud9dtVTnF3ozxk72TSY=");
  EXPECT_EQ(sent.header("KC-API-PASSPHRASE"), "AJvqMi36BE3zxn0Zp2wDJghVpqC1s6A8nSeXq5kYxoA=");
}

// The string is published: recvWindow=0&symbol=BTC-USDT&timestamp=1696751141337. Its hash with our
// key: printf … | openssl dgst -sha256 -hmac the-secret. A window of 0 is no window, so the
// parameter is one of the request here. The other text is asset=a,b c&recvWindow=0&timestamp=….
TEST(BrokerSignatures, BingxSignsSortedPlainParametersAndSendsThemEncoded) {
  auto const auth =
      "  type: hmac\n  headers: {X-BX-APIKEY: \"${credentials.key}\"}\n"
      "  signature: {secret: \"${credentials.secret}\", parts: sorted_raw_query, in: query,\n"
      "              timestamp_parameter: timestamp, timestamp_form: milliseconds}\n";
  auto const now = at_millisecond(1696751141337);
  auto const published = send(auth, "https://open-api.bingx.com",
                              HttpRequest(Method::get, "/x?symbol=BTC-USDT&recvWindow=0"), now);
  EXPECT_EQ(published.request.sent_target(),
            "/x?symbol=BTC-USDT&recvWindow=0&timestamp=1696751141337&signature="
            "9921f0804338ffceb27fde635ab25d38dc2a924f20acd98515275cb27de470cc");
  auto const encoded = send(auth, "https://open-api.bingx.com",
                            HttpRequest(Method::get, "/x?recvWindow=0&asset=a%2Cb%20c"), now);
  EXPECT_EQ(encoded.request.sent_target(),
            "/x?recvWindow=0&asset=a%2Cb%20c&timestamp=1696751141337&signature="
            "f973d8c81009b6977c870200e6a59902a01740a8db9a626712605d3778967db9");
}

// printf 'GET/v2/refer/referee?page=1&limit=101700490703564' |
//   openssl dgst -sha256 -hmac the-secret
TEST(BrokerSignatures, CoinexSignsMethodPathQueryBodyAndTime) {
  auto const sent = send(
      "  type: hmac\n  headers: {X-COINEX-KEY: \"${credentials.key}\"}\n"
      "  signature: {secret: \"${credentials.secret}\",\n"
      "              parts: [method, path_and_query, body, timestamp], header: X-COINEX-SIGN,\n"
      "              timestamp_header: X-COINEX-TIMESTAMP, timestamp_form: milliseconds}\n",
      "https://api.coinex.com/v2", HttpRequest(Method::get, "/refer/referee?page=1&limit=10"),
      at_millisecond(1700490703564));
  EXPECT_EQ(sent.header("X-COINEX-SIGN"),
            "67d44135625f63b5d6219cb7baab8c03d4df9131da36e6567fb3f2bf4b78b3f9");
}

// printf 'GET\napi.huobi.pro\n/v2/invitee/rebate\nAccessKeyId=the-key&SignatureMethod=HmacSHA256&
//   SignatureVersion=2&Timestamp=2017-05-11T15%%3A19%%3A30&uid=7' (one line) |
//   openssl dgst -sha256 -hmac the-secret -binary | base64
TEST(BrokerSignatures, HtxSignsTheHostAndItsKeyIsAParameter) {
  auto const sent = send(
      "  type: hmac\n"
      "  query: {AccessKeyId: \"${credentials.key}\", SignatureMethod: HmacSHA256, "
      "SignatureVersion: 2}\n"
      "  signature: {secret: \"${credentials.secret}\", encoding: base64, join: \"\\n\",\n"
      "              parts: [method, host, path, sorted_query], in: query, parameter: Signature,\n"
      "              timestamp_parameter: Timestamp, timestamp_form: iso_without_zone}\n",
      "https://API.huobi.pro:443", HttpRequest(Method::get, "/v2/invitee/rebate?uid=7"),
      at_millisecond(1494515970000));
  EXPECT_EQ(sent.request.sent_target(),
            "/v2/invitee/rebate?uid=7&AccessKeyId=the-key&SignatureMethod=HmacSHA256&"
            "SignatureVersion=2&Timestamp=2017-05-11T15%3A19%3A30&Signature="
            "nhvmS2nHVDOytSW2DvVKaIoibK3aY2aNH0OJUjyb034%3D");
  EXPECT_EQ(sent.request.target, "/v2/invitee/rebate?uid=7");
}

// printf '00112233445566778899aabbccddeeff1721400000000the-keyid1uid200' | sha256sum; the 64 digits
// and the-secret once more: printf '…the-secret' | sha256sum
TEST(BrokerSignatures, BitunixHashesTwice) {
  auto const sent = send(
      "  type: hmac\n  headers: {api-key: \"${credentials.key}\"}\n"
      "  signature: {secret: \"${credentials.secret}\", algorithm: double_sha256,\n"
      "              parts: [nonce, timestamp, {credential: key}, sorted_names_and_values, body],\n"
      "              header: sign, nonce_header: nonce, timestamp_header: timestamp,\n"
      "              timestamp_form: milliseconds}\n",
      "https://fapi.bitunix.com", HttpRequest(Method::get, "/x?uid=200&id=1"),
      at_millisecond(1721400000000));
  EXPECT_EQ(sent.header("sign"),
            "fcc23ebee8e0eb81772d1bbc662188e17e342584ee3b8fab6f8337ce210aeeb0");
}

// h=$(printf 'api_key=the-key&echostr=00112233445566778899aabbccddeeff&openId=LBA1&pageSize=100&
// signature_method=HmacSHA256&start=0&timestamp=1721305060631' | md5sum | cut -c1-32 | tr a-f A-F)
// printf %s $h | openssl dgst -sha256 -hmac the-secret (the parameters in one line)
TEST(BrokerSignatures, LbankSignsTheUpperMd5OfTheSortedParameters) {
  auto const sent = send(
      "  type: hmac\n  query: {api_key: \"${credentials.key}\", signature_method: HmacSHA256}\n"
      "  signature: {secret: \"${credentials.secret}\", parts: sorted_raw_query,\n"
      "              prehash: upper_md5, in: query, parameter: sign,\n"
      "              timestamp_parameter: timestamp, timestamp_form: milliseconds,\n"
      "              nonce_parameter: echostr}\n",
      "https://affiliate.lbankverify.com",
      HttpRequest(Method::get, "/list?openId=LBA1&start=0&pageSize=100"),
      at_millisecond(1721305060631));
  EXPECT_EQ(sent.request.sent_target(),
            "/list?openId=LBA1&start=0&pageSize=100&api_key=the-key&signature_method=HmacSHA256&"
            "timestamp=1721305060631&echostr=00112233445566778899aabbccddeeff&sign="
            "95e4afdfe41b925bff413931346dcbee22d79d76c858a8d165733ae35f8eaaae");
}

// The published example of Kraken: its private key, its body with the nonce, and the result.
TEST(BrokerSignatures, KrakenSignsThePathAndTheHashOfNonceAndBody) {
  std::string const published =
      "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg==";
  std::string const auth =
      "  type: hmac\n  headers: {API-Key: \"${credentials.key}\"}\n"
      "  signature: {secret: \"${credentials.secret}\", secret_form: base64,\n"
      "              algorithm: hmac_sha512, encoding: base64,\n"
      "              parts: [path_and_query, {sha256: [timestamp, body]}],\n"
      "              header: API-Sign, timestamp_header: API-Nonce,\n"
      "              timestamp_form: milliseconds}\n";
  HttpRequest order(Method::post, "/0/private/AddOrder");
  order.body = "nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25";
  auto const sent =
      send(auth, "https://api.kraken.com", order, at_millisecond(1616492376594), published);
  EXPECT_EQ(
      sent.header("API-Sign"),
      "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ==");
  EXPECT_EQ(sent.header("API-Nonce"), "1616492376594");
}

// The published example of XT: its key, its secret, its body and the result.
TEST(BrokerSignatures, XtSignsItsHeadersAndTheRequestBetweenMarks) {
  HttpRequest order(Method::post, "/v4/order");
  order.body =
      R"({"symbol":"btc_usdt","side":"BUY","bizType":"SPOT","quantity":2,"price":39000,"type":"LIMIT","timeInForce":"GTC"})";
  auto const sent = send(
      "  type: hmac\n"
      "  signature: {secret: \"${credentials.secret}\", header: validate-signature,\n"
      "              parts: [{const: validate-algorithms=HmacSHA256&validate-appkey=48f05386-4228-"
      "48e1-a69f-c9abd2d8fa52&validate-recvwindow=}, receive_window,\n"
      "                      {const: \"&validate-timestamp=\"}, timestamp, {const: \"#\"}, "
      "method,\n"
      "                      {const: \"#\"}, path, {const: \"#\"}, body],\n"
      "              timestamp_header: validate-timestamp, timestamp_form: milliseconds,\n"
      "              receive_window: 5000, receive_window_header: validate-recvwindow}\n",
      "https://sapi.xt.com", order, at_millisecond(1692672585907),
      "8fcffde41cb50b18ce9178424f38d3b688fd0f47");
  EXPECT_EQ(sent.header("validate-signature"),
            "c58a59cf674b80bd3c9182f3db4feddc87ea4f3be7762bbf4bfab39429eec7e9");
}

// printf 'a=1the-key' | md5sum; printf 'a=1the-key' | sha1sum | tr a-f A-F;
// printf 'a=1' | openssl dgst -sha1 -hmac the-secret -binary | base64
// printf 'a=1' | openssl dgst -sha1 -hmac the-secret | sed 's/.*= //' | tr -d '\n' | base64
TEST(BrokerSignatures, OldHashesWithAndWithoutAKey) {
  auto const with = [](std::string const& rest) {
    return send("  type: hmac\n  signature: {" + rest + ", header: S}\n", "https://b.example",
                HttpRequest(Method::get, "/x?a=1"), at_millisecond(0))
        .header("S");
  };
  EXPECT_EQ(with("algorithm: md5, parts: [query, {credential: key}]"),
            "d61c46fa9ab48c5c6f22dd97e07fe4b5");
  EXPECT_EQ(with("algorithm: sha1, encoding: upper_hex, parts: [query, {credential: key}]"),
            "5F16D69135BA85A0D8E6A8AC05C7041C9B2CF395");
  EXPECT_EQ(with("algorithm: sha256, parts: [query, {credential: key}]"),
            "7248c60bc9cfb0855d2a4d053f2897fd6da166b5c902cdc2632e8ecdb95b397a");
  EXPECT_EQ(with("algorithm: hmac_sha1, encoding: base64, parts: [query], "
                 "secret: \"${credentials.secret}\""),
            "MIgpxNezuZPwQJwJMT6hOk+DGF8=");
  EXPECT_EQ(with("algorithm: hmac_sha1, encoding: base64_of_hex, parts: [query], "
                 "secret: \"${credentials.secret}\""),
            "MzA4ODI5YzRkN2IzYjk5M2YwNDA5YzA5MzEzZWExM2E0ZjgzMTg1Zg==");
}

// A next-page link may repeat what was sent: key, time and signature are replaced, not added.
TEST(BrokerSignatures, WhatALinkRepeatsIsReplaced) {
  HttpRequest const first(Method::get, "/x?a=1");
  auto const auth = std::string(in_query) + "  query: {api_key: \"${credentials.key}\"}\n";
  auto const once = send(auth, "https://b.example", first, at_millisecond(1000));
  HttpRequest link(Method::get, once.request.sent_target() + "&page=2");
  auto const again = send(auth, "https://b.example", link, at_millisecond(2000)).request;
  auto const target = again.sent_target();
  EXPECT_TRUE(
      target.starts_with("/x?a=1&page=2&api_key=the-key&recvWindow=5000&timestamp=2000&signature="))
      << target;
  EXPECT_EQ(target.find("timestamp="), target.rfind("timestamp="));
  EXPECT_EQ(target.find("signature="), target.rfind("signature="));
}

}  // namespace
}  // namespace affsync::engine::broker_signatures_test
