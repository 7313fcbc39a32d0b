// A network whose only way out is a proxy: the broker's name does not even resolve locally.
#include "tests/acceptance/plain_broker.hpp"
#include "tests/support/peer/tunnel_proxy.hpp"

namespace affsync::test::proxy_test {
namespace {

class ThroughProxy : public PlainAcceptance {
 protected:
  // base64 of "na@me:hunter2-planted", computed with another program.
  static constexpr auto authorization = "Basic bmFAbWU6aHVudGVyMi1wbGFudGVk";

  void serve_secure() {
    CertificateOptions wishes;
    wishes.names = {"broker.example"};
    auto const bytes = answer_of(list_of({R"({"id":"1","amount":1,"currency":"USD"})"}));
    serve([bytes](std::string const&) { return bytes; }, authority_.issue(wishes),
          "broker.example");
    tls_ =
        "    tls: {ca_file: " + dir_.write("ca.pem", authority_.certificate_pem()).string() + "}\n";
    source_yaml = tls_;
    configure();
    proxy_ = std::make_unique<TunnelProxy>(plain().port(), authorization);
  }
  std::string proxy_url() const {
    return "http://na%40me:hunter2-planted@127.0.0.1:" + std::to_string(proxy_->port());
  }
  void expect_not_leaked(std::string const& text) const {
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    EXPECT_EQ(text.find("bmFAbWU6"), std::string::npos) << text;
    EXPECT_EQ(query("select count(*) from affsync.sync_run where error ~ 'hunter2|bmFAbWU6'"), "0");
  }

  TestAuthority authority_;
  std::string tls_;
  std::unique_ptr<TunnelProxy> proxy_;
};

TEST_F(ThroughProxy, tls_goes_through_by_connect) {
  serve_secure();
  environment["HTTPS_PROXY"] = proxy_url();
  auto const synced = sync({"-v"});
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  expect_not_leaked(synced.out + synced.err);
  auto const heads = proxy_->heads();
  ASSERT_FALSE(heads.empty());
  EXPECT_TRUE(heads.front().starts_with("CONNECT broker.example:")) << heads.front();
  EXPECT_EQ(heads.front().find("planted-key"), std::string::npos)
      << "the broker's key must not go to the proxy";
  ASSERT_EQ(plain().requests().size(), 1u);
  EXPECT_EQ(plain().requests().front().find("Proxy-"), std::string::npos);

  // A proxy in the source's configuration has priority, including "no proxy".
  environment["HTTPS_PROXY"] = "http://127.0.0.1:1";
  environment["PROXY_URL"] = proxy_url();
  source_yaml = tls_ + "    proxy: \"${PROXY_URL}\"\n";
  configure();
  EXPECT_EQ(sync().status, 0);
  source_yaml = tls_ + "    proxy: none\n";
  configure();
  EXPECT_EQ(sync().of("rows", "error_code"), "unknown_host");
}

TEST_F(ThroughProxy, no_proxy_leaves_hosts_out) {
  serve_secure();
  environment["https_proxy"] = proxy_url();
  environment["NO_PROXY"] = "localhost, .example";
  EXPECT_EQ(sync().of("rows", "error_code"), "unknown_host");
  EXPECT_TRUE(proxy_->heads().empty());
}

TEST_F(ThroughProxy, a_proxy_that_refuses_is_named) {
  serve_secure();
  environment["ALL_PROXY"] =
      "http://na%40me:hunter2-wrong@127.0.0.1:" + std::to_string(proxy_->port());
  auto const checked = affsync({"check"});
  EXPECT_EQ(checked.status, 1);
  EXPECT_NE(checked.out.find("ALL_PROXY"), std::string::npos) << checked.out;
  EXPECT_NE(checked.out.find("407"), std::string::npos) << checked.out;
  EXPECT_NE(checked.out.find("Check the name and password in ALL_PROXY"), std::string::npos)
      << checked.out;
  EXPECT_EQ(checked.out.find("hunter2"), std::string::npos) << checked.out;
  EXPECT_EQ(proxy_->heads().size(), 1u) << "the account may be locked after a few attempts";
}

// NO_PROXY says nothing about a proxy of the configuration.
TEST_F(ThroughProxy, a_proxy_that_is_away_is_told_with_the_way_without_it) {
  serve_secure();
  environment["HTTPS_PROXY"] = "http://127.0.0.1:1";
  auto const by_variable = affsync({"sync"});
  EXPECT_NE(by_variable.out.find("or name this host in NO_PROXY"), std::string::npos)
      << by_variable.out;
  source_yaml = tls_ + "    proxy: http://127.0.0.1:1\n";
  configure();
  auto const by_setting = affsync({"sync"});
  EXPECT_NE(by_setting.out.find("or set `proxy: none`"), std::string::npos) << by_setting.out;
  EXPECT_EQ(by_setting.out.find("NO_PROXY"), std::string::npos) << by_setting.out;
}

TEST_F(ThroughProxy, plain_http_is_asked_for_with_the_whole_address) {
  serve_rows({R"({"id":"1","amount":1,"currency":"USD"})"});
  proxy_ = std::make_unique<TunnelProxy>(plain().port(), authorization);
  environment["http_proxy"] = proxy_url();
  EXPECT_EQ(sync().status, 0);
  ASSERT_FALSE(proxy_->heads().empty());
  EXPECT_TRUE(proxy_->heads().front().starts_with("GET http://127.0.0.1:"))
      << proxy_->heads().front();
}

// A tunnel of this machine: the key would cross the network in plain text.
TEST_F(ThroughProxy, plain_http_to_this_machine_does_not_leave_it_unasked) {
  serve_rows({R"({"id":"1","amount":1,"currency":"USD"})"});
  environment["HTTP_PROXY"] = "http://192.0.2.2:1";
  EXPECT_EQ(sync().status, 0);
  EXPECT_EQ(plain().requests().size(), 1U);
  source_yaml = "    proxy: http://192.0.2.2:1\n";
  configure();
  auto const refused = affsync({"sync"});
  EXPECT_EQ(refused.status, 2) << refused.err;
  EXPECT_NE(refused.err.find("would leave this one over plain http"), std::string::npos)
      << refused.err;
}

// Its password runs out while a list is read: the proxy's refusal is no end of the list.
TEST_F(ThroughProxy, a_proxy_that_refuses_amid_a_list_is_named) {
  page_yaml = "{type: page, limit: n, size: 1}";
  serve([](std::string const& target) {
    auto const page = parameter_of(target, "page");
    if (page == "3") {
      return std::string("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    }
    return answer_of(list_of({R"({"id":")" + page + R"(","amount":1,"currency":"USD"})"}));
  });
  environment["http_proxy"] =
      "http://na%40me:hunter2-planted@127.0.0.1:" + std::to_string(plain().port());
  auto const synced = sync();
  EXPECT_EQ(synced.status, 1) << synced.out;
  EXPECT_EQ(synced.of("rows", "error_code"), "config_invalid") << synced.out;
  EXPECT_NE(synced.of("rows", "error").find("refuses the login: HTTP 407"), std::string::npos)
      << synced.out;
  EXPECT_EQ(plain().requests().size(), 3U) << "the account may be locked after a few attempts";
  expect_not_leaked(synced.out + synced.err);
}

}  // namespace
}  // namespace affsync::test::proxy_test
