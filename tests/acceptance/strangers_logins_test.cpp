// Logins that large networks have: HTTP Basic beside a form, and a key in the place of a user.
#include <openssl/evp.h>

#include "tests/acceptance/strangers.hpp"

namespace affsync::test::strangers_logins_test {
namespace {

class StrangersLogins : public Strangers {};

std::string base64(std::string const& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                  reinterpret_cast<unsigned char const*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return out;
}

std::string const one_row = R"({"items":[{"id":"a","sum":"1.10","cur":"EUR"}]})";
std::string const list_yaml = R"(streams:
  rows:
    table: commission
    path: /list
    records: items
    key: id
    map: {amount: {from: sum, required: true}, currency: cur}
)";

// A refused login quotes the header, and so does each row.
TEST_F(StrangersLogins, basic_and_a_form) {
  auto const encoded = base64("app-7:planted secret+key");
  start_own_broker(R"(credentials: {client: {secret: false}, key: {}}
auth:
  type: login_token
  login:
    path: /token
    basic: {user: "${credentials.client}", password: "${credentials.key}"}
    form: {grant_type: client_credentials, client_id: "${credentials.client}", scope: statistics}
  token: access_token
  value: Bearer ${token}
)" + list_yaml,
                   "{client: app-7, key: planted secret+key}", [&](Asked const& asked) {
                     if (asked.path == "/token") {
                       bool const is_good = asked.header("Authorization") == "Basic " + encoded &&
                                            asked.form("client_id") == "app-7" &&
                                            asked.form("grant_type") == "client_credentials" &&
                                            asked.form("scope") == "statistics";
                       if (is_good) return reply(R"({"access_token":"at-Q1w2e3r4"})");
                       return reply(R"({"error":"no: )" + asked.header("Authorization") + "\"}",
                                    "400 Bad Request");
                     }
                     return reply(R"({"items":[{"id":"a","sum":"1.10","cur":"EUR","echo":"Basic )" +
                                  encoded + R"("}]})");
                   });
  expect_green(pass(), 1);
  expect_no_change();
  expect_not_leaked({"planted secret", encoded, "at-Q1w2e3r4"});
  credentials_yaml = "{client: app-7, key: planted wrong+key}";
  configure();
  auto const refused = pass();
  EXPECT_EQ(refused.of("rows", "error_code"), "login_refused") << refused.out;
  expect_not_leaked({"planted wrong", base64("app-7:planted wrong+key")});
}

TEST_F(StrangersLogins, a_header_made_by_hand) {
  start_own_broker(R"(credentials: {encoded: {}, user: {secret: false}, word: {}}
auth:
  type: login_token
  login:
    path: /token
    headers: {Authorization: "Basic ${credentials.encoded}"}
    form: {grant_type: password, username: "${credentials.user}", password: "${credentials.word}"}
  token: access_token
  value: Bearer ${token}
)" + list_yaml,
                   "{encoded: cGxhbnRlZDpoZWFkZXI=, user: me, word: planted-word}",
                   [&](Asked const& asked) {
                     if (asked.path == "/token") {
                       return asked.header("Authorization") == "Basic cGxhbnRlZDpoZWFkZXI=" &&
                                      asked.form("password") == "planted-word"
                                  ? reply(R"({"access_token":"at-Q1w2e3r4"})")
                                  : reply("{}", "400 Bad Request");
                     }
                     return reply(one_row);
                   });
  expect_green(pass(), 1);
  expect_not_leaked({"cGxhbnRlZDpoZWFkZXI=", "planted-word", "at-Q1w2e3r4"});
}

// Its page is not compressed, though its header says so.
TEST_F(StrangersLogins, a_refused_login_with_a_damaged_page_is_not_repeated) {
  start_own_broker(R"(credentials: {word: {}}
auth:
  type: login_token
  login: {path: /token, form: {password: "${credentials.word}"}}
  token: access_token
  value: Bearer ${token}
)" + list_yaml,
                   "{word: planted-word}", [&](Asked const&) {
                     return reply(R"({"error":"no"})", "401 Unauthorized",
                                  "Content-Encoding: gzip\r\n");
                   });
  EXPECT_EQ(pass().of("rows", "error_code"), "auth_invalid");
  EXPECT_EQ(asked_for("/token"), 1);
  EXPECT_EQ(pass().of("rows", "error_code"), "auth_invalid");
  EXPECT_EQ(asked_for("/token"), 0);
}

// The broker takes a login by GET, and closes the kept connection without an answer.
TEST_F(StrangersLogins, a_login_by_get_that_is_not_answered_is_not_sent_again_at_once) {
  start_own_broker(R"(credentials: {user: {secret: false}, word: {}}
auth:
  type: login_token
  login:
    path: /token
    method: GET
    query: {a: b}
    headers: {X-Login: "${credentials.user}:${credentials.word}"}
    rate: {requests: 2, per: 1h}
  token: access_token
  value: Bearer ${token}
)" + list_yaml + "    page: {type: page, limit: n, size: 1}\n",
                   "{user: me, word: planted-word}", [&, logins = 0](Asked const& asked) mutable {
                     if (asked.path == "/token") {
                       return ++logins == 1 ? reply(R"({"access_token":"at-Q1w2e3r4"})") : "";
                     }
                     return asked("page") == "1" ? reply(one_row) : reply("{}", "401 Gone");
                   });
  pass();
  EXPECT_EQ(asked_for("/token"), 2);
}

TEST_F(StrangersLogins, a_login_whose_answer_is_cut_is_sent_once) {
  std::string length = "Content-Length: 99\r\n";
  start_own_broker(R"(credentials: {user: {secret: false}, word: {}}
auth:
  type: login_token
  login: {path: /token, json: {user: "${credentials.user}", word: "${credentials.word}"}}
  token: access_token
  value: Bearer ${token}
)" + list_yaml,
                   "{user: me, word: planted-word}", [&](Asked const& asked) {
                     if (asked.path != "/token") return reply(one_row);
                     return "HTTP/1.0 200 OK\r\n" + length + "\r\n{\"access_token\":\"at";
                   });
  auto const cut = pass();
  EXPECT_EQ(cut.of("rows", "error_code"), "truncated") << cut.out;
  EXPECT_EQ(asked_for("/token"), 1);
  length.clear();
  auto const open = pass();
  EXPECT_EQ(open.of("rows", "error_code"), "malformed_answer") << open.out;
  EXPECT_EQ(asked_for("/token"), 1);
}

TEST_F(StrangersLogins, a_key_for_a_user_without_a_password) {
  auto const encoded = base64("planted-api-key:");
  start_own_broker(
      "credentials: {key: {}}\nauth: {type: basic, user: \"${credentials.key}\", "
      "password: \"\"}\n" +
          list_yaml,
      "{key: planted-api-key}", [&](Asked const& asked) {
        return asked.header("Authorization") == "Basic " + encoded
                   ? reply(one_row)
                   : reply("{}", "401 Unauthorized");
      });
  expect_green(pass(), 1);
  expect_not_leaked({"planted-api-key", encoded});
}

}  // namespace
}  // namespace affsync::test::strangers_logins_test
