// The format of connector files: how each key is read.
#include "connectors/engine/manifest/manifest.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "connectors/engine/rows/mapping.hpp"
#include "tests/support/places/places.hpp"
#include "tests/unit/engine/manifest_sample.hpp"

namespace affsync::engine::manifest_test {
namespace {

Manifest parsed() {
  static Manifest const manifest = parse_manifest(sample_manifest, "demo.yaml").value();
  return manifest;
}

using Texts = std::vector<std::string>;
using namespace std::chrono_literals;
using namespace std::chrono;

Texts texts(std::vector<KeyPart> const& parts) {
  Texts out;
  for (auto const& part : parts) out.push_back(part.path.text());
  return out;
}

Texts texts(std::vector<JsonPath> const& paths) {
  Texts out;
  for (auto const& path : paths) out.push_back(path.text());
  return out;
}

ColumnMapping column(std::string_view name) {
  auto const manifest = parsed();
  for (auto const& mapping : manifest.streams[0].map.columns) {
    if (mapping.column == name) return mapping;
  }
  throw std::runtime_error("no column");
}

TEST(Manifest, ReadsWhatTheBrokerIs) {
  auto const manifest = parsed();
  EXPECT_EQ(manifest.name, "demo");
  EXPECT_EQ(manifest.title, "Demo broker");
  EXPECT_EQ(manifest.documentation, "https://docs.example.com");
  EXPECT_EQ(manifest.base_url, "https://api.example.com");
  EXPECT_EQ(manifest.file, "demo.yaml");
  ASSERT_EQ(manifest.credentials.size(), 2u);
  EXPECT_EQ(manifest.credentials[0].description, "the API key");
  EXPECT_TRUE(manifest.credentials[0].secret);
  EXPECT_FALSE(manifest.credentials[1].secret);
  ASSERT_EQ(manifest.settings.size(), 2u);
  EXPECT_EQ(manifest.settings[0].default_value, "UTC");
  EXPECT_FALSE(manifest.settings[0].required);
  EXPECT_TRUE(manifest.settings[1].required);
  EXPECT_NE(manifest.find_stream("payouts"), nullptr);
  EXPECT_EQ(manifest.find_stream("payout"), nullptr);
}

TEST(Manifest, ReadsTheLogin) {
  auto const manifest = parsed();
  auto const& auth = std::get<LoginTokenAuth>(manifest.auth.at(0).auth);
  EXPECT_EQ(auth.login.method, Method::post);
  EXPECT_EQ(auth.login.path, "/login/");
  EXPECT_EQ(auth.login.query, (NamedTexts{{"region", "${settings.region}"}}));
  EXPECT_EQ(auth.login.headers, (NamedTexts{{"X-Key", "${credentials.key}"}}));
  EXPECT_EQ(auth.login.json, (NamedTexts{{"login", "${credentials.login}"}}));
  EXPECT_EQ(auth.token.text(), "data.token");
  EXPECT_EQ(auth.strip_prefix, "JWT ");
  EXPECT_EQ(auth.header, "X-Auth");
  EXPECT_EQ(auth.value, "JWT ${token}");
  EXPECT_TRUE(auth.lifetime_from_jwt);
  EXPECT_EQ(auth.assumed_lifetime, 6h);
  EXPECT_EQ(auth.renew_before, 90s);
}

TEST(Manifest, ReadsTheOtherKindsOfAuthentication) {
  auto const rest =
      "\nstreams: {s: {table: payout, path: /p, records: data, key: id, map: {amount: a}}}";
  auto const none = parse_manifest(std::string("name: a\nauth: {type: none}") + rest, "a.yaml");
  ASSERT_TRUE(none) << none.error().to_line();
  EXPECT_TRUE(std::holds_alternative<NoAuth>(none->auth.at(0).auth));
  auto const fixed = parse_manifest(
      std::string("name: a\ncredentials: {k: }\nauth: {type: static_token, header: X-K, value: "
                  "\"Bearer ${credentials.k}\"}") +
          rest,
      "a.yaml");
  ASSERT_TRUE(fixed) << fixed.error().to_line();
  EXPECT_EQ(std::get<StaticTokenAuth>(fixed->auth.at(0).auth).header, "X-K");
  EXPECT_EQ(std::get<StaticTokenAuth>(fixed->auth.at(0).auth).value, "Bearer ${credentials.k}");
}

TEST(Manifest, ReadsTheRate) {
  auto const rate = parsed().rate;
  EXPECT_EQ(rate.requests_per_second, 2.5);
  EXPECT_EQ(rate.max_requests_per_second, 8);
  EXPECT_EQ(rate.burst, 3);
  EXPECT_EQ(rate.concurrency, 4);
  EXPECT_EQ(rate.remaining_header, "X-Left");
  EXPECT_EQ(rate.reset_header, "X-Reset");
  EXPECT_EQ(rate.reset_unit, ResetUnit::epoch_seconds);
  EXPECT_EQ(rate.wait_text, "available in");
  EXPECT_EQ(rate.wait_cap, 10min);
}

TEST(Manifest, ReadsErrorRulesInOrder) {
  auto const rules = parsed().errors;
  ASSERT_EQ(rules.size(), 4u);
  EXPECT_EQ(rules[0].status, std::vector<StatusRange>{401});
  EXPECT_EQ(rules[0].login, true);
  EXPECT_EQ(rules[0].answer_class, AnswerClass::auth_invalid);
  EXPECT_EQ(rules[1].status, (std::vector<StatusRange>{429, 503}));
  EXPECT_FALSE(rules[1].login);
  EXPECT_EQ(rules[1].wait, 30s);
  EXPECT_EQ(rules[2].json->text(), "error.code");
  EXPECT_EQ(rules[2].json_equals, (Texts{"E1", "E2"}));
  EXPECT_EQ(rules[2].answer_class, AnswerClass::empty);
  EXPECT_EQ(rules[3].body_contains, "too many days");
  EXPECT_EQ(rules[3].answer_class, AnswerClass::window_too_large);
}

TEST(Manifest, ReadsAStreamsRequest) {
  auto const stream = parsed().streams[0];
  EXPECT_EQ(stream.name, "rewards");
  EXPECT_EQ(stream.title, "Rewards");
  EXPECT_FALSE(stream.enabled);
  EXPECT_FALSE(stream.in_reports);
  EXPECT_EQ(stream.every, "15m");
  EXPECT_EQ(stream.full_every, "0 3 * * 0");
  EXPECT_EQ(stream.request.method, Method::get);
  EXPECT_EQ(stream.request.path, "/rewards/");
  EXPECT_EQ(stream.request.query,
            (NamedTexts{{"ordering", "id"}, {"region", "${settings.region}"}}));
  EXPECT_EQ(stream.request.headers, (NamedTexts{{"Accept-Language", "en"}}));
  EXPECT_EQ(texts(stream.records), (Texts{"data", "$"}));
  EXPECT_EQ(texts(stream.map.key), (Texts{"account.id", "id"}));
  EXPECT_EQ(stream.personal, (Texts{"comment", "client.name"}));
  EXPECT_EQ(stream.volatile_fields, (Texts{"seen_at"}));
  EXPECT_EQ(stream.evidence.value().by, Evidence::third_party);
  EXPECT_EQ(stream.evidence->note, "rows that somebody saved");
  EXPECT_FALSE(parsed().streams[1].evidence);
}

TEST(Manifest, ReadsPagingAndWindow) {
  auto const stream = parsed().streams[0];
  auto const* paging = std::get_if<OffsetPaging>(&stream.page.kind);
  ASSERT_NE(paging, nullptr);
  EXPECT_EQ(paging->parameter, "from");
  EXPECT_EQ(paging->overlap, 2);
  ASSERT_TRUE(stream.page.size);
  EXPECT_EQ(stream.page.size->parameter, "size");
  EXPECT_EQ(stream.page.size->rows, 50);
  EXPECT_EQ(stream.page.size->max_rows, 200);
  EXPECT_EQ(stream.page.total->text(), "meta.count");
  ASSERT_TRUE(stream.window);
  EXPECT_EQ(stream.window->from_parameter, "since");
  EXPECT_EQ(stream.window->to_parameter, "until");
  EXPECT_EQ(stream.window->zone, "Europe/Moscow");
  EXPECT_EQ(stream.window->span_days, 10);
  EXPECT_EQ(stream.window->start, Day(2020y / February / 29));
  EXPECT_EQ(stream.window->lookback_days, 3);
  EXPECT_EQ(stream.window->column, "occurred_on");
}

TEST(Manifest, TakesABareTextForAPathAndTheColumnsTypeForItsType) {
  EXPECT_EQ(texts(column("account").from), (Texts{"account.id"}));
  EXPECT_EQ(column("account").type, ValueType::text);
  EXPECT_EQ(column("amount").type, ValueType::decimal);
  EXPECT_EQ(column("currency").type, ValueType::currency);
  EXPECT_EQ(column("occurred_on").type, ValueType::date);
  EXPECT_EQ(column("paid_at").type, ValueType::datetime);
  EXPECT_EQ(column("status").type, ValueType::enumeration);
  EXPECT_EQ(parsed().streams[0].also[0].columns[1].type, ValueType::boolean);
}

TEST(Manifest, ReadsWhatIsDoneToAValue) {
  auto const ref = column("client_ref");
  EXPECT_EQ(texts(ref.from), (Texts{"uid", "client.uid"}));
  EXPECT_EQ(ref.take_before, "-");
  EXPECT_EQ(ref.strip_prefix, "#");
  EXPECT_TRUE(ref.lower_case);
  EXPECT_TRUE(ref.required);
  auto const amount = column("amount");
  EXPECT_EQ(amount.shift, -2);
  EXPECT_EQ(amount.scale, 4);
  EXPECT_EQ(amount.null_if, (Texts{"n/a", "-"}));
  EXPECT_FALSE(amount.required);
  EXPECT_EQ(column("kind").constant, "revshare");
  EXPECT_TRUE(column("kind").from.empty());
  auto const status = column("status");
  EXPECT_EQ(status.table,
            (std::map<std::string, std::string>{{"new", "pending"}, {"done", "paid"}}));
  EXPECT_EQ(status.otherwise, "unknown");
  EXPECT_EQ(column("occurred_on").formats, (Texts{"%d.%m.%Y", "iso"}));
  EXPECT_EQ(column("occurred_at").type, ValueType::epoch);
  EXPECT_TRUE(column("occurred_at").epoch_milliseconds);
  EXPECT_EQ(column("paid_at").zone, "${settings.timezone}");
  EXPECT_EQ(column("partner_account").constant, "${settings.region}");
}

TEST(Manifest, ReadsFurtherTablesAndMarksNamesPersonal) {
  auto const also = parsed().streams[0].also;
  ASSERT_EQ(also.size(), 2u);
  EXPECT_EQ(also[0].table->name, "client");
  EXPECT_EQ(texts(also[0].key), (Texts{"client.uid"}));
  EXPECT_TRUE(also[0].columns[0].personal);
  EXPECT_FALSE(also[0].columns[1].personal);
  EXPECT_EQ(also[1].table->name, "balance");
  EXPECT_EQ(texts(also[1].key), (Texts{"account.id", "id"})) << "the stream's own key";
  EXPECT_EQ(also[1].columns[0].type, ValueType::percent);
}

TEST(Manifest, ReadsReconciliations) {
  auto const checks = parsed().streams[0].reconcile;
  ASSERT_EQ(checks.size(), 2u);
  EXPECT_EQ(checks[0].metric, "amount");
  EXPECT_EQ(checks[0].column, "amount");
  EXPECT_EQ(checks[0].broker_value.text(), "totals.amount");
  EXPECT_EQ(checks[0].tolerance, "0.5");
  EXPECT_EQ(checks[1].metric, "rows");
  EXPECT_EQ(checks[1].column, "");
  EXPECT_EQ(checks[1].tolerance, "0");
}

TEST(Manifest, HasSensibleDefaults) {
  auto const payouts = parsed().streams[1];
  EXPECT_TRUE(payouts.enabled);
  EXPECT_TRUE(payouts.in_reports);
  EXPECT_EQ(payouts.title, "payouts");
  EXPECT_TRUE(payouts.page.is_single_answer());
  EXPECT_FALSE(payouts.window);
  EXPECT_EQ(payouts.path_hint, "ask the broker");
  EXPECT_EQ(payouts.request.path, "");
}

TEST(Manifest, IsNoMoreThanItSays) {
  for (auto const* text : {"", "[]", "just a text", "name: a", "name: a\nauth: {type: none}",
                           "name: a\nauth: {type: none}\nstreams: {}",
                           "name: a\nauth: {type: none}\nstreams: []", "name: [", "\xff"}) {
    auto const manifest = parse_manifest(text, "demo.yaml");
    ASSERT_FALSE(manifest) << text;
    EXPECT_EQ(manifest.error().code, ErrorCode::config_invalid) << text;
    EXPECT_TRUE(manifest.error().where.starts_with("demo.yaml")) << text;
  }
}

// The first fenced block of `language` in the documentation that begins with `start`.
std::string documented(std::string const& language, std::string_view start) {
  std::ifstream file(test::in_source("docs/connectors.md"));
  std::stringstream all;
  all << file.rdbuf();
  auto const text = all.str();
  auto const fence = "```" + language + "\n" + std::string(start);
  auto const at = text.find(fence);
  if (at == std::string::npos) return {};
  auto const from = at + 4 + language.size();
  return text.substr(from, text.find("\n```", from) - from);
}

TEST(ManifestDocumentation, WorkedExampleMapsItsOwnAnswer) {
  auto const manifest = parse_manifest(documented("yaml", "name: mybroker"), "docs");
  ASSERT_TRUE(manifest) << manifest.error().to_line();
  SourceSettings settings;
  settings.name = "s";
  settings.credentials = {{"api_key", Secret("k")}};
  auto const plan = make_source_plan(*manifest, settings);
  ASSERT_TRUE(plan) << plan.error().to_line();
  auto const& stream = *plan->streams[0];
  auto const answer = parse_json(documented("json", "{\"items\"")).value();
  auto const& row = stream.spec->records[0].in(answer)->items()[0];
  Row mapped;
  EXPECT_EQ(RowMapper(stream, stream.spec->map).map(row, TimePoint{}, mapped), std::nullopt);
  EXPECT_EQ(mapped.external_id, "81");
  auto const cell = [&](std::string_view name) {
    return mapped.values[*stream.table().index_of(name)].value_or("null");
  };
  EXPECT_EQ(cell("kind"), "cpa");
  EXPECT_EQ(cell("status"), "approved");
  EXPECT_EQ(cell("amount"), "150.00");
  EXPECT_EQ(cell("currency"), "USD");
  EXPECT_EQ(cell("occurred_on"), "2026-11-02");
  EXPECT_EQ(cell("occurred_at"), "2026-11-02T13:05:00Z");
  EXPECT_EQ(mapped.raw.find("manager_name"), std::string::npos);
}

TEST(AnswerClassWords, AreThoseOfTheLanguage) {
  EXPECT_EQ(to_string(AnswerClass::throttled), "throttled");
  EXPECT_EQ(to_string(AnswerClass::window_too_large), "window_too_large");
}

}  // namespace
}  // namespace affsync::engine::manifest_test
