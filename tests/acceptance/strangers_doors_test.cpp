// Ways to log in: each kind of `auth`, tokens that expire, refusals in several formats.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <atomic>
#include <ctime>

#include "tests/acceptance/strangers.hpp"

namespace affsync::test::strangers_doors_test {
namespace {

class StrangersDoors : public Strangers {};

std::string base64(std::string const& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                  reinterpret_cast<unsigned char const*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return out;
}

std::string hmac_sha512(std::string const& key, std::string const& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha512(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<unsigned char const*>(text.data()), text.size(), out, &size);
  return {reinterpret_cast<char*>(out), size};
}

std::vector<std::string> numbered(int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) {
    out.push_back(R"({"id":"n)" + std::to_string(100 + i) +
                  R"(","sum":"1.10","cur":"EUR","day":"2026-03-05"})");
  }
  return out;
}

std::string const list_yaml = R"(    table: commission
    path: /list
    records: items
    key: id
    map: {amount: {from: sum, required: true}, currency: cur, occurred_on: day}
)";

// The broker silently limits every page to 7 rows.
TEST_F(StrangersDoors, basic_with_offset_pages_that_are_capped) {
  auto const rows = numbered(23);
  auto const wanted = "Basic " + base64("partner:colon:1@x.example:pä ss\"'\\word");
  start_own_broker(
      R"(credentials: {user: {description: u, secret: false}, word: {description: w}}
auth: {type: basic, user: "partner:${credentials.user}", password: "${credentials.word}"}
streams:
  rows:
    page: {type: offset, offset: skip, limit: take, size: 100}
)" + list_yaml,
      R"({user: "colon:1@x.example", word: "pä ss\"'\\word"})", [&](Asked const& asked) {
        if (asked.header("Authorization") != wanted) return reply("{}", "401 Unauthorized");
        auto const take = std::min(asked.number("take", 7), 7);
        return reply(R"({"items":)" + slice(rows, asked.number("skip", 0), take) + "}");
      });
  expect_green(pass(), 23);
  expect_no_change();
  EXPECT_EQ(query("select sum(amount) from affsync.commission where deleted_at is null"), "25.30");
  expect_not_leaked({"pä ss", base64("partner:colon:1@x.example:pä ss\"'\\word")});
}

// The session is sent as a cookie; the login answer writes the token's prefix in upper case. The
// session expires after every third request, and the list's count is that of the page.
TEST_F(StrangersDoors, session_as_cookie_that_dies_on_the_way) {
  auto const rows = numbered(31);
  int session = 0, used = 0, logins = 0;
  start_own_broker(
      R"(credentials: {login: {description: l, secret: false}, pin: {description: p}}
auth:
  type: login_token
  login: {path: /door, form: {u: "${credentials.login}", p: "${credentials.pin}"}}
  token: data.0.session
  strip_prefix: "sid:"
  expires_in: data.0.ttl
  header: Cookie
  value: SID=${token}; theme=dark
streams:
  rows:
    page: {type: page, parameter: p, first: 0, limit: n, size: 4, total: count}
)" + list_yaml,
      R"({login: me, pin: "p&n=1 2"})", [&](Asked const& asked) {
        if (asked.path == "/door") {
          if (asked.method != "POST" || asked.form("u") != "me" || asked.form("p") != "p&n=1 2") {
            return reply("{}", "400 Bad Request");
          }
          ++logins;
          used = 0;
          return reply(R"({"data":[{"session":"SID:tok-)" + std::to_string(++session) +
                       R"(-Zq9","ttl":"7200"}]})");
        }
        if (asked.header("Cookie") != "SID=tok-" + std::to_string(session) + "-Zq9; theme=dark" ||
            ++used > 3) {
          return reply(R"({"msg":"session over"})", "401 Unauthorized");
        }
        auto const items = slice(rows, asked.number("p", 0) * 4, 4);
        return reply(R"({"items":)" + items + R"(,"count":4})");
      });
  auto const first = pass();
  EXPECT_EQ(live_count(), "31") << first.out << first.err;
  EXPECT_GT(logins, 1);
  auto const again = pass();
  EXPECT_EQ(again.count("rows", "inserted") + again.count("rows", "updated"), 0);
  EXPECT_EQ(marked(), "");
  expect_not_leaked({"p&n=1 2", "-Zq9"});
}

