// What leaves the process: secrets in the query and in the path, which nothing shows, and requests
// by POST, of which there are none but the declared ones.
#include <set>

#include "tests/acceptance/strangers.hpp"

namespace affsync::test::strangers_requests_test {
namespace {

class StrangersRequests : public Strangers {};

std::string row(int number, std::string const& more = "") {
  return R"({"id":"n)" + std::to_string(100 + number) +
         R"(","sum":"1.10","cur":"EUR","day":"2026-03-05")" + more + "}";
}

std::string const list_yaml = R"(    table: commission
    records: items
    key: id
    map: {amount: {from: sum, required: true}, currency: cur, occurred_on: day, symbol: note}
)";

// The broker repeats the key in its links, in its rows and in its refusals.
TEST_F(StrangersRequests, a_key_in_query_and_path_is_never_shown) {
  std::string const key = "planted-key-7/+ ä", site = "planted-site-8";
  bool broken = false;
  start_own_broker(
      R"(credentials: {key: , site: }
auth:
  type: none
  query: {api_key: "${credentials.key}"}
  secret_path: true
streams:
  rows:
    path: /v1/${credentials.site}/rows
    query: {sort: id}
    page: {type: link, next: next}
)" + list_yaml,
      "{key: \"" + key + "\", site: " + site + "}", [&](Asked const& asked) {
        EXPECT_EQ(asked.path, "/v1/" + site + "/rows");
        EXPECT_EQ(asked("api_key"), key);
        EXPECT_EQ(asked.query().find("api_key"), asked.query().rfind("api_key")) << asked.query();
        EXPECT_EQ(asked("sort"), "id");
        int const page = asked.number("page", 1);
        if (broken && page == 2) {
          return reply(R"({"message":"bad request )" + asked.target + R"("})", "400 Bad Request");
        }
        auto const echo = R"(,"note":"asked by )" + site + R"(","url":")" + asked.target + "\"";
        std::string out = R"({"items":[)" + row(page, echo) + "]";
        if (page < 3) {
          out += R"(,"next":"/v1/)" + site + "/rows?" + asked.query().substr(0, 7) +
                 "&api_key=planted-key-7%2F%2B%20%C3%A4&page=" + std::to_string(page + 1) + "\"";
        }
        return reply(out + "}");
      });
  expect_green(pass(), 3);
  EXPECT_EQ(query("select string_agg(distinct symbol, ',') from affsync.commission"),
            "asked by ***");
  expect_no_change();
  broken = true;
  auto const refused = pass({"--full"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_NE(refused.out.find("GET /v1/***/rows?sort=id&api_key=***&page=2"), std::string::npos)
      << refused.out;
  expect_not_leaked({"planted-key", "planted-site", "%2F%2B%20%C3%A4"});
}

// Everything that leaves the process is what the connector declares: the login and the read by
// POST, and GET requests. The list is read in pages that only their bodies tell apart, several at
// once.
TEST_F(StrangersRequests, nothing_is_posted_but_what_is_declared) {
  std::vector<std::string> first_days;  // of the windows
  start_own_broker(
      R"(credentials: {login: {secret: false}, word: }
rate: {requests_per_second: 500, burst: 500, concurrency: 4}
auth:
  type: login_token
  login: {path: /door, json: {user: {name: "${credentials.login}", word: "${credentials.word}"}}}
  token: t
  value: Bearer ${token}
streams:
  plain:
    path: /plain
    table: payout
    records: items
    key: id
    map: {amount: sum}
  rows:
    method: POST
    reads: true
    path: /report
    body: {json: {pageSize: "0", filter: {all: true}}}
    page: {type: page, parameter: page, limit: pageSize, size: 2, total: total, in: body}
    window: {from: filter.from, to: filter.to, start: 2026-03-01, span: 3660d, in: body,
             column: occurred_on}
)" + list_yaml,
      "{login: me, word: planted-word}", [&](Asked const& asked) {
        if (asked.path == "/door") {
          EXPECT_EQ(asked.body, R"({"user":{"name":"me","word":"planted-word"}})");
          return reply(R"({"t":"planted-token-1"})");
        }
        if (asked.header("Authorization") != "Bearer planted-token-1") {
          return reply("{}", "401 Unauthorized");
        }
        if (asked.path == "/plain") return reply(R"({"items":[{"id":1,"sum":"5"}]})");
        auto const body = parse_json(asked.body).value();
        EXPECT_EQ(body.find("pageSize")->as_string(), "2");
        first_days.push_back(JsonPath("filter.from").in(body)->as_string());
        if (first_days.back() > "2026-03-05") return reply(R"({"items":[],"total":0})");
        int const page = std::stoi(body.find("page")->number_text());
        std::string items;
        for (int i = 2 * page - 2; i < std::min(2 * page, 9); ++i) {
          items += (items.empty() ? "" : ",") + row(i);
        }
        return reply(R"({"items":[)" + items + R"(],"total":9})");
      });
  expect_green(pass(), 9);
  std::set<std::string> sent;
  for (auto const& one : asked()) sent.insert(one.method + " " + one.target);
  EXPECT_EQ(sent, (std::set<std::string>{"POST /door", "GET /plain", "POST /report"}));
  EXPECT_EQ(first_days.at(0), "2026-03-01");
  EXPECT_EQ(live_count(), "9");
  expect_no_change();

  auto const shown = run_command({"connectors", "stranger"});
  EXPECT_NE(shown.out.find("POST /door"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("POST /report"), std::string::npos) << shown.out;
  EXPECT_EQ(shown.out.find("POST /plain"), std::string::npos) << shown.out;
  expect_not_leaked({"planted-"});
}

// The login gives two tokens in headers and what renews them. They expire once: they are renewed
// without another login; when that is refused too, the login follows.
TEST_F(StrangersRequests, a_token_is_renewed_before_another_login) {
  int logins = 0, renewals = 0, valid = 0, reads = 0;
  auto const tokens = [&] {
    ++valid;
    auto const number = std::to_string(valid);
    return reply(
        R"({"refresh":"planted-refresh-)" + number + "\"}", "200 OK",
        "CST: planted-cst-" + number + "\r\nX-SECURITY-TOKEN: planted-sec-" + number + "\r\n");
  };
  bool refuses_renewal = false;
  start_own_broker(
      R"(credentials: {key: , word: }
auth:
  type: login_token
  login:
    path: /session
    headers: {X-KEY: "${credentials.key}"}
    json: {word: "${credentials.word}"}
    rate: {requests: 100, per: 1m}
  token: {header: CST}
  tokens: {security: {header: X-SECURITY-TOKEN}}
  header: CST
  value: ${token}
  headers: {X-KEY: "${credentials.key}", X-SECURITY-TOKEN: "${token.security}"}
  refresh: {path: /renew, json: {refresh: "${refresh_token}"}, token: refresh}
streams:
  rows:
    path: /rows
    page: {type: page, limit: n, size: 1}
)" + list_yaml,
      "{key: planted-key-1, word: planted-word}", [&](Asked const& asked) {
        if (asked.path == "/session") {
          ++logins;
          return tokens();
        }
        auto const number = std::to_string(valid);
        if (asked.path == "/renew") {
          ++renewals;
          EXPECT_EQ(asked.body, R"({"refresh":"planted-refresh-)" + number + "\"}");
          return refuses_renewal ? reply("{}", "403 Forbidden") : tokens();
        }
        EXPECT_EQ(asked.header("X-KEY"), "planted-key-1");
        bool const good = asked.header("CST") == "planted-cst-" + number &&
                          asked.header("X-SECURITY-TOKEN") == "planted-sec-" + number;
        ++reads;
        bool const expires = reads == 2 || reads == 5;
        if (!good || expires) return reply("{}", "401 Unauthorized");
        refuses_renewal = reads >= 3;
        int const page = asked.number("page", 1);
        return reply(R"({"items":[)" + (page <= 4 ? row(page) : "") + "]}");
      });
  expect_green(pass(), 4);
  EXPECT_EQ(renewals, 2);
  EXPECT_EQ(logins, 2);
  expect_not_leaked({"planted-"});
}

