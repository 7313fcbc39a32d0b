// Unusual APIs: tokens in headers and cookies, internal addresses in links, names in brackets,
// numbers that no double holds, midnights that a clock change skips, other alphabets.
#include <algorithm>
#include <atomic>

#include "tests/acceptance/strangers.hpp"

namespace affsync::test::strangers_habits_test {
namespace {

class StrangersHabits : public Strangers {
 protected:
  void list(std::string const& stream, Answer answer) {
    start_own_broker(R"(credentials: {key: {description: k}}
auth: {type: static_token, value: "Bearer ${credentials.key}"}
streams:
  rows:
    table: commission
    path: /v1/list
    records: data
    key: id
)" + stream,
                     "{key: kk-planted-habit}", std::move(answer));
  }
  // Logs in at /v1/in; `token` tells where the answer has the token.
  void log_in(std::string const& token, std::string const& value, Answer answer) {
    start_own_broker(R"(credentials: {login: {description: l, secret: false}, pin: {description: p}}
auth:
  type: login_token
  login: {path: /v1/in, json: {user: "${credentials.login}", pass: "${credentials.pin}"}}
  token: )" + token + "\n" +
                         value + R"(streams:
  rows:
    table: commission
    path: /v1/list
    records: $
    key: id
    map: {amount: sum, currency: {const: eur}}
)",
                     "{login: me, pin: \"pp\\\"planted\\\\\"}", std::move(answer));
  }
};

TEST_F(StrangersHabits, token_in_a_header_of_an_answer_without_a_body) {
  std::atomic<int> logins = 0;
  log_in("{header: X-Access-Token}", "  header: X-Access-Token\n  value: ${token}\n",
         [&](Asked const& asked) {
           if (asked.path == "/v1/in") {
             ++logins;
             if (asked.body.find(R"("pp\"planted\\")") == std::string::npos) {
               return reply("", "401 Unauthorized");
             }
             return std::string(
                 "HTTP/1.1 200 OK\r\nx-access-token:  hh.planted-9\r\nContent-Length: 0\r\n\r\n");
           }
           if (asked.header("X-Access-Token") != "hh.planted-9")
             return reply("{}", "401 Unauthorized");
           return reply(R"([{"id":1,"sum":"3.00"},{"id":2,"sum":4}])");
         });
  expect_green(pass(), 2);
  EXPECT_EQ(logins, 1);
  expect_no_change();
  EXPECT_EQ(live(), "1=3.00 2=4");
  expect_not_leaked({"hh.planted-9", "pp\"planted"});
}

TEST_F(StrangersHabits, token_in_one_of_several_cookies) {
  log_in("{cookie: SESSION}", "  header: Cookie\n  value: SESSION=${token}\n",
         [&](Asked const& asked) {
           if (asked.path == "/v1/in") {
             return reply(
                 R"({"ok":true})", "200 OK",
                 "Set-Cookie: XSESSION=no; Path=/\r\nSet-Cookie: lang=de\r\n"
                 "Set-Cookie: SESSION=cc-planted==; Path=/v1; HttpOnly; Secure; SameSite=Lax\r\n");
           }
           if (asked.header("Cookie") != "SESSION=cc-planted==")
             return reply("{}", "401 Unauthorized");
           return reply(R"([{"id":1,"sum":"3.00"}])");
         });
  expect_green(pass(), 1);
  expect_no_change();
  expect_not_leaked({"cc-planted"});
}

TEST_F(StrangersHabits, login_whose_cookie_is_not_there_is_refused) {
  log_in("{cookie: SESSION}", "  header: Cookie\n  value: SESSION=${token}\n",
         [&](Asked const& asked) {
           if (asked.path == "/v1/in")
             return reply(R"({"ok":false,"error":"wrong pair"})", "200 OK",
                          "Set-Cookie: XSESSION=1; Path=/\r\n");
           return reply("[]");
         });
  auto const synced = pass();
  EXPECT_EQ(synced.status, 1);
  EXPECT_EQ(synced.of("rows", "error_code"), "login_refused") << synced.out;
  asked();
  EXPECT_EQ(pass().status, 1);
  EXPECT_TRUE(asked().empty());
}

// A link has the internal host name that the API has behind its proxy.
TEST_F(StrangersHabits, links_with_an_inner_address) {
  list(R"(    page: {type: link, next: next, follow: path}
    map: {amount: sum, currency: {const: eur}}
)",
       [&](Asked const& asked) {
         if (asked.path != "/v1/list") return reply("{}", "404 Not Found");
         auto const page = asked.number("p", 1);
         auto const next =
             R"("http://backend.internal:8080/v1/list?p=)" + std::to_string(page + 1) + "\"";
         return reply(R"({"data":[{"id":)" + std::to_string(page) + R"(,"sum":1}],"next":)" +
                      (page < 4 ? next : "null") + "}");
       });
  expect_green(pass(), 4);
  expect_no_change();
}

