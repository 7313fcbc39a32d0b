// Who may read: the token, the cookie of the sign-in, and what is open to everyone.
#include "daemon/serve/access.hpp"

#include <gtest/gtest.h>

#include "daemon/serve/sign_in.hpp"

namespace affsync::serve::access_test {
namespace {

using namespace std::chrono_literals;
using Who = Access::Who;

TimePoint const now = TimePoint(1'700'000'000s);
constexpr char const* token = "planted-0123456789";

AccessRules rules() {
  AccessRules rules;
  rules.token = Secret(token);
  rules.cookie = "affsync_session_9464";
  return rules;
}

HttpRequest request_with(std::string const& name, std::string const& value,
                         std::string const& target = "/") {
  HttpRequest request(Method::get, target);
  request.headers.add("Host", "localhost:9464");
  if (!name.empty()) request.headers.add(name, value);
  return request;
}

std::string cookie_pair(std::string const& set_cookie) {
  return set_cookie.substr(0, set_cookie.find(';'));
}

HttpRequest form(std::string const& path, std::string const& body) {
  HttpRequest request(Method::post, path);
  request.headers.add("Host", "localhost:9464");
  request.headers.add("Origin", "http://localhost:9464");
  request.body = body;
  return request;
}

std::optional<HttpResponse> answer(Access const& access, HttpRequest const& request,
                                   std::vector<std::string> const& hosts = {}) {
  TokenGuard guard;
  return admit(access, guard, "192.0.2.7", request, parse_target(request.target).value(), now,
               hosts)
      .answer;
}

TEST(Access, WithoutATokenEveryoneMayRead) {
  Access const access{AccessRules()};
  EXPECT_FALSE(access.is_guarded());
  EXPECT_EQ(access.who(request_with("", ""), now), Who::anyone);
  EXPECT_FALSE(access.is_token(""));
  EXPECT_FALSE(answer(access, request_with("", "", "/api/status")));
  EXPECT_FALSE(answer(access, request_with("", "", "/login")));  // there is no such page then
  EXPECT_EQ(answer(access, form("/login", "token="))->status, 405);
}

TEST(Access, TheTokenIsTakenFromTheHeaderOnly) {
  Access const access(rules());
  auto const who = [&](std::string const& value) {
    return access.who(request_with("Authorization", value), now);
  };
  EXPECT_EQ(who("Bearer planted-0123456789"), Who::bearer);
  EXPECT_EQ(who("bearer  planted-0123456789"), Who::bearer);
  for (auto const* wrong :
       {"", "Bearer", "Bearer ", "Bearer planted-012345678", "Bearer planted-01234567890",
        "Bearer Planted-0123456789", "Basic planted-0123456789", "planted-0123456789"}) {
    EXPECT_EQ(who(wrong), Who::stranger) << wrong;
  }
  EXPECT_EQ(access.who(request_with("", "", std::string("/?token=") + token), now), Who::stranger);
  EXPECT_EQ(access.who(request_with("Cookie", std::string("affsync_session_9464=") + token), now),
            Who::stranger);
}

TEST(Access, ACookieHoldsForThirtyDaysAndOnlyWithThisToken) {
  Access const access(rules());
  auto const set = access.cookie_of(now);
  EXPECT_EQ(set.substr(set.find(';')), "; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_EQ(set.find(token), std::string::npos);
  auto const with = [&](std::string const& cookies) { return request_with("Cookie", cookies); };
  auto const pair = cookie_pair(set);
  EXPECT_EQ(access.who(with(pair), now), Who::signed_in);
  EXPECT_EQ(access.who(with("a=b; " + pair + "; c=d"), now), Who::signed_in);
  EXPECT_EQ(access.who(with(pair), now + 30 * 24h - 1s), Who::signed_in);
  EXPECT_EQ(access.who(with(pair), now + 30 * 24h), Who::stranger);
  // A later end needs another signature.
  auto forged = pair;
  forged[forged.find('=') + 1] = '9';
  EXPECT_EQ(access.who(with(forged), now), Who::stranger);
  EXPECT_EQ(access.who(with(pair + "0"), now), Who::stranger);
  EXPECT_EQ(access.who(with("x" + pair), now), Who::stranger);
  EXPECT_EQ(access.who(with("affsync_session_9464="), now), Who::stranger);
  EXPECT_EQ(access.who(with("affsync_session_9464=99999999999999999999.x"), now), Who::stranger);
  auto other = rules();
  other.token = Secret("planted-another-one");
  EXPECT_EQ(Access(other).who(with(pair), now), Who::stranger);
  auto secure = rules();
  secure.over_tls = true;
  EXPECT_NE(Access(secure).cookie_of(now).find("; Secure"), std::string::npos);
}

TEST(Access, OnlyHealthAndTheFilesOfTheFormAreOpen) {
  Access const access(rules());
  for (auto const* open : {"/healthz", "/readyz", "/assets/x/page.css"}) {
    EXPECT_FALSE(answer(access, request_with("", "", open))) << open;
  }
  for (auto const* closed :
       {"/", "/metrics", "/api/status", "/api/earnings", "/api/overview", "/api/openapi.yaml",
        "/sources/a", "/connectors", "/nowhere", "/healthz/", "//healthz"}) {
    auto const refused = answer(access, request_with("", "", closed));
    ASSERT_TRUE(refused) << closed;
    EXPECT_EQ(refused->status, 401) << closed;
    EXPECT_EQ(refused->headers.find("www-authenticate"), "Bearer realm=\"affsync\"") << closed;
    EXPECT_FALSE(
        answer(access, request_with("Authorization", std::string("Bearer ") + token, closed)))
        << closed;
  }
  auto metrics = rules();
  metrics.metrics_open = true;
  EXPECT_FALSE(answer(Access(metrics), request_with("", "", "/metrics")));
  EXPECT_TRUE(answer(Access(metrics), request_with("", "", "/api/status")));
}

TEST(SignIn, ABrowserGetsTheFormWhereItWantedToGo) {
  Access const access(rules());
  auto const page = answer(access, request_with("Accept", "text/html", "/sources/a?x=<b>"));
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 401);
  EXPECT_EQ(page->headers.find("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(page->body.find("name=\"to\" value=\"/sources/a?x=&lt;b&gt;\""), std::string::npos)
      << page->body;
  EXPECT_EQ(page->body.find("psql"), std::string::npos);
}

TEST(SignIn, TheRightTokenGivesACookieAndTheWayOn) {
  Access const access(rules());
  auto const good = answer(access, form("/login", "token=planted-0123456789&to=%2Fsources%2Fa"));
  ASSERT_TRUE(good);
  EXPECT_EQ(good->status, 303);
  EXPECT_EQ(good->headers.find("location"), "/sources/a");
  auto const cookie = cookie_pair(std::string(*good->headers.find("set-cookie")));
  EXPECT_EQ(access.who(request_with("Cookie", cookie), now), Who::signed_in);
  for (auto const* wrong : {"", "token=", "token=planted-012345678", "token=%", "to=/", "x"}) {
    auto const bad = answer(access, form("/login", wrong));
    EXPECT_EQ(bad->status, 401) << wrong;
    EXPECT_FALSE(bad->headers.find("set-cookie")) << wrong;
    EXPECT_NE(bad->body.find("not the token"), std::string::npos) << wrong;
  }
  auto const out = answer(access, form("/logout", ""));
  EXPECT_EQ(out->status, 303);
  EXPECT_EQ(out->headers.find("set-cookie"),
            "affsync_session_9464=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict");
}

TEST(SignIn, LeadsToNoOtherServer) {
  for (auto const* wrong : {"", "x", "//evil.example", "/\\evil.example", "https://evil.example",
                            "/a\r\nSet-Cookie: x=y", "/a b"}) {
    EXPECT_EQ(safe_path(wrong), "/") << wrong;
  }
  EXPECT_EQ(safe_path("/sources/a?before=1"), "/sources/a?before=1");
}

TEST(SignIn, FormsOfOtherServersAreRefused) {
  Access const access(rules());
  auto request = form("/login", "token=planted-0123456789");
  request.headers = Headers();
  request.headers.add("Host", "localhost:9464");
  request.headers.add("Origin", "https://evil.example");
  EXPECT_EQ(answer(access, request)->status, 403);
  // A proxy may ask by another name than the browser.
  EXPECT_EQ(answer(access, request, {"evil.example"})->status, 303);
  request.headers = Headers();
  request.headers.add("Origin", "null");
  EXPECT_EQ(answer(access, request)->status, 403);
  request.headers = Headers();
  EXPECT_EQ(answer(access, request)->status, 303);
  for (auto const& [host, origin, status] : std::vector<std::tuple<std::string, std::string, int>>{
           {"127.0.0.1:9464", "http://127.0.0.1:9464", 303},
           {"127.0.0.1:9464", "http://203.0.113.66", 403},
           {"127.0.0.1:9464", "http://203.0.113.66:9464", 403},
           {"127.0.0.1:9464", "http://127.0.0.1:8080", 403},  // another server of this machine
           {"127.0.0.1:9464", "http://localhost:9464", 403},
           {"127.0.0.1:9464", "http://127.0.0.1", 403},
           {"127.0.0.1:9464", "https://127.0.0.1", 403},
           {"127.0.0.1:9464", "ftp://127.0.0.1:9464", 403},
           {"127.0.0.1:9464", "127.0.0.1:9464", 403},
           {"127.0.0.1:9464", "", 403},
           {"[::1]:9464", "http://[::1]:9464", 303},
           {"[::1]:9464", "http://[::2]:9464", 403},
           {"10.0.0.5", "https://10.0.0.5", 303},
           {"10.0.0.5", "https://10.0.0.5:443", 303},
           {"10.0.0.5:443", "https://10.0.0.5", 303},
           {"10.0.0.5:443", "http://10.0.0.5", 403},
           {"Localhost.:80", "http://localhost", 303}}) {
    request.headers = Headers();
    request.headers.add("Host", host);
    request.headers.add("Origin", origin);
    EXPECT_EQ(answer(access, request)->status, status) << host << " from " << origin;
  }
  // A browser says what it knows even if the names match.
  request.headers.add("Sec-Fetch-Site", "cross-site");
  EXPECT_EQ(answer(access, request)->status, 403);
  auto same = form("/logout", "");
  same.headers.add("Sec-Fetch-Site", "same-origin");
  EXPECT_EQ(answer(access, same)->status, 303);
  EXPECT_EQ(answer(access, form("/api/status", ""))->status, 405);
}

}  // namespace
}  // namespace affsync::serve::access_test