// A page behind the last one is answered with an error: by its status here, by a rule there.
TEST_F(StrangersRequests, a_list_may_end_with_an_error) {
  bool is_gone = false;
  start_own_broker(
      R"(auth: {type: none}
errors: [{json: code, equals: [NO_MORE], class: end_of_list}]
streams:
  rows:
    path: /rows
    page: {type: cursor, parameter: after, next: next, end_status: 404}
)" + list_yaml,
      "{}", [&](Asked const& asked) {
        if (is_gone) return reply("{}", "404 Not Found");
        auto const after = asked.number("after", 0);
        if (after == 2) return reply("{}", "404 Not Found");
        return reply(R"({"items":[)" + row(after) + R"(],"next":")" + std::to_string(after + 1) +
                     "\"}");
      });
  expect_green(pass(), 2);
  expect_no_change();
  // On the first page it is an error like any other.
  is_gone = true;
  auto const refused = pass({"--full"});
  EXPECT_EQ(refused.of("rows", "error_code"), "not_found") << refused.out;
  EXPECT_EQ(live_count(), "2");
}

// A limit of a day that is used up ends the run; the next one goes on.
TEST_F(StrangersRequests, a_limit_of_the_day_ends_the_run) {
  start_own_broker(
      R"(auth: {type: none}
rate: {requests_per_second: 500, burst: 500, limits: [{requests: 6, per: 1d, of: rows}]}
streams:
  rows:
    path: /rows
    cost: 2
    page: {type: page, limit: n, size: 1}
)" + list_yaml,
      "{}", [&](Asked const& asked) {
        int const page = asked.number("page", 1);
        return reply(R"({"items":[)" + (page <= 5 ? row(page) : "") + "]}");
      });
  auto const first = pass();
  EXPECT_EQ(first.of("rows", "error_code"), "throttled") << first.out;
  EXPECT_EQ(asked().size(), 3U);
  EXPECT_EQ(live_count(), "3");
  // The next process knows what this one sent.
  auto const second = pass();
  EXPECT_EQ(second.of("rows", "error_code"), "throttled") << second.out;
  EXPECT_EQ(asked().size(), 0U);
  // A day later it goes on where the first one stopped.
  execute(
      "update affsync.sync_run set started_at = started_at - interval '25 hours',"
      " finished_at = finished_at - interval '25 hours'");
  auto const later = pass();
  EXPECT_EQ(asked().size(), 3U) << later.out;
  EXPECT_EQ(live_count(), "5");
}

