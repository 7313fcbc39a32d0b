#include <gtest/gtest.h>

#include "daemon/net/http_client.hpp"

namespace affsync::net::origin_test {
namespace {

Error error_of(std::string const& url, bool allow_http = false) {
  auto const origin = parse_origin(url, allow_http);
  return origin.has_error() ? origin.error() : Error(ErrorCode::internal, "accepted " + url);
}

TEST(Origin, IsTakenApart) {
  auto const origin = parse_origin("https://My.Broker.example:8443/api//", false).value();
  EXPECT_TRUE(origin.tls);
  EXPECT_EQ(origin.host, "my.broker.example");
  EXPECT_EQ(origin.port, "8443");
  EXPECT_EQ(origin.base_path, "/api");
  EXPECT_EQ(origin.host_header(), "my.broker.example:8443");
}

TEST(Origin, KnowsTheUsualPorts) {
  auto const https = parse_origin("https://my.broker.example", false).value();
  EXPECT_EQ(https.port, "443");
  EXPECT_EQ(https.base_path, "");
  EXPECT_EQ(https.host_header(), "my.broker.example");
  auto const http = parse_origin("HTTP://my.broker.example/", true).value();
  EXPECT_FALSE(http.tls);
  EXPECT_EQ(http.port, "80");
  EXPECT_EQ(http.host_header(), "my.broker.example");
}

// A parser that stops after what looks like an IP address would send the credentials elsewhere.
TEST(Origin, OfANameThatBeginsLikeAnAddress) {
  auto const origin = parse_origin("https://1.2.3.4.broker.example/x", false).value();
  EXPECT_EQ(origin.host, "1.2.3.4.broker.example");
  EXPECT_EQ(origin.base_path, "/x");
}

TEST(Origin, OfAnIpv6Address) {
  auto const origin = parse_origin("https://[2001:db8::1]:8443", false).value();
  EXPECT_EQ(origin.host, "2001:db8::1");
  EXPECT_EQ(origin.host_header(), "[2001:db8::1]:8443");
}

TEST(Origin, PlainHttpIsForLoopbackOrOnRequest) {
  for (auto const* local :
       {"http://localhost:1", "http://127.0.0.1", "http://127.9.9.9", "http://[::1]:8080"}) {
    EXPECT_TRUE(parse_origin(local, false)) << local;
  }
  for (auto const* remote : {"http://my.broker.example", "http://10.0.0.1", "http://[2001:db8::1]",
                             "http://localhost.evil.example", "http://127.0.0.1.evil.example"}) {
    EXPECT_EQ(error_of(remote).code, ErrorCode::config_invalid) << remote;
    EXPECT_NE(error_of(remote).hint.find("allow_http"), std::string::npos);
    EXPECT_TRUE(parse_origin(remote, true)) << remote;
  }
}

TEST(Origin, WhatIsNoOrigin) {
  for (auto const* odd : {"",
                          "my.broker.example",
                          "//my.broker.example",
                          "ftp://my.broker.example",
                          "https://",
                          "https:my.broker.example",
                          "https:///path",
                          "https://a b",
                          "https://a.example:0",
                          "https://a.example:65536",
                          "https://a.example:x",
                          "https://a.example/?q=1",
                          "https://a.example/#f",
                          "https://a%2eexample",
                          "https://пример.example",
                          "https://a\r\nb",
                          "https://[::1",
                          "https://[::1]x:80",
                          "https://[not-v6]",
                          "https://a.example:",
                          "https://a.example:80:80",
                          "https://a.example/ b"}) {
    EXPECT_EQ(error_of(odd).code, ErrorCode::config_invalid) << odd;
  }
}

TEST(Origin, ACredentialInTheUrlIsRefusedAndNotRepeated) {
  for (auto const* url : {"https://user:hunter2@my.broker.example", "user:hunter2@host",
                          "https://hunter2@my.broker.example"}) {
    auto const error = error_of(url);
    EXPECT_EQ(error.code, ErrorCode::config_invalid) << url;
    EXPECT_EQ(error.to_line().find("hunter2"), std::string::npos);
  }
}

}  // namespace
}  // namespace affsync::net::origin_test
