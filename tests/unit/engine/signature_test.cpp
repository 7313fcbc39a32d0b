// Requests signed with a keyed hash. Every expected hash was computed with another program: `printf
// '…' | openssl dgst -sha256 -hmac KEY` of the text in the comment.
#include "connectors/engine/request/signature.hpp"

#include <gtest/gtest.h>

#include <set>

#include "connectors/engine/values/base64.hpp"

namespace affsync::engine::signature_test {
namespace {

TimePoint const now{std::chrono::microseconds(1'795'000'000'123'456)};
std::string_view constexpr nonce = "00112233445566778899aabbccddeeff";

Credentials credentials() {
  return {{"secret", Secret("key-of-the-partner")}, {"id", Secret("the-id")}};
}

// Seven lines: version, request, hash of the body, time and nonce.
SignatureSpec seven_lines() {
  SignatureSpec spec;
  spec.secret = "${credentials.secret}";
  spec.parts = {{SignedPart::constant, "v1"},  {SignedPart::method, {}},
                {SignedPart::path, {}},        {SignedPart::sorted_query, {}},
                {SignedPart::body_sha256, {}}, {SignedPart::timestamp, {}},
                {SignedPart::nonce, {}}};
  spec.join = "\n";
  spec.header = "X-Api-Signature";
  spec.timestamp_header = "X-Api-Timestamp";
  spec.nonce_header = "X-Api-Nonce";
  return spec;
}

HttpRequest payouts() {
  return {Method::get,
          "/private/partner/payouts?per_page=100&page=2&filter%5Bstatus%5D=pending&"
          "filter%5Bcreated_from%5D=2026-01-01T00%3A00%3A00%2B03%3A00"};
}

std::string signed_value(HttpRequest const& request) {
  return request.secret_headers.at(0).second.reveal();
}

// The seven lines are as follows; the fifth is the hash of an empty body (printf '' | sha256sum):
//   v1
//   GET
//   /api/v3/private/partner/payouts
//   filter%5Bcreated_from%5D=2026-01-01T00%3A00%3A00%2B03%3A00&filter%5Bstatus%5D=pending&page=2&…
//   e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
//   1795000000
//   00112233445566778899aabbccddeeff
// The fourth line ends with `per_page=100`, and the last has no line end. The key is
// key-of-the-partner.
TEST(Signature, IsWhatAnotherProgramMakesOfTheSameText) {
  auto request = payouts();
  sign(request, seven_lines(), "/api/v3", credentials(), now, nonce);
  ASSERT_EQ(request.secret_headers.size(), 1u);
  EXPECT_EQ(request.secret_headers[0].first, "X-Api-Signature");
  EXPECT_EQ(signed_value(request),
            "975ba9cb0eb00eab534aedc7c2d282943656ab0f3ca89a7152e46b9815425511");
  EXPECT_EQ(request.headers.find("X-Api-Timestamp"), "1795000000");
  EXPECT_EQ(request.headers.find("X-Api-Nonce"), nonce);
  EXPECT_EQ(request.target, payouts().target);
}

// The same through `openssl dgst -sha512 -hmac key-of-the-partner -binary | base64 -w0`.
TEST(Signature, MayBeLongerAndInBase64AndHaveAPrefix) {
  auto spec = seven_lines();
  spec.algorithm = SignatureSpec::Algorithm::hmac_sha512;
  spec.encoding = SignatureSpec::Encoding::base64;
  spec.prefix = "sha512=";
  auto request = payouts();
  sign(request, spec, "/api/v3", credentials(), now, nonce);
  EXPECT_EQ(
      signed_value(request),
      "sha512=EcvNPip/HqCp9ZutNjYPNdWHiMJvQRean055OExrmkkNC+KUk9/tEx4CjIgiAc6yyx1ZzQKYyEroRNH8FM"
      "5lSg==");
}

// printf 'GET/v1/x?b=2&a=1' | openssl dgst -sha256 -hmac k
TEST(Signature, PartsMayFollowEachOtherAndTheQueryAsItIsSent) {
  SignatureSpec spec;
  spec.secret = "${credentials.secret}";
  spec.parts = {{SignedPart::method, {}},
                {SignedPart::path, {}},
                {SignedPart::constant, "?"},
                {SignedPart::query, {}}};
  spec.header = "X-Sign";
  HttpRequest request(Method::get, "/x?b=2&a=1");
  sign(request, spec, "/v1", {{"secret", Secret("k")}}, now, nonce);
  EXPECT_EQ(signed_value(request),
            "c8d1b5655b76c7f87c06b757c86e28dbff83ae974088c46956275b0561f621aa");
  EXPECT_TRUE(request.headers.fields().empty());
}

// printf '1795000000123idGET' | openssl dgst -sha256 -hmac secret -binary | base64
TEST(Signature, ConstantsMayHoldACredentialAndTimeMilliseconds) {
  SignatureSpec spec;
  spec.secret = "${credentials.secret}";
  spec.parts = {{SignedPart::timestamp, {}},
                {SignedPart::constant, "${credentials.id}"},
                {SignedPart::method, {}}};
  spec.encoding = SignatureSpec::Encoding::base64;
  spec.timestamp_form = SignatureSpec::TimestampForm::milliseconds;
  spec.timestamp_header = "T";
  spec.header = "S";
  HttpRequest request(Method::get, "/x");
  sign(request, spec, "", {{"secret", Secret("secret")}, {"id", Secret("id")}}, now, nonce);
  EXPECT_EQ(signed_value(request), "BO0kq5J84+j8GwI7N6vnT9liG/pB4c022gER1XYW7no=");
  EXPECT_EQ(request.headers.find("T"), "1795000000123");
}

TEST(Signature, TimeMayBeIso) {
  auto spec = seven_lines();
  spec.timestamp_form = SignatureSpec::TimestampForm::iso;
  auto request = payouts();
  sign(request, spec, "", credentials(), now, nonce);
  EXPECT_EQ(request.headers.find("X-Api-Timestamp"), "2026-11-18T11:06:40Z");
}

TEST(Signature, EveryPartCounts) {
  std::set<std::string> seen;
  auto const add = [&](HttpRequest request, std::string_view base, TimePoint at,
                       std::string_view once, std::string const& key) {
    sign(request, seven_lines(), base, {{"secret", Secret(key)}}, at, once);
    EXPECT_TRUE(seen.insert(signed_value(request)).second);
  };
  add(payouts(), "/api/v3", now, nonce, "k");
  add(payouts(), "/api/v2", now, nonce, "k");
  add(payouts(), "/api/v3", now + std::chrono::seconds(1), nonce, "k");
  add(payouts(), "/api/v3", now, "1", "k");
  add(payouts(), "/api/v3", now, nonce, "K");
  auto request = payouts();
  request.target += "&x=1";
  add(request, "/api/v3", now, nonce, "k");
  request = payouts();
  request.method = Method::post;
  add(request, "/api/v3", now, nonce, "k");
  request = payouts();
  request.body = "{}";
  add(request, "/api/v3", now, nonce, "k");
}

TEST(Signature, AQueryIsSortedAsWholeEncodedPairs) {
  EXPECT_EQ(sort_query(""), "");
  EXPECT_EQ(sort_query("b=2&a=1"), "a=1&b=2");
  // A plain bracket is encoded; an encoded bracket is not encoded twice.
  EXPECT_EQ(sort_query("filter[x]=1&filter%5bx%5d=0"), "filter%5Bx%5D=0&filter%5Bx%5D=1");
  // Sorted by the bytes of the encoded text: % comes before digits, letters of any case and =.
  EXPECT_EQ(sort_query("a=1&a%5B%5D=2&a1=3&A=4&aa=5"), "A=4&a%5B%5D=2&a1=3&a=1&aa=5");
  EXPECT_EQ(sort_query("k=b&k=a&k="), "k=&k=a&k=b");
  EXPECT_EQ(sort_query("a+b=c+d&x=~-._!*'()"), "a%20b=c%20d&x=~-._%21%2A%27%28%29");
  EXPECT_EQ(sort_query("name|ASC=%7C&д=я"), "%D0%B4=%D1%8F&name%7CASC=%7C");
  EXPECT_EQ(sort_query("flag&&=v&a=b=c"), "=v&a=b%3Dc&flag=");
  EXPECT_EQ(sort_query("bad=%zz%4"), "bad=%25zz%254");
}

TEST(Signature, TheBasePathIsThatOfTheUrl) {
  EXPECT_EQ(base_path_of("https://broker.example"), "");
  EXPECT_EQ(base_path_of("https://broker.example/"), "");
  EXPECT_EQ(base_path_of("https://broker.example:8443/api/v3/"), "/api/v3");
  EXPECT_EQ(base_path_of("no url"), "");
}

TEST(Signature, ANonceIsNewEachTime) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    auto const one = make_nonce();
    EXPECT_EQ(one.size(), 32u);
    EXPECT_EQ(one.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(one).second);
  }
}

TEST(Signature, AMissingKeyIsToldWithoutTheOthers) {
  auto request = payouts();
  try {
    sign(request, seven_lines(), "", {{"id", Secret("planted-id")}}, now, nonce);
    FAIL();
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().to_line().find("planted"), std::string::npos);
    EXPECT_NE(failure.error().to_line().find("\"secret\""), std::string::npos);
  }
}

// printf 'user:pä:ss' | base64
TEST(Signature, BasicIsBase64OfBoth) {
  EXPECT_EQ(basic_value("user", "pä:ss"), "Basic dXNlcjpww6Q6c3M=");
  EXPECT_EQ(encode_base64(""), "");
}

}  // namespace
}  // namespace affsync::engine::signature_test