// The accounts of each client that another stream has stored. A client without accounts is a 404.
TEST_F(StrangersRequests, each_client_is_asked_for_its_accounts) {
  std::vector<std::string> clients{"a/1", "b", "c"};
  start_own_broker(
      R"(auth: {type: none}
errors: [{status: 404, class: empty}]
streams:
  rows:
    table: trading_account
    path: /clients/${item}/accounts
    for_each: {values: {stream: people, column: client_ref}}
    records: {from: items, empty_if_null: true, keep: {client: {item: true}}}
    key: [client, id]
    map: {client_ref: client, account: id}
  people:
    table: client
    path: /clients
    records: items
    key: id
    map: {client_ref: id}
)",
      "{}", [&](Asked const& asked) {
        if (asked.path == "/clients") {
          std::string items;
          for (auto const& id : clients)
            items += (items.empty() ? "" : ",") + (R"({"id":")" + id + "\"}");
          return reply(R"({"items":[)" + items + "]}");
        }
        if (asked.path == "/clients/b/accounts") return reply("{}", "404 Not Found");
        auto const of = asked.path == "/clients/a%2F1/accounts" ? "a/1" : "c";
        EXPECT_EQ(asked.path, of == std::string("c") ? "/clients/c/accounts" : asked.path);
        return reply(R"({"items":[{"id":"x"},{"id":"y"}]})");
      });
  EXPECT_EQ(pass({"--stream", "people"}).status, 0);
  auto const synced = pass({"--stream", "rows"});
  EXPECT_EQ(synced.status, 0) << synced.out << synced.err;
  EXPECT_EQ(live("external_id", "trading_account"), "a/1:x a/1:y c:x c:y");
  expect_no_change();
}

