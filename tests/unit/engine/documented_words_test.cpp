// The examples of docs/connectors.md that show single words: each is read as a part of a connector
// file, and does what the page says.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "connectors/engine/request/auth.hpp"
#include "connectors/engine/request/signature.hpp"
#include "tests/support/places/places.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::documented_words_test {
namespace {

// The first YAML block of the page that contains `text`.
std::string example(std::string const& text) {
  std::ifstream file(test::in_source("docs/connectors.md"));
  std::string const page{std::istreambuf_iterator<char>(file), {}};
  std::string const fence = "```yaml\n";
  for (auto at = page.find(fence); at != std::string::npos; at = page.find(fence, at + 1)) {
    auto const begin = at + fence.size();
    auto const block = page.substr(begin, page.find("```", begin) - begin);
    if (block.find(text) != std::string::npos) return block;
  }
  throw std::runtime_error("the page has no example with " + text);
}

std::string indented(std::string const& block, std::string const& by) {
  std::istringstream lines(block);
  std::string out;
  for (std::string line; std::getline(lines, line);) out += by + line + "\n";
  return out;
}

SourcePlan plan_of(std::string const& file, std::vector<std::string> const& credentials) {
  auto const manifest = parse_manifest(file, "page.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "main";
  for (auto const& name : credentials) settings.credentials.emplace(name, Secret("the-" + name));
  auto plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return std::move(*plan);
}

std::string with_auth(std::string const& auth, std::string const& declared) {
  return "name: one\nbase_url: https://b.example\n" + declared + auth +
         "streams:\n  s: {table: payout, path: /p, records: data, key: id, map: {amount: a}}\n";
}

std::string with_stream_words(std::string const& words) {
  return "name: one\nbase_url: https://b.example\nauth: {type: none}\nstreams:\n  s:\n"
         "    table: commission\n    path: /p\n    records: data\n    key: id\n"
         "    map: {amount: a, occurred_on: d}\n" +
         indented(words, "    ");
}

TEST(DocumentedWords, AKeyInTheQuery) {
  auto const plan =
      plan_of(with_auth(example("NetworkId"),
                        "credentials: {api_key: }\nsettings: {network: {default: demo}}\n"),
              {"api_key"});
  HttpRequest request(Method::get, "/p?page=1");
  authorize(request, plan.auth, plan.credentials, nullptr);
  add_extras(request, plan.extras, plan.credentials, nullptr);
  EXPECT_EQ(request.sent_target(), "/p?page=1&NetworkId=demo&api_key=the-api_key");
  EXPECT_EQ(request.place(), "GET /p?page=1");
}

TEST(DocumentedWords, ASignatureInTheQuery) {
  auto const plan =
      plan_of(with_auth(example("recvWindow"), "credentials: {api_key: , api_secret: }\n"),
              {"api_key", "api_secret"});
  HttpRequest request(Method::get, "/p?page=1");
  add_extras(request, plan.extras, plan.credentials, nullptr);
  sign(request, plan.signature.value(), signed_base_of(plan.base_url), plan.credentials,
       TimePoint(std::chrono::seconds(1)), "");
  // printf 'page=1&recvWindow=5000&timestamp=1000' | openssl dgst -sha256 -hmac the-api_secret
  EXPECT_EQ(request.sent_target(),
            "/p?page=1&recvWindow=5000&timestamp=1000&signature="
            "5ac9f39a9dfab9aa4385dc07163d0e43650e44623402f6de0f20feb72894848d");
}

TEST(DocumentedWords, ALoginWithBasicBesideItsForm) {
  auto const plan = plan_of(with_auth(example("basic: {user:"),
                                      "credentials: {client_id: , client_secret: , login: , "
                                      "password: }\n"),
                            {"client_id", "client_secret", "login", "password"});
  auto const request = make_login_request(std::get<LoginTokenAuth>(plan.auth), plan.credentials);
  EXPECT_EQ(request.body, "grant_type=password&username=the-login&password=the-password");
  // printf the-client_id:the-client_secret | base64
  EXPECT_EQ(request.secret_headers.at(0).second.reveal(),
            "Basic dGhlLWNsaWVudF9pZDp0aGUtY2xpZW50X3NlY3JldA==");
}

TEST(DocumentedWords, Windows) {
  std::istringstream block(example("an exchange that keeps 180 days"));
  std::vector<std::string> windows;
  for (std::string line; std::getline(block, line);) {
    if (line.starts_with("window:")) windows.emplace_back();
    windows.back() += line + "\n";
  }
  std::vector<std::string> first;
  for (auto const& window : windows) {
    auto const plan = plan_of(with_stream_words(window), {});
    ReaderStart start;
    start.now = at("2026-06-30");
    first.push_back(StreamReader(plan.streams.at(0), start).next_request()->target);
  }
  EXPECT_EQ(first,
            (std::vector<std::string>{// date -ud 2026-01-01; 30 days later, a millisecond before
                                      "/p?startTime=1767225600000&endTime=1769817599999",
                                      "/p?day=20240101", "/p?month=2024-01"}));
}

HttpRequest first_request(SourcePlan const& plan) {
  ReaderStart start;
  start.now = at("2024-01-05");
  return StreamReader(plan.streams.at(0), start).next_request().value();
}

// A stream with its own method, path and page.
std::string with_stream(std::string const& words) {
  return "name: one\nbase_url: https://b.example\nauth: {type: none}\nstreams:\n  s:\n"
         "    table: commission\n    records: data\n    key: id\n"
         "    map: {amount: a, occurred_on: d}\n" +
         words;
}

TEST(DocumentedWords, AReadByPost) {
  auto const request = first_request(plan_of(with_stream(example("reads: true  ")), {}));
  EXPECT_EQ(request.place(), "POST /v1/report/transactions");
  // date -ud 2024-01-01 and 2024-01-05 23:59:59, with milliseconds
  EXPECT_EQ(request.body, R"({"pageSize":"100","pageNo":"1","filter":{"status":["done","pending"],)"
                          R"("since":1704067200000,"until":1704499199999}})");
}

TEST(DocumentedWords, AGraphqlRead) {
  auto const request = first_request(plan_of(with_stream(example("graphql: |")), {}));
  auto const body = parse_json(request.body).value();
  EXPECT_EQ(JsonPath("variables.since").in(body)->as_string(), "");
  EXPECT_TRUE(body.find("query")->as_string().starts_with("query($since: String!"));
}

TEST(DocumentedWords, Pages) {
  std::istringstream block(example("{header: X-Total-Count}"));
  std::vector<std::string> totals;
  for (std::string line; std::getline(block, line);) {
    auto const plan = plan_of(with_stream_words(line + "\n"), {});
    auto const& page = plan.streams.at(0)->spec->page;
    totals.push_back(page.headers.total + "/" + page.headers.next);
  }
  EXPECT_EQ(totals, (std::vector<std::string>{"X-Total-Count/", "/Link"}));
}

TEST(DocumentedWords, RowsCountedFromOneAndAListThatMayBeCut) {
  std::istringstream block(example("start_at_row"));
  std::vector<std::string> targets;
  for (std::string line; std::getline(block, line);) {
    targets.push_back(first_request(plan_of(with_stream_words(line + "\n"), {})).target);
  }
  EXPECT_EQ(targets,
            (std::vector<std::string>{"/p?row_limit=100&start_at_row=1", "/p?limit=500", "/p"}));
}

TEST(DocumentedWords, EachClientHasItsAccounts) {
  auto const plan = plan_of(
      with_stream(example("${item}/accounts")) +
          "  clients: {table: client, path: /c, records: d, key: id, map: {client_ref: id}}\n",
      {});
  ReaderStart start;
  start.now = at("2026-06-15");
  start.items = {"u-1"};
  EXPECT_EQ(StreamReader(plan.streams.at(0), start).next_request()->target,
            "/v1/clients/u-1/accounts");
}

TEST(DocumentedWords, EachUidOfASetting) {
  auto const plan =
      plan_of("settings: {uids: {default: \"1, 2\"}}\n" + with_stream(example("batch: 20")), {});
  EXPECT_EQ(first_request(plan).target, "/v1/rebates?uid=1%2C2");
}

TEST(DocumentedWords, Limits) {
  auto const plan = plan_of(
      "name: one\nbase_url: https://b.example\nauth: {type: none}\n" + example("limits:") +
          "streams:\n"
          "  clients: {table: client, path: /c, records: d, key: id, map: {client_ref: id}}\n"
          "  rewards: {table: payout, path: /r, records: d, key: id, map: {amount: a}}\n",
      {});
  ASSERT_EQ(plan.rate.limits.size(), 2U);
  EXPECT_EQ(plan.rate.limits[0].requests, 10);
  EXPECT_EQ(plan.rate.limits[1].of, (std::vector<std::string>{"clients", "rewards"}));
}

TEST(DocumentedWords, ALoginWithTwoTokens) {
  auto const plan = plan_of(
      with_auth(example("X-SECURITY-TOKEN"), "credentials: {api_key: , login: , password: }\n"),
      {"api_key", "login", "password"});
  auto const& login = std::get<LoginTokenAuth>(plan.auth);
  EXPECT_EQ(make_login_request(login, plan.credentials).body,
            R"({"identifier":"the-login","password":"the-password"})");
  Headers headers;
  headers.add("CST", "c1");
  headers.add("X-SECURITY-TOKEN", "s1");
  auto const token = read_token(login, parse_json(R"({"refreshToken": "r1"})").value(),
                                at("2026-01-01"), std::nullopt, headers)
                         .value();
  EXPECT_EQ(make_refresh_request(*login.refresh, plan.credentials, token.refresh).body,
            R"({"refresh_token":"r1"})");
}

}  // namespace
}  // namespace affsync::engine::documented_words_test
