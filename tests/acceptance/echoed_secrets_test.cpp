// Brokers, proxies and receivers of alerts that repeat our secrets in spellings that are found only
// after decoding, and in places where a secret is cut.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/acceptance/alerts_fixture.hpp"
#include "tests/acceptance/strangers.hpp"

namespace affsync::test::echoed_secrets_test {
namespace {

std::string const slashed_key = "q83vEjRWeJ/Aq83vEjRWeJq/83vEjRWnesting==";
std::string const plain_key = "LiveKey-2f9cplanted";

class EchoedSecrets : public Strangers {
 protected:
  static constexpr auto with_key = R"(credentials: {api_key: {description: key}}
auth: {type: static_token, header: X-Api-Key, value: "${credentials.api_key}"}
streams:
  rows:
    table: payout
    path: /rows
    key: id
    map: {amount: sum, currency: cur}
)";
  static constexpr auto with_login = R"(credentials:
  login: {description: name, secret: false}
  password: {description: word}
auth:
  type: login_token
  login: {path: /login, json: {user: "${credentials.login}", password: "${credentials.password}"}}
  token: token
  value: "Bearer ${token}"
streams:
  rows:
    table: payout
    path: /rows
    records: items
    key: id
    map: {amount: sum, currency: cur}
)";
  // What a login is told that the broker refuses with these words.
  std::string refusal_of(std::string const& word_in_yaml, std::string const& said) {
    start_own_broker(with_login, "{login: me@example.com, password: " + word_in_yaml + "}",
                     [said](Asked const&) {
                       return reply(Json::object({{"message", Json::string(said)}}).dump(),
                                    "401 Unauthorized");
                     });
    auto const synced = pass({"--retry-login"});
    EXPECT_NE(synced.status, 0);
    return synced.out + synced.err +
           query("select string_agg(error, ' ') from affsync.sync_run where error is not null");
  }
  static std::string utf16(std::string const& ascii) {
    std::string out = "\xFF\xFE";
    for (char const c : ascii) out.append({c, '\0'});
    return out;
  }
};

// A PHP server that logs the request into a field: `/` is escaped, and so is its escape.
TEST_F(EchoedSecrets, a_key_with_slashes_in_json_within_json) {
  start_own_broker(
      std::string(with_key) + "    records: items\n", "{api_key: \"" + slashed_key + "\"}",
      [](Asked const&) {
        return reply(
            R"({"items":[{"id":1,"sum":"1.50","cur":"USD",)"
            R"("debug":"{\"x-api-key\":\"q83vEjRWeJ\\\/Aq83vEjRWeJq\\\/83vEjRWnesting==\"}"}]})");
      });
  expect_green(pass(), 1);
  EXPECT_EQ(query("select raw->>'debug' from affsync.payout"), R"({"x-api-key":"***"})");
  EXPECT_EQ(query("select count(*) from affsync.payout where raw::text like '%vEjRW%'"), "0");
  expect_no_change();
}

TEST_F(EchoedSecrets, a_key_in_a_table_of_utf_16) {
  start_own_broker(std::string(with_key) + "    format: csv\n    csv: {charset: utf-16}\n",
                   "{api_key: " + plain_key + "}", [](Asked const&) {
                     return reply(
                         utf16("id,sum,cur,note\r\n1,2.50,USD,exported by " + plain_key + "\r\n"),
                         "200 OK", "", "text/csv");
                   });
  expect_green(pass(), 1);
  EXPECT_EQ(query("select raw->>'note' from affsync.payout"), "exported by ***");
  expect_not_leaked({plain_key});
}

TEST_F(EchoedSecrets, a_password_with_blanks_that_run_together) {
  auto const told = refusal_of("\"correct  horse battery  staple\"",
                               "login failed for correct  horse battery  staple, sorry");
  EXPECT_NE(told.find("login failed for ***, sorry"), std::string::npos) << told;
  EXPECT_EQ(told.find("horse"), std::string::npos) << told;
}

TEST_F(EchoedSecrets, a_password_in_capitals_of_another_script) {
  auto const told = refusal_of("\"Пароль-Весна\"", "bad login ПАРОЛЬ-ВЕСНА");
  EXPECT_NE(told.find("bad login ***"), std::string::npos) << told;
  EXPECT_EQ(told.find("ВЕСНА"), std::string::npos) << told;
}

TEST_F(EchoedSecrets, a_password_that_was_escaped_three_times) {
  auto const told = refusal_of(
      "'pa/s\"W0rd-Summer'",
      R"(upstream: {"error":"{\"request\":\"{\\\"password\\\":\\\"pa\\\/s\\\\\\\"W0rd-Summer\\\"}\"}"})");
  EXPECT_NE(told.find("upstream"), std::string::npos) << told;
  EXPECT_EQ(told.find("W0rd"), std::string::npos) << told;
}