TEST_F(StrangersDoors, oauth_in_the_header_with_a_cursor_that_ends_with_nothing) {
  auto const rows = numbered(12);
  std::atomic<int> logins = 0;
  start_own_broker(
      R"(credentials: {client: {description: c}, key: {description: k}}
auth:
  type: oauth2_client_credentials
  path: /oauth/token
  client: header
  client_id: ${credentials.client}
  client_secret: ${credentials.key}
  scope: read:earnings read:clients
streams:
  rows:
    page: {type: cursor, parameter: after, next: meta.cursor, limit: limit, size: 5}
)" + list_yaml,
      "{client: app-7, key: planted-oauth-key}", [&](Asked const& asked) {
        if (asked.path == "/oauth/token") {
          if (asked.header("Authorization") != "Basic " + base64("app-7:planted-oauth-key") ||
              asked.form("grant_type") != "client_credentials" ||
              asked.form("scope") != "read:earnings read:clients" ||
              asked.form("client_secret") != "") {
            return reply(R"({"error":"invalid_client"})", "401 Unauthorized");
          }
          ++logins;
          return reply(R"({"access_token":"at-Q1w2","token_type":"bearer","expires_in":3600})");
        }
        if (asked.header("Authorization") != "Bearer at-Q1w2")
          return reply("{}", "401 Unauthorized");
        auto const at = asked.has("after") ? std::stoi(asked("after").substr(2)) : 0;
        auto const next = at + 5 < 12 ? "c=" + std::to_string(at + 5) : "";
        return reply(R"({"items":)" + slice(rows, at, 5) + R"(,"meta":{"cursor":")" + next +
                     "\"}}");
      });
  expect_green(pass(), 12);
  EXPECT_EQ(logins, 1);
  expect_no_change();
  expect_not_leaked({"planted-oauth-key", "at-Q1w2"});
}

// Field names in another order than they are signed in, and a text that needs encoding.
TEST_F(StrangersDoors, signature_in_base64_over_sorted_query_and_time) {
  auto const rows = numbered(5);
  std::string wrong;
  start_own_broker(
      R"(credentials: {name: {description: n, secret: false}, hush: {description: h}}
auth:
  type: hmac
  headers: {X-Key: "${credentials.name}"}
  signature:
    secret: ${credentials.hush}
    algorithm: hmac_sha512
    encoding: base64
    parts: [timestamp, method, path, sorted_query, {const: "${credentials.name}"}]
    join: "|"
    prefix: "v2="
    header: X-Sign
    timestamp_header: X-Time
    timestamp_form: milliseconds
streams:
  rows:
    query: {sort: "-id,day", a: "x y&z"}
    page: {type: page, limit: per, size: 3, total_pages: pages}
)" + list_yaml,
      "{name: K-1, hush: planted-hush}", [&](Asked const& asked) {
        auto const page = asked.number("page", 1);
        auto const text = asked.header("X-Time") +
                          "|GET|/list|a=x%20y%26z&page=" + std::to_string(page) +
                          "&per=3&sort=-id%2Cday|K-1";
        if (asked.header("X-Key") != "K-1" || asked.header("X-Time").size() != 13 ||
            asked.header("X-Sign") != "v2=" + base64(hmac_sha512("planted-hush", text))) {
          wrong += asked.bytes;
          return reply("{}", "401 Unauthorized");
        }
        return reply(R"({"items":)" + slice(rows, (page - 1) * 3, 3) + R"(,"pages":2})");
      });
  expect_green(pass(), 5);
  EXPECT_EQ(wrong, "");
  expect_no_change();
  expect_not_leaked({"planted-hush"});
}

