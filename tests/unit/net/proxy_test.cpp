// Which proxy a source uses, and how a proxy is configured.
#include "daemon/net/proxy.hpp"

#include <gtest/gtest.h>

#include <map>

#include "daemon/net/http_codec.hpp"

namespace affsync::net::proxy_test {
namespace {

using Environment = std::map<std::string, std::string>;

// "host:port from VARIABLE", "none", or the code of the error.
std::string chosen(Environment const& environment, std::string const& base_url) {
  auto const variables = [&](std::string const& name) -> std::optional<std::string> {
    auto const found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  auto const proxy = proxy_from(variables, parse_origin(base_url, true).value());
  if (!proxy) return std::string(to_string(proxy.error().code));
  if (!*proxy) return "none";
  return (*proxy)->host + ":" + (*proxy)->port + " from " + (*proxy)->from;
}

TEST(Proxy, IsTakenFromTheVariablesThatCurlReads) {
  std::string const secure = "https://api.broker.example/v1", plain = "http://api.broker.example";
  EXPECT_EQ(chosen({}, secure), "none");
  EXPECT_EQ(chosen({{"HTTPS_PROXY", "http://gate:3128"}}, secure), "gate:3128 from HTTPS_PROXY");
  EXPECT_EQ(chosen({{"https_proxy", "gate:3128"}}, secure), "gate:3128 from https_proxy");
  EXPECT_EQ(chosen({{"https_proxy", "small:1"}, {"HTTPS_PROXY", "large:2"}}, secure),
            "small:1 from https_proxy");
  EXPECT_EQ(chosen({{"HTTPS_PROXY", "http://gate:3128"}}, plain), "none");
  EXPECT_EQ(chosen({{"HTTP_PROXY", "http://gate:3128/"}}, plain), "gate:3128 from HTTP_PROXY");
  EXPECT_EQ(chosen({{"HTTP_PROXY", "http://gate:3128"}}, secure), "none");
  EXPECT_EQ(chosen({{"ALL_PROXY", "http://gate"}}, secure), "gate:80 from ALL_PROXY");
  EXPECT_EQ(chosen({{"all_proxy", "http://[::1]:8080"}}, plain), "::1:8080 from all_proxy");
  EXPECT_EQ(chosen({{"HTTPS_PROXY", ""}}, secure), "none");
  EXPECT_EQ(chosen({{"HTTPS_PROXY", "http://gate:3128"}, {"NO_PROXY", "localhost,.broker.example"}},
                   secure),
            "none");
}

TEST(Proxy, NoProxyNamesHostsAndAllBelowThem) {
  struct Case {
    char const* list;
    char const* host;
    bool exempt;
  };
  for (auto const& one : std::initializer_list<Case>{
           {"broker.example", "broker.example", true},
           {"broker.example", "api.broker.example", true},
           {"broker.example", "mybroker.example", false},
           {".broker.example", "api.broker.example", true},
           {"*.broker.example", "api.broker.example", true},
           {"Broker.Example.", "api.BROKER.example", true},
           {"a.example, b.example\tc.example", "c.example", true},
           {"*", "anything.example", true},
           {"broker.example:443", "broker.example", true},
           {"broker.example:8443", "broker.example", false},
           {"127.0.0.1", "127.0.0.1", true},
           {"0.0.1", "127.0.0.1", false},
           {"10.0.0.0/8", "10.200.3.4", true},
           {"10.0.0.0/8", "11.0.0.1", false},
           {"fd00::/8", "fd12::1", true},
           {"::1", "::1", true},
           {"10.0.0.0/99, /, :, [", "10.0.0.1", false},
           {"", "broker.example", false},
           {" , ,", "broker.example", false},
       }) {
    EXPECT_EQ(is_exempt(one.list, one.host, "443"), one.exempt) << one.list << " " << one.host;
  }
}

TEST(Proxy, WhatIsNoneIsRefusedWithoutItsPassword) {
  for (auto const* odd :
       {"https://name:hunter2@gate:1", "socks5://name:hunter2@gate:1", "ftp://name:hunter2@gate",
        "http://name:hunter2@", "http://name:hunter2@gate:0", "http://name:hunter2@gate:x",
        "http://name:hunter2@gate/path", "http://name:hunter2%@gate",
        "http://name:hunter2@ga te"}) {
    auto const proxy = parse_proxy(odd, "HTTPS_PROXY");
    ASSERT_FALSE(proxy) << odd;
    EXPECT_EQ(proxy.error().code, ErrorCode::config_invalid);
    EXPECT_NE(proxy.error().message.find("HTTPS_PROXY"), std::string::npos);
    EXPECT_EQ(proxy.error().to_line().find("hunter2"), std::string::npos) << odd;
  }
}

TEST(Proxy, PlainHttpToThisMachineDoesNotLeaveItUnasked) {
  auto const set_to = [](std::string const& url) {
    return [url](std::string const& name) {
      return name == "http_proxy" ? std::optional(url) : std::nullopt;
    };
  };
  auto const here = parse_origin("http://localhost:18085", false).value();
  std::optional<Secret> const none;
  EXPECT_FALSE(choose_proxy(none, set_to("http://192.0.2.2:1"), here, false).value());
  EXPECT_EQ(choose_proxy(none, set_to("http://192.0.2.2:1"), here, true).value()->host,
            "192.0.2.2");
  EXPECT_EQ(choose_proxy(none, set_to("http://127.0.0.1:1"), here, false).value()->host,
            "127.0.0.1");
  std::optional<Secret> const far(Secret("http://192.0.2.2:1")), near(Secret("http://[::1]:1"));
  auto const refused = choose_proxy(far, set_to(""), here, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::config_invalid);
  EXPECT_NE(refused.error().message.find("localhost:18085 would leave"), std::string::npos);
  EXPECT_TRUE(choose_proxy(far, set_to(""), here, true).value());
  EXPECT_TRUE(choose_proxy(near, set_to(""), here, false).value());
  EXPECT_FALSE(choose_proxy(Secret("none"), set_to("http://127.0.0.1:1"), here, false).value());
  auto const broker = parse_origin("https://broker.example", false).value();
  EXPECT_TRUE(choose_proxy(far, set_to(""), broker, false).value());
  auto const allowed = parse_origin("http://broker.example", true).value();
  EXPECT_TRUE(choose_proxy(none, set_to("http://192.0.2.2:1"), allowed, true).value());
}

TEST(Proxy, IsAskedForAWayThrough) {
  // base64 of "na@me:hun:ter2", computed with another program.
  auto const proxy = parse_proxy("http://na%40me:hun:ter2@gate:3128", "`proxy`").value();
  EXPECT_EQ(proxy.authorization.reveal(), "Basic bmFAbWU6aHVuOnRlcjI=");
  auto const origin = parse_origin("https://broker.example/api", false).value();
  EXPECT_EQ(encode_connect(origin, "affsync/1", proxy).value().reveal(),
            "CONNECT broker.example:443 HTTP/1.1\r\nHost: broker.example:443\r\n"
            "User-Agent: affsync/1\r\nProxy-Authorization: Basic bmFAbWU6aHVuOnRlcjI=\r\n\r\n");
  // A request through the tunnel does not contain the proxy's credentials.
  HttpRequest const request(Method::get, "/rows?x=1");
  auto const sent = encode_request(request, origin, "affsync/1").value().reveal();
  EXPECT_TRUE(sent.starts_with("GET /api/rows?x=1 HTTP/1.1\r\nHost: broker.example\r\n")) << sent;
  EXPECT_EQ(sent.find("Proxy-"), std::string::npos);
  // A plain HTTP request, which the proxy must read, does.
  auto const plain = parse_origin("http://broker.example:8080", true).value();
  auto const passed_on = encode_request(request, plain, "affsync/1", &proxy).value().reveal();
  EXPECT_TRUE(passed_on.starts_with("GET http://broker.example:8080/rows?x=1 HTTP/1.1\r\n"));
  EXPECT_NE(passed_on.find("Proxy-Authorization: Basic bmFAbWU6aHVuOnRlcjI=\r\n"),
            std::string::npos);
}

}  // namespace
}  // namespace affsync::net::proxy_test