// The address of the next page is shown to its 120th character, which lies within the key.
TEST_F(EchoedSecrets, a_key_in_a_link_that_is_cut) {
  std::string const base = "https://eu.mirror.example/api/v1/";
  auto const filler = std::string(120 - base.size() - plain_key.size() + 5, 'p');
  start_own_broker(
      std::string(with_key) + "    records: items\n    page: {type: link, next: next}\n",
      "{api_key: " + plain_key + "}", [&](Asked const&) {
        return reply(R"({"items":[{"id":1,"sum":"1","cur":"USD"}],"next":")" + base + filler + "/" +
                     plain_key + R"("})");
      });
  auto const synced = pass();
  auto const told = synced.of("rows", "error");
  EXPECT_NE(told.find("the link to the next page, https://eu.mirror.example/"), std::string::npos)
      << told;
  EXPECT_EQ(told.find("LiveK"), std::string::npos) << told;
}

// A list that repeats a part of its own long token in each row: the work is not the product of
// both.
TEST_F(EchoedSecrets, a_long_token_of_which_rows_repeat_a_part) {
  std::string items;
  for (int row = 0; row < 100; ++row) {
    items += (row == 0 ? "" : ",") + (R"({"id":)" + std::to_string(row)) +
             R"(,"sum":"1.00","cur":"USD","n":")" + std::string(1400, 'a') + "\"}";
  }
  start_own_broker(with_login, "{login: me@example.com, password: Summer2027pw}",
                   [items](Asked const& asked) {
                     if (asked.path == "/login")
                       return reply(R"({"token":")" + std::string(2000, 'a') + "\"}");
                     return reply(R"({"items":[)" + items + "]}");
                   });
  expect_green(pass(), 100);
  EXPECT_EQ(query("select count(*) from affsync.payout where length(raw->>'n') = 1400"), "100")
      << "no row holds the whole token";
}

TEST_F(EchoedSecrets, what_a_login_answers_instead_of_a_token) {
  std::string answer = R"({"sess_9f8e7d6c5b4a3210abcdef":{"valid":true},"state":{"x":1}})";
  start_own_broker(with_login, "{login: me@example.com, password: Summer2027pw}",
                   [&](Asked const&) { return reply(answer); });
  auto const members = pass().of("rows", "error");
  EXPECT_NE(members.find("it has the members: one whose name is not shown, state"),
            std::string::npos)
      << members;
  answer = "a1b2c3d4e5f60718";
  auto const text = pass({"--retry-login"}).of("rows", "error");
  EXPECT_NE(text.find("16 bytes"), std::string::npos) << text;
  EXPECT_EQ(text.find("a1b2"), std::string::npos) << text;
}

// A client that another list calls "..": the request would be for somebody else's path, with our
// key.
TEST_F(EchoedSecrets, a_value_that_leads_out_of_its_path_is_not_asked_for) {
  std::string id = "..";
  start_own_broker(R"(credentials: {api_key: {description: key}}
auth: {type: static_token, header: X-Api-Key, value: "${credentials.api_key}"}
streams:
  rows:
    table: trading_account
    path: /shared/tenantB/${item}/accounts
    for_each: {values: {stream: people, column: client_ref}}
    records: items
    key: id
    map: {account: id}
  people:
    table: client
    path: /clients
    records: items
    key: id
    map: {client_ref: id}
)",
                   "{api_key: " + plain_key + "}", [&](Asked const& asked) {
                     if (asked.path == "/clients") {
                       return reply(R"({"items":[{"id":")" + id + "\"}]}");
                     }
                     return reply(R"({"items":[]})");
                   });
  for (auto const* one : {"..", ".", "../x"}) {
    id = one;
    EXPECT_EQ(pass({"--stream", "people", "--full"}).status, 0);
    execute("update affsync.client set deleted_at = now() where external_id <> '" + id + "'");
    asked();
    auto const synced = pass({"--stream", "rows"});
    EXPECT_NE(synced.status, 0);
    EXPECT_NE(synced.of("rows", "error").find("the value \"" + id + "\", which leads out"),
              std::string::npos)
        << synced.out;
    EXPECT_TRUE(asked().empty());
  }
}

TEST_F(EchoedSecrets, check_warns_of_a_credential_that_is_too_short_to_be_found) {
  start_own_broker(std::string(with_key) + "    records: items\n", "{api_key: k7Q2x}",
                   [](Asked const&) { return reply(R"({"items":[]})"); });
  auto const checked = run_command({"check"});
  EXPECT_EQ(checked.status, 0) << checked.out;
  EXPECT_NE(checked.out.find("has a short secret: `api_key`"), std::string::npos) << checked.out;
  EXPECT_EQ(checked.out.find("k7Q2x"), std::string::npos) << checked.out;
}

