#include "base/http_message.hpp"

#include <gtest/gtest.h>

namespace affsync::http_message_test {
namespace {

TEST(Headers, NamesCompareWithoutCaseAndValuesAreTrimmed) {
  Headers headers;
  headers.add("Retry-After", " \t120 ");
  headers.add("retry-after", "7");
  EXPECT_EQ(headers.find("RETRY-AFTER"), "120");
  EXPECT_EQ(headers.find("Retry-Afte"), std::nullopt);
  EXPECT_EQ(headers.find("Retry-After2"), std::nullopt);
  EXPECT_EQ(headers.fields().size(), 2u);
}

TEST(HttpRequest, PlaceHoldsNeitherHeadersNorBody) {
  HttpRequest request(Method::post, "/api/login");
  request.body = "hunter2";
  request.secret_headers.emplace_back("Authorization", Secret("hunter2"));
  EXPECT_EQ(request.place(), "POST /api/login");
}

}  // namespace
}  // namespace affsync::http_message_test
