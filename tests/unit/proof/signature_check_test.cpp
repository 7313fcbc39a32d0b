// Signatures looked at from the broker's side. The expected hash was computed with another program;
// see the comment.
#include "connectors/proof/signature_check.hpp"

#include <gtest/gtest.h>

namespace affsync::proof::signature_check_test {
namespace {

using engine::SignatureSpec;
using engine::SignedPart;

TimePoint const now{std::chrono::microseconds(1'795'000'000'123'456)};

engine::SourcePlan plan() {
  engine::SourcePlan out;
  out.credentials["secret"] = Secret("key-of-the-partner");
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
  out.signature = std::move(spec);
  return out;
}

// printf 'v1\nGET\n/api/v3/private/partner/payouts\n<the query, sorted>\n<sha256 of nothing>\n
// 1795000000\n00112233445566778899aabbccddeeff' | openssl dgst -sha256 -hmac key-of-the-partner
HttpRequest request(std::string const& signature, std::string const& time = "1795000000") {
  HttpRequest out(Method::get,
                  "/api/v3/private/partner/payouts?per_page=100&page=2&filter%5Bstatus%5D=pending&"
                  "filter%5Bcreated_from%5D=2026-01-01T00%3A00%3A00%2B03%3A00");
  out.headers.add("X-Api-Signature", signature);
  out.headers.add("X-Api-Timestamp", time);
  out.headers.add("X-Api-Nonce", "00112233445566778899aabbccddeeff");
  return out;
}

std::string const right = "975ba9cb0eb00eab534aedc7c2d282943656ab0f3ca89a7152e46b9815425511";

TEST(SignatureCheck, TakesTheHashThatAnotherProgramMakes) {
  EXPECT_EQ(signature_complaint(plan(), request(right), now), std::nullopt);
}

TEST(SignatureCheck, RefusesEveryOther) {
  auto const wrong = signature_complaint(plan(), request("97" + right.substr(2, 61) + "2"), now);
  ASSERT_TRUE(wrong);
  EXPECT_NE(wrong->find("X-Api-Signature"), std::string::npos);
  // Another path, another body, no signature at all.
  auto other = request(right);
  other.target.replace(other.target.find("payouts"), 7, "account");
  EXPECT_TRUE(signature_complaint(plan(), other, now));
  other = request(right);
  other.body = "{}";
  EXPECT_TRUE(signature_complaint(plan(), other, now));
  EXPECT_TRUE(signature_complaint(plan(), HttpRequest(Method::get, "/"), now));
}

TEST(SignatureCheck, RefusesATimeOfAnotherFormOrAnotherHour) {
  auto const milliseconds = signature_complaint(plan(), request(right, "1795000000123"), now);
  ASSERT_TRUE(milliseconds);
  EXPECT_NE(milliseconds->find("declared form"), std::string::npos) << *milliseconds;
  auto const old = signature_complaint(plan(), request(right), now + std::chrono::hours(1));
  ASSERT_TRUE(old);
  EXPECT_NE(old->find("another time"), std::string::npos) << *old;
}

}  // namespace
}  // namespace affsync::proof::signature_check_test