TEST_F(EchoedSecrets, a_database_password_with_a_slash_is_not_quoted) {
  start_own_broker(std::string(with_key) + "    records: items\n", "{api_key: " + plain_key + "}",
                   [](Asked const&) { return reply(R"({"items":[]})"); });
  for (auto const* url : {"postgresql://aff:Xk9vQ2mL8pR/ab@127.0.0.1:5432/aff",
                          "postgresql://aff:4711/Xk9vQ2mL8pR@127.0.0.1:5432/aff",
                          "postgresql://Xk9vQ2mL8pR/ab@127.0.0.1:5432/aff"}) {
    use_database("{url: \"" + std::string(url) + "\"}");
    for (auto const* command : {"status", "sync", "check", "migrate"}) {
      auto const done = run_command({command});
      EXPECT_NE(done.status, 0);
      EXPECT_EQ((done.out + done.err).find("Xk9v"), std::string::npos) << done.out << done.err;
      EXPECT_NE(done.err.find("%2F"), std::string::npos) << done.out << done.err;
    }
  }
}

// A proxy that forwards plain HTTP, and repeats what it was sent instead of an answer.
TEST_F(EchoedSecrets, a_proxy_that_repeats_its_login) {
  start_own_broker(std::string(with_key) + "    records: items\n", "{api_key: " + plain_key + "}",
                   [](Asked const& asked) {
                     return reply(
                         "no way for na@me:hunter2-planted, " + asked.header("Proxy-Authorization"),
                         "400 Bad Request", "", "text/plain");
                   });
  auto url = base_url;
  environment["http_proxy"] = url.replace(0, 7, "http://na%40me:hunter2-planted@");
  auto const synced = pass();
  EXPECT_NE(synced.of("rows", "error").find("no way for"), std::string::npos) << synced.out;
  EXPECT_EQ(synced.of("rows", "error").find("hunter2"), std::string::npos) << synced.out;
  EXPECT_EQ(synced.of("rows", "error").find("bmFAbWU6"), std::string::npos) << synced.out;
  expect_not_leaked({"hunter2-planted", "bmFAbWU6aHVudGVyMi1wbGFudGVk"});
}

class EchoedByReceivers : public AlertAcceptance {};

TEST_F(EchoedByReceivers, a_token_without_its_scheme_is_not_stored) {
  HookServer hook;
  hook.answer_with(HookServer::answer(
      "401 Unauthorized",
      "no token Xk9vQ2mL8pR4planted, nor na:hunter2-planted, nor hunter2-planted"));
  // base64 of "na:hunter2-planted", computed with another program.
  tell({webhook("ops", hook,
                ", headers: {Authorization: Bearer Xk9vQ2mL8pR4planted, X-Proxy: Basic "
                "bmE6aHVudGVyMi1wbGFudGVk}")});
  put("ops", "one");
  sync();
  auto const error = query("select last_error from affsync.alert_message");
  EXPECT_NE(error.find("no token ***, nor"), std::string::npos) << error;
  EXPECT_EQ(error.find("planted"), std::string::npos) << error;
}

TEST_F(EchoedByReceivers, a_command_has_its_secret_in_its_environment) {
  auto const out = (dir_.path() / "said").string();
  auto const script = dir_.write(
      "send", "#!/bin/sh\necho \"$PAGER_KEY\" > " + out + "; tr '\\0' ' ' < /proc/$$/cmdline >> " +
                  out + "\necho \"refused $PAGER_KEY and $1 and Xk9vQ2mL8pR5\"; exit 1\n");
  std::filesystem::permissions(script, std::filesystem::perms(0755));
  environment["PAGER"] = "pager-key-7planted";
  tell({"{name: pager, command: [" + script.string() +
        ", \"--token=Xk9vQ2mL8pR5\"], environment: {PAGER_KEY: \"${PAGER}\"}}"});
  put("pager", "one");
  sync();
  auto const error = query("select last_error from affsync.alert_message");
  EXPECT_NE(error.find("refused *** and"), std::string::npos) << error;
  EXPECT_EQ(error.find("pager-key"), std::string::npos) << error;
  EXPECT_EQ(error.find("Xk9v"), std::string::npos) << error;
  std::ifstream file(out);
  std::string const said(std::istreambuf_iterator<char>(file), {});
  EXPECT_TRUE(said.starts_with("pager-key-7planted\n")) << said;
  EXPECT_EQ(said.find("pager-key", 5), std::string::npos) << "on its command line: " << said;
}

TEST_F(EchoedByReceivers, check_warns_of_a_variable_in_an_argument) {
  environment["PAGER"] = "pager-key-7planted";
  tell({"{name: pager, command: [/bin/true, \"--key\", \"${PAGER}\", \"${title}\"]}"});
  auto const checked = affsync({"check"});
  EXPECT_NE(checked.out.find("the command of pager has ${PAGER} in its arguments"),
            std::string::npos)
      << checked.out;
  EXPECT_EQ(checked.out.find("${title}"), std::string::npos) << checked.out;
  EXPECT_EQ(checked.out.find("pager-key"), std::string::npos) << checked.out;
}

}  // namespace
}  // namespace affsync::test::echoed_secrets_test