// One bad row that is all the first client has does not keep the others from being read.
TEST_F(StrangersRequests, a_bad_account_of_the_first_client_does_not_stop_the_others) {
  start_own_broker(
      R"(auth: {type: none}
settings: {clients: {description: whose, default: "a,b,c"}}
streams:
  rows:
    table: commission
    path: /commissions
    for_each: {values: "${settings.clients}", as: client}
    records: items
    key: id
    map: {amount: amount, currency: {const: USD}}
)",
      "{}", [&](Asked const& asked) {
        return reply(R"({"items":[{"id":"of-)" + asked("client") + R"(","amount":")" +
                     (asked("client") == "a" ? "n/a?" : "5") + R"("}]})");
      });
  auto const first = pass();
  EXPECT_EQ(first.of("rows", "status"), "partial") << first.out << first.err;
  EXPECT_EQ(live(), "of-b=5 of-c=5");
  EXPECT_EQ(affsync({"quarantine", "accept", query("select quarantine_id from affsync.quarantine")})
                .status,
            0);
  EXPECT_EQ(pass().of("rows", "status"), "succeeded");
}

// In one pass the stream that gives the values is read first, whatever their order in the file; and
// commands that only look find the stored values.
TEST_F(StrangersRequests, values_of_another_stream_are_there_in_the_first_pass_and_for_looking) {
  start_own_broker(
      R"(auth: {type: none}
streams:
  rows:
    table: trading_account
    path: /accounts
    for_each: {values: {stream: people, column: client_ref}, as: client}
    records: items
    key: id
    map: {account: id}
  people:
    table: client
    path: /clients
    page: {type: page, limit: n, size: 1}
    records: items
    key: id
    map: {client_ref: id}
)",
      "{}", [&](Asked const& asked) {
        if (asked.path == "/clients") {
          int const page = asked.number("page", 1);
          return reply(page > 3 ? R"({"items":[]})"
                                : R"({"items":[{"id":"c)" + std::to_string(page) + R"("}]})");
        }
        return reply(R"({"items":[{"id":"of-)" + asked("client") + R"("}]})");
      });
  // Nothing is stored yet, and looking says so.
  auto const early = affsync({"check", "--output", "json"});
  EXPECT_NE(
      early.out.find("it is requested for each `client_ref` of the stream `people`, but none is "
                     "stored yet"),
      std::string::npos)
      << early.out;
  auto const first = pass();
  EXPECT_EQ(first.status, 0) << first.out << first.err;
  EXPECT_EQ(live("external_id", "trading_account"), "of-c1 of-c2 of-c3");
  auto const check = affsync({"check", "--output", "json"});
  EXPECT_EQ(check.status, 0) << check.out;
  EXPECT_EQ(check.out.find("none is stored yet"), std::string::npos) << check.out;
  auto const inspect = affsync({"inspect", "main", "rows"});
  EXPECT_NE(inspect.out.find("of-c1"), std::string::npos) << inspect.out << inspect.err;
  auto const dry = pass({"--dry-run", "--stream", "rows"});
  EXPECT_EQ(dry.of("rows", "rows_read"), "3") << dry.out;
}

}  // namespace
}  // namespace affsync::test::strangers_requests_test
