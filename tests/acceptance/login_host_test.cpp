// Logins at another host than the data: what goes where, and what a host that is down, or leads
// elsewhere, does.
#include <memory>
#include <mutex>

#include "tests/acceptance/strangers.hpp"

namespace affsync::test::login_host_test {
namespace {

// A further host, which notes what it is asked.
class Host {
 public:
  using Answer = std::function<std::string(Asked const&)>;

  explicit Host(Answer answer)
      : answer_(std::move(answer)),
        peer_(std::make_unique<ScriptedPeer>([this](PeerConnection& connection) {
          for (;;) {
            auto const bytes = connection.read_request();
            if (bytes.empty()) return;
            std::string out;
            {
              std::lock_guard const lock(mutex_);
              asked_.emplace_back(bytes);
              out = answer_(asked_.back());
            }
            if (out.empty() || !connection.send(out)) return;
          }
        })) {}
  ~Host() { peer_.reset(); }
  Host(Host const&) = delete;
  Host& operator=(Host const&) = delete;

  std::string url() const { return peer_->url(); }
  std::vector<Asked> asked() {
    std::lock_guard const lock(mutex_);
    return std::exchange(asked_, {});
  }

 private:
  Answer answer_;
  std::mutex mutex_;
  std::vector<Asked> asked_;
  std::unique_ptr<ScriptedPeer> peer_;
};

std::string const one_row = R"({"items":[{"id":"a","sum":"1.10","cur":"EUR"}]})";
std::string const list_yaml = R"(streams:
  rows:
    table: commission
    path: /list
    records: items
    key: id
    map: {amount: {from: sum, required: true}, currency: cur}
)";

class LoginHost : public Strangers {
 protected:
  // The connector with this login; its own base_url is that of nobody, since the source has one.
  static std::string with_login(std::string const& login, std::string const& more = "") {
    return "base_url: https://api.stranger.example\ncredentials: {word: }\nauth:\n"
           "  type: login_token\n  login: {" +
           login +
           ", form: {password: \"${credentials.word}\"}}\n"
           "  token: access_token\n  value: Bearer ${token}\n" +
           more + list_yaml;
  }
  // Answers with rows to whoever has the token.
  static std::string rows_for(Asked const& asked, std::string const& token = "at-Q1w2e3r4") {
    if (asked.header("Authorization") != "Bearer " + token) {
      return reply("{}", "401 Unauthorized");
    }
    return reply(one_row);
  }
  void start_data(std::string const& yaml) {
    start_own_broker(yaml, "{word: planted-word}",
                     [](Asked const& asked) { return rows_for(asked); });
  }
};

TEST_F(LoginHost, credentials_go_to_the_login_and_the_token_to_the_data) {
  Host login([](Asked const& asked) {
    return asked.path == "/tenant-1/token" && asked.form("password") == "planted-word"
               ? reply(R"({"access_token":"at-Q1w2e3r4"})", "200 OK",
                       "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 3000\r\n"
                       "Date: Mon, 01 Jan 2001 00:00:00 GMT\r\n")
               : reply("{}", "400 Bad Request");
  });
  start_data(with_login("url: " + login.url() + "/tenant-1/, path: /token"));
  expect_green(pass(), 1);
  auto const data = asked();
  ASSERT_EQ(data.size(), 1U);
  EXPECT_EQ(data[0].path, "/list");
  EXPECT_EQ(data[0].bytes.find("planted-word"), std::string::npos);
  auto const logins = login.asked();
  ASSERT_EQ(logins.size(), 1U);
  EXPECT_EQ(logins[0].method + " " + logins[0].path, "POST /tenant-1/token");
  EXPECT_EQ("http://" + logins[0].header("Host"), login.url());
  expect_no_change();
  expect_not_leaked({"planted-word", "at-Q1w2e3r4"});
}

// A token that is no longer valid: the new login goes where the first one went.
TEST_F(LoginHost, a_refused_token_is_renewed_there) {
  int logins = 0;
  Host login([&](Asked const& asked) {
    if (asked.path == "/renew") {
      return asked.form("r") == "refresh-1"
                 ? reply(R"({"access_token":"at-2","refresh_token":"refresh-2"})")
                 : reply("{}", "400 Bad Request");
    }
    ++logins;
    return reply(R"({"access_token":"at-1","refresh_token":"refresh-1"})");
  });
  start_own_broker(with_login("url: " + login.url() + ", path: /token",
                              "  refresh: {path: /renew, form: {r: \"${refresh_token}\"}, "
                              "token: refresh_token}\n"),
                   "{word: planted-word}",
                   [](Asked const& asked) { return rows_for(asked, "at-2"); });
  expect_green(pass(), 1);
  EXPECT_EQ(logins, 1);
  auto const asked_there = login.asked();
  ASSERT_EQ(asked_there.size(), 2U);
  EXPECT_EQ(asked_there[1].path, "/renew");
  for (auto const& one : asked()) EXPECT_EQ(one.path, "/list");
}

TEST_F(LoginHost, of_client_credentials) {
  Host login([](Asked const& asked) {
    return asked.form("client_secret") == "planted-word" && asked.form("scope") == "read"
               ? reply(R"({"access_token":"at-Q1w2e3r4","expires_in":60})")
               : reply("{}", "401 Unauthorized");
  });
  start_data(
      "credentials: {word: }\nauth:\n  type: oauth2_client_credentials\n  url: " + login.url() +
      "\n  path: /oauth/token\n  client_id: me\n  client_secret: ${credentials.word}\n"
      "  scope: read\n" +
      list_yaml);
  expect_green(pass(), 1);
  EXPECT_EQ(login.asked().size(), 1U);
}

TEST_F(LoginHost, a_redirect_to_a_third_host_is_not_followed) {
  Host third([](Asked const&) { return reply(R"({"access_token":"at-Q1w2e3r4"})"); });
  for (std::string const status : {"307 Temporary Redirect", "302 Found"}) {
    Host login(
        [&](Asked const&) { return reply("", status, "Location: " + third.url() + "/token\r\n"); });
    start_data(with_login("url: " + login.url() + ", path: /token"));
    auto const synced = pass();
    EXPECT_EQ(synced.of("rows", "error_code"), "redirected") << synced.out;
    EXPECT_NE(synced.of("rows", "error").find("POST " + login.url() + "/token"), std::string::npos)
        << synced.out;
    EXPECT_EQ(third.asked().size(), 0U);
    EXPECT_EQ(asked().size(), 0U);
    EXPECT_EQ(login.asked().size(), 1U);
    // It is a refusal like any other.
    EXPECT_EQ(pass().of("rows", "error_code"), "redirected");
    EXPECT_EQ(login.asked().size(), 0U);
    execute("delete from affsync.source_block");
  }
}

TEST_F(LoginHost, that_is_down_is_named_and_nothing_else_is_asked) {
  std::string address;
  {
    Host const gone([](Asked const&) { return std::string(); });
    address = gone.url();
  }
  start_data(with_login("url: " + address + ", path: /token"));
  auto const synced = pass();
  EXPECT_EQ(synced.of("rows", "error_code"), "connect_failed") << synced.out;
  auto const error = synced.of("rows", "error");
  EXPECT_NE(error.find("POST " + address + "/token"), std::string::npos) << error;
  EXPECT_NE(error.find("Check `url` of the login"), std::string::npos) << error;
  EXPECT_EQ(error.find("base_url"), std::string::npos) << error;
  EXPECT_EQ(asked().size(), 0U);
  // It was no refusal.
  EXPECT_EQ(query("select count(*) from affsync.source_block"), "0");
  auto const checked = run_command({"check"});
  EXPECT_EQ(checked.status, 1);
  EXPECT_NE(checked.out.find(address + "/token"), std::string::npos) << checked.out;
}

TEST_F(LoginHost, a_refused_login_is_no_refusal_of_the_data) {
  Host login(
      [](Asked const&) { return reply(R"({"error":"no: planted-word"})", "404 Not Found"); });
  start_data(with_login("url: " + login.url() + ", path: /token"));
  auto const synced = pass();
  EXPECT_EQ(synced.of("rows", "error_code"), "login_refused") << synced.out;
  EXPECT_NE(synced.of("rows", "error").find(login.url() + "/token"), std::string::npos)
      << synced.out;
  EXPECT_EQ(asked().size(), 0U);
  expect_not_leaked({"planted-word"});
}

// The source's base_url moves the data. Where the credentials go, only `login` of the source can
// change.
TEST_F(LoginHost, what_a_source_overrides) {
  auto const answer = [](Asked const&) { return reply(R"({"access_token":"at-Q1w2e3r4"})"); };
  Host declared(answer), own(answer);
  start_data(with_login("url: " + declared.url() + ", path: /token"));
  expect_green(pass(), 1);
  EXPECT_EQ(declared.asked().size(), 1U);

  source_yaml = "    login: {url: \"" + own.url() + "/v2\"}\n";
  configure();
  EXPECT_EQ(pass().status, 0);
  auto asked_there = own.asked();
  ASSERT_EQ(asked_there.size(), 1U);
  EXPECT_EQ(asked_there[0].path, "/v2/token");
  EXPECT_EQ(declared.asked().size(), 0U);

  // Also of a login that has no address of its own.
  replace_connector(with_login("path: /token"));
  source_yaml = "    login: {url: \"" + own.url() + "\", path: /other}\n";
  configure();
  EXPECT_EQ(pass().status, 0);
  asked_there = own.asked();
  ASSERT_EQ(asked_there.size(), 1U);
  EXPECT_EQ(asked_there[0].path, "/other");
}

TEST_F(LoginHost, must_be_https_or_this_machine) {
  Host login([](Asked const&) { return reply(R"({"access_token":"at-Q1w2e3r4"})"); });
  start_data(with_login("url: http://login.stranger.example, path: /token"));
  auto const refused = affsync({"sync"});
  EXPECT_NE(refused.status, 0);
  EXPECT_NE(refused.err.find("`url` of the login \"http://login.stranger.example\" would send the "
                             "credentials over plain http"),
            std::string::npos)
      << refused.err;
  replace_connector(with_login("url: " + login.url() + ", path: /token"));
  source_yaml = "    login: {url: \"http://login.stranger.example\"}\n";
  configure();
  auto const own = affsync({"sync"});
  EXPECT_NE(own.status, 0);
  EXPECT_NE(own.err.find("plain http would send the credentials unencrypted"), std::string::npos)
      << own.err;
  EXPECT_EQ(login.asked().size() + asked().size(), 0U);
}

// The login's host is not one of the data's, so a link there gets no token.
TEST_F(LoginHost, gets_no_token_of_a_link) {
  Host login([](Asked const&) { return reply(R"({"access_token":"at-Q1w2e3r4"})"); });
  auto yaml = with_login("url: " + login.url() + ", path: /token");
  yaml.insert(yaml.find("    records: items"), "    page: {type: link, next: next}\n");
  start_own_broker(yaml, "{word: planted-word}", [&](Asked const&) {
    return reply(R"({"items":[{"id":"a","sum":"1.10","cur":"EUR"}],"next":")" + login.url() +
                 R"(/list?page=2"})");
  });
  auto const synced = pass();
  EXPECT_EQ(synced.status, 1) << synced.out;
  auto const there = login.asked();
  ASSERT_EQ(there.size(), 1U);
  EXPECT_EQ(there[0].path, "/token");
}

TEST_F(LoginHost, is_shown_by_connectors) {
  start_data(with_login("url: https://login.stranger.example/tenant, path: /token"));
  auto const shown = affsync({"connectors", "stranger"});
  EXPECT_NE(shown.out.find("login          https://login.stranger.example/tenant\n"),
            std::string::npos)
      << shown.out;
  EXPECT_NE(shown.out.find("POST https://login.stranger.example/tenant/token: login"),
            std::string::npos)
      << shown.out;
  auto const json = affsync({"connectors", "stranger", "--output", "json"});
  EXPECT_NE(json.out.find(R"("login_urls":["https://login.stranger.example/tenant"])"),
            std::string::npos)
      << json.out;
}

}  // namespace
}  // namespace affsync::test::login_host_test