// Parameters in brackets, ids beyond 2^53, a cursor with characters that are special in a URL.
TEST_F(StrangersHabits, names_in_brackets_and_cursors_of_any_text) {
  std::vector<std::string> const cursors{"", "a+b/c==&p=1#?%41", "\xC3\xA9 \\\"", "12"};
  list(R"(    query: {"filter[state]": "a,b c", "fields[]": sum}
    page: {type: cursor, parameter: "page[after]", limit: "page[size]", size: 2, next: meta.after}
    map: {amount: attributes.sum, currency: {const: eur}}
)",
       [&](Asked const& asked) {
         auto const after = asked("page%5Bafter%5D");
         auto const at =
             static_cast<int>(std::find(cursors.begin(), cursors.end(), after) - cursors.begin());
         if (asked("filter%5Bstate%5D") != "a,b c" || at == 4)
           return reply("{}", "400 Bad Request");
         auto next = at == 3 ? "null" : at == 2 ? "12" : Json::string(cursors[at + 1]).dump();
         std::string rows;
         for (int i = 0; i < 2; ++i) {
           rows += (i == 0 ? "" : ",") + std::string(R"({"id":90071992547409)") +
                   std::to_string(900 + 2 * at + i) + R"(,"attributes":{"sum":90071992547409.93}})";
         }
         return reply(R"({"data":[)" + rows + R"(],"meta":{"after":)" + next + "}}");
       });
  expect_green(pass(), 8);
  EXPECT_EQ(query("select count(*) || min(external_id) || max(external_id) || sum(amount)"
                  " from affsync.commission"),
            "89007199254740990090071992547409907720575940379279.44");
  expect_no_change();
}

// Numbers with separators, units or other digits are quarantined, never read in part.
TEST_F(StrangersHabits, texts_that_are_no_amounts_are_put_aside) {
  std::vector<std::string> const odd{"\"1,234.50\"", "\"1 234,50\"",     "\"0x10\"", "\"5 USD\"",
                                     "\"-\"",        "\"\xEF\xBC\x95\"", "\"$5\"",   "[5]",
                                     "true",         "1e400000"};
  std::string rows;
  for (std::size_t i = 0; i < odd.size(); ++i) {
    rows += R"({"id":"odd)" + std::to_string(i) + R"(","sum":)" + odd[i] + "},";
    rows += R"({"id":"ok)" + std::to_string(i) + R"(","sum":" 1.10 "},)";
  }
  list("    map: {amount: {from: sum, required: true}, currency: {const: eur}}\n",
       [&](Asked const&) {
         return reply(R"({"data":[)" + rows + R"({"id":"last","sum":"1.10"}]})");
       });
  for (int i = 0; i < 2; ++i) {
    auto const synced = pass();
    EXPECT_EQ(synced.status, 1);
    EXPECT_EQ(synced.of("rows", "error_code"), "rows_quarantined") << synced.out;
    EXPECT_EQ(query("select count(*) || ' ' || sum(amount) from affsync.commission"), "11 12.10");
    EXPECT_EQ(query("select count(*) from affsync.quarantine where resolved_at is null"), "10");
  }
  EXPECT_EQ(marked(), "");
}

// 2022-03-27 has no midnight in Beirut. Each half hour of four days has a row in its last moment.
TEST_F(StrangersHabits, days_without_a_midnight) {
  long const first = 1648159200;  // 2022-03-25, midnight in Beirut
  for (std::string const exclusive : {"true", "false"}) {
    list("    window: {from: a, to: b, form: epoch_seconds, to_exclusive: " + exclusive +
             ", zone: Asia/Beirut, span: 1d, max_span: 512d, start: 2022-03-25}\n"
             "    map: {amount: {const: \"0.50\"}, currency: {const: eur}}\n",
         [&](Asked const& asked) {
           std::string rows;
           for (long i = 0; i < 192; ++i) {
             auto const at = static_cast<double>(first + 1800 * i) + 1799.999;
             if (at < std::stod(asked("a")) || at > std::stod(asked("b"))) continue;
             rows += (rows.empty() ? "" : ",") + std::string(R"({"id":)") + std::to_string(i) + "}";
           }
           return reply(R"({"data":[)" + rows + "]}");
         });
    expect_green(pass(), 192);
    expect_no_change({"--full"});
    renew_database();
  }
}

// A byte order mark, letters of an older code page, and words in another alphabet.
TEST_F(StrangersHabits, bytes_before_and_within_the_text) {
  list(
      "    map: {amount: sum, currency: {const: eur}, symbol: name, status: {from: st, table: {"
      "\xD0\xBE\xD0\xBF\xD0\xBB\xD0\xB0\xD1\x87\xD0\xB5\xD0\xBD: paid}}}\n",
      [&](Asked const&) {
        return reply(
            "\xEF\xBB\xBF{\"data\":[{\"id\":1,\"sum\":1,\"name\":\"M\xFCller\",\"st\":"
            "\"\\u043e\\u043f\\u043b\\u0430\\u0447\\u0435\\u043d\"}]}\n\n",
            "200 OK", "", "application/json; charset=windows-1252");
      });
  expect_green(pass(), 1);
  EXPECT_EQ(live("status || symbol"), "paidM\xEF\xBF\xBDller");
  expect_no_change();
}

}  // namespace
}  // namespace affsync::test::strangers_habits_test