// The broker quotes its key in each row: within a longer text, and base64-encoded.
TEST_F(StrangersDoors, key_that_the_broker_quotes_in_its_rows) {
  start_own_broker(
      R"(credentials: {key: {description: k}}
auth: {type: static_token, header: X-Api-Key, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /list
    records: items
    key: id
    map: {amount: sum, currency: cur}
)",
      "{key: kk-planted-0815-Zz}", [&](Asked const& asked) {
        auto const key = asked.header("X-Api-Key");
        if (key.empty()) return reply("{}", "401 Unauthorized");
        return reply(R"({"items":[{"id":"a","sum":2,"cur":"EUR","link":"https://x/?k=)" + key +
                     R"(&z=1","debug":{"you sent":")" + base64(key) +
                     R"("}},{"id":"b","sum":"?","cur":"EUR","link":")" + key + R"("}]})");
      });
  auto const synced = pass();
  EXPECT_EQ(synced.status, 1) << synced.out;
  EXPECT_EQ(synced.of("rows", "error_code"), "rows_quarantined");
  EXPECT_EQ(live(), "a=2");
  expect_not_leaked({"kk-planted-0815-Zz", base64("kk-planted-0815-Zz")});
}

TEST_F(StrangersDoors, key_in_a_mapped_column) {
  start_own_broker(
      R"(credentials: {key: {description: k}}
auth: {type: static_token, header: X-Api-Key, value: "${credentials.key}"}
streams:
  rows:
    table: commission
    path: /list
    records: items
    key: id
    map: {amount: sum, currency: cur, symbol: link}
)",
      "{key: kk-planted-0815-Zz}", [&](Asked const& asked) {
        return reply(R"({"items":[{"id":"a","sum":2,"cur":"EUR","link":"https://x/?k=)" +
                     asked.header("X-Api-Key") + R"(&z=1"}]})");
      });
  expect_green(pass(), 1);
  expect_no_change();
  expect_not_leaked({"kk-planted-0815-Zz"});
}

struct Refusal {
  std::string answer, code;
};

// Whatever its format, a refusal happens once; other credentials are tried immediately.
TEST_F(StrangersDoors, refused_logins_in_many_shapes_are_met_once) {
  std::vector<Refusal> const refusals{
      {reply(R"({"ok":false,"message":"bad pair"})"), "login_refused"},
      {reply(R"({"token":null})"), "login_refused"},
      {reply(R"({"token":""})"), "login_refused"},
      {reply(R"({"error":"no such user"})", "400 Bad Request"), "login_refused"},
      {reply("", "302 Found", "Location: /login?failed=1\r\n"), "redirected"},
      {reply(R"({"code":"LOCKED"})", "423 Locked"), "auth_invalid"},
      {reply("", "401 Unauthorized"), "auth_invalid"},
      {reply("<html>denied</html>", "401 Unauthorized", "", "text/html"), "auth_invalid"},
  };
  std::string refusal;
  start_own_broker(R"(credentials: {login: {description: l, secret: false}, pin: {description: p}}
auth:
  type: login_token
  login: {path: /door, json: {u: "${credentials.login}", p: "${credentials.pin}"}}
  token: token
  value: Bearer ${token}
errors:
  - {login: true, json: code, equals: LOCKED, class: auth_invalid}
streams:
  rows:
)" + list_yaml,
                   "{login: me, pin: planted-0}", [&](Asked const& asked) {
                     if (asked.path != "/door") return reply(R"({"items":[]})");
                     return refusal;
                   });
  int tried = 0;
  for (auto const& one : refusals) {
    refusal = one.answer;
    credentials_yaml = "{login: me, pin: planted-" + std::to_string(++tried) + "}";
    configure();
    auto const synced = pass();
    EXPECT_EQ(synced.status, 1) << one.answer;
    EXPECT_EQ(synced.of("rows", "status"), "failed");
    EXPECT_EQ(synced.of("rows", "error_code"), one.code) << one.answer << synced.out;
    EXPECT_EQ(asked().size(), 1U) << one.answer;
    EXPECT_EQ(pass().status, 1);
    EXPECT_EQ(run_command({"check"}).status, 1);
    EXPECT_EQ(asked().size(), 0U) << one.answer;
  }
  refusal = reply(R"({"token":"tt-planted"})");
  credentials_yaml = "{login: me, pin: planted-right}";
  configure();
  EXPECT_EQ(pass().status, 0);
  expect_not_leaked({"planted-1", "planted-3", "planted-right", "tt-planted"});
}

std::string const login_yaml =
    R"(credentials: {login: {description: l, secret: false}, pin: {description: p}}
auth:
  type: login_token
  login: {path: /door, json: {u: "${credentials.login}", p: "${credentials.pin}"}}
  token: token
  value: Bearer ${token}
streams:
  rows:
)" + list_yaml;

// A broker may put a valid token in an unexpected place, so its answer must not be quoted.
TEST_F(StrangersDoors, token_at_another_place_is_never_told) {
  std::vector<std::string> const tokens{"planted1AbCdEfGhIjKl", "planted2AbCdEfGhIjKl",
                                        "planted3AbCdEfGhIjKl", "planted4AbCdEfGhIjKl",
                                        "planted5AbCdEfGhIjKl"};
  std::vector<std::string> const answers{
      reply(R"({"token":[")" + tokens[0] + R"("]})"),
      reply(R"({"token":90071992547409931})"),
      reply(R"({"access":[")" + tokens[1] + R"("],"message":"welcome"})"),
      reply(R"({"message":")" + tokens[2] + R"("})"),
      reply(tokens[3], "200 OK", "", "text/plain"),
      reply("\"" + tokens[4] + "\""),
  };
  std::string answer;
  start_own_broker(login_yaml, "{login: me, pin: planted-0}", [&](Asked const& asked) {
    return asked.path == "/door" ? answer : reply(R"({"items":[]})");
  });
  for (std::size_t i = 0; i < answers.size(); ++i) {
    answer = answers[i];
    credentials_yaml = "{login: me, pin: planted-pin-" + std::to_string(i) + "}";
    configure();
    EXPECT_EQ(pass().of("rows", "error_code"), "login_refused") << answer;
  }
  expect_not_leaked(tokens);
  expect_not_leaked({"90071992547409931"});
}

// A login is not retried forever: neither by one stream, nor by the next, nor by the next program.
TEST_F(StrangersDoors, login_that_is_always_throttled_is_left_alone) {
  start_own_broker(
      login_yaml + "  others:\n" + list_yaml, "{login: me, pin: planted-0}",
      [&](Asked const&) { return reply("{}", "429 Too Many Requests", "Retry-After: 1\r\n"); });
  auto const synced = pass();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("rows", "error_code"), "throttled") << synced.out;
  EXPECT_EQ(synced.of("others", "error_code"), "throttled") << synced.out;
  EXPECT_EQ(asked().size(), 5U);
  EXPECT_EQ(pass().status, 1);
  EXPECT_EQ(asked().size(), 0U);
}

// A list that refuses every login costs one extra login, but not one per run of a program.
TEST_F(StrangersDoors, list_that_no_login_opens_is_remembered) {
  auto others = list_yaml;
  others.replace(others.find("/list"), 5, "/other");
  start_own_broker(login_yaml + "  others:\n" + others, "{login: me, pin: planted-0}",
                   [&](Asked const& asked) {
                     if (asked.path == "/door") return reply(R"({"token":"tt-planted-1"})");
                     if (asked.path == "/other")
                       return reply(R"({"detail":"no"})", "401 Unauthorized");
                     return reply(R"({"items":)" + slice(numbered(3)) + "}");
                   });
  EXPECT_EQ(pass().count("rows", "inserted"), 3);
  EXPECT_EQ(asked_for("/door"), 2);
  for (int i = 0; i < 3; ++i) {
    auto const synced = pass();
    EXPECT_EQ(synced.of("rows", "status"), "succeeded");
    EXPECT_EQ(synced.of("others", "error_code"), "auth_expired");
    EXPECT_EQ(asked_for("/door"), 1);
  }
  // --retry-login tries immediately.
  pass({"--retry-login"});
  EXPECT_EQ(asked_for("/door"), 2);
}

}  // namespace
}  // namespace affsync::test::strangers_doors_test
