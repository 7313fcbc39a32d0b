// How the user's configuration changes a connector's plan.
#include "connectors/engine/plan/stream_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "connectors/engine/request/auth.hpp"

namespace affsync::engine::stream_plan_test {
namespace {

using namespace std::chrono;

constexpr std::string_view connector = R"(
name: demo
base_url: https://api.example.com/
credentials:
  login: {description: the e-mail, secret: false}
  password:
settings:
  timezone: {description: whose days, default: UTC}
  region: {description: of the account, default: eu}
auth:
  type: login_token
  login:
    path: /${settings.region}/login/
    json: {login: "${credentials.login}", password: "${credentials.password}"}
  token: token
  value: Bearer ${token}
streams:
  rewards:
    table: commission
    path: /${settings.region}/rewards/
    query: {ordering: id, region: "${settings.region}"}
    headers: {X-Region: "${settings.region}"}
    page: {type: offset, size: 100, max_size: 500, overlap: 2}
    window: {from: date_from, to: date_to, zone: "${settings.timezone}", start: 2020-01-01, lookback: 7d}
    records: data
    key: id
    map:
      amount: amount
      partner_account: {const: "${settings.region}"}
      occurred_at: {from: at, zone: "${settings.timezone}"}
  wallets:
    table: balance
    path: /wallets/
    records: data
    key: id
    map: {amount: amount}
  payouts:
    table: payout
    enabled: false
    path_hint: ask the broker
    records: data
    key: id
    map: {amount: amount}
)";

Manifest manifest(std::string_view yaml = connector) {
  return parse_manifest(yaml, "demo.yaml").value();
}

SourceSettings settings() {
  SourceSettings out;
  out.name = "main";
  out.credentials = {{"login", Secret("me@example.com")}, {"password", Secret("pa${x}ss")}};
  return out;
}

StreamPlan const& stream(SourcePlan const& plan, std::string_view name) {
  for (auto const& one : plan.streams) {
    if (one->stream == name) return *one;
  }
  throw std::runtime_error("no stream");
}

std::string line_of(SourceSettings const& given) {
  auto const plan = make_source_plan(manifest(), given);
  return plan ? "no error" : plan.error().to_line();
}

TEST(SourcePlan, TakesTheConnectorsOwnWhereTheUserSaysNothing) {
  auto const plan = make_source_plan(manifest(), settings()).value();
  EXPECT_EQ(plan.source, "main");
  EXPECT_EQ(plan.connector, "demo");
  EXPECT_EQ(plan.base_url, "https://api.example.com");
  ASSERT_EQ(plan.streams.size(), 3u);
  auto const& rewards = stream(plan, "rewards");
  EXPECT_EQ(rewards.source, "main");
  EXPECT_TRUE(rewards.spec->enabled);
  EXPECT_TRUE(rewards.path_known);
  EXPECT_EQ(rewards.spec->page.size->rows, 100);
  EXPECT_EQ(rewards.spec->window->start, Day(2020y / January / 1));
  EXPECT_EQ(rewards.table().name, "commission");
}

TEST(SourcePlan, PutsSettingsIntoEveryPlace) {
  auto given = settings();
  given.settings = {{"timezone", "Europe/Moscow"}, {"region", "asia"}};
  auto const plan = make_source_plan(manifest(), given).value();
  auto const& spec = *stream(plan, "rewards").spec;
  EXPECT_EQ(spec.request.path, "/asia/rewards/");
  EXPECT_EQ(spec.request.query, (NamedTexts{{"ordering", "id"}, {"region", "asia"}}));
  EXPECT_EQ(spec.request.headers, (NamedTexts{{"X-Region", "asia"}}));
  EXPECT_EQ(spec.window->zone, "Europe/Moscow");
  EXPECT_EQ(spec.map.columns[1].constant, "asia");
  EXPECT_EQ(spec.map.columns[2].zone, "Europe/Moscow");
  EXPECT_EQ(std::get<LoginTokenAuth>(plan.auth).login.path, "/asia/login/");
}

TEST(SourcePlan, LeavesCredentialsAndTokenInTheirPlaces) {
  auto const plan = make_source_plan(manifest(), settings()).value();
  auto const& auth = std::get<LoginTokenAuth>(plan.auth);
  EXPECT_EQ(auth.value, "Bearer ${token}");
  EXPECT_EQ(auth.login.json[1].second, "${credentials.password}");
  EXPECT_EQ(plan.credentials.at("password").reveal(), "pa${x}ss");
}

TEST(SourcePlan, AnAccountIsKnownByItsNameAndNotByItsPassword) {
  auto given = settings();
  auto const account = make_source_plan(manifest(), given).value().account;
  EXPECT_EQ(account.size(), 8u);
  given.name = "called otherwise";
  given.credentials["password"] = Secret("another one");
  EXPECT_EQ(make_source_plan(manifest(), given).value().account, account);
  given.credentials["login"] = Secret("somebody else");
  EXPECT_NE(make_source_plan(manifest(), given).value().account, account);
}

TEST(SourcePlan, AppliesOverrides) {
  auto given = settings();
  given.base_url = "https://mirror.example.com/api/";
  given.login_path = "/v3/login/";
  auto& rewards = given.streams["rewards"];
  rewards.enabled = false;
  rewards.path = "/v2/rewards/";
  rewards.query = {{"ordering", "-id"}, {"kind", "ib"}};
  rewards.start = Day(2024y / March / 1);
  rewards.lookback_days = 30;
  rewards.page_size = 500;
  auto const plan = make_source_plan(manifest(), given).value();
  EXPECT_EQ(plan.base_url, "https://mirror.example.com/api");
  EXPECT_EQ(std::get<LoginTokenAuth>(plan.auth).login.path, "/v3/login/");
  auto const& spec = *stream(plan, "rewards").spec;
  EXPECT_FALSE(spec.enabled);
  EXPECT_EQ(spec.request.path, "/v2/rewards/");
  EXPECT_EQ(spec.request.query,
            (NamedTexts{{"ordering", "-id"}, {"region", "eu"}, {"kind", "ib"}}));
  EXPECT_EQ(spec.window->start, Day(2024y / March / 1));
  EXPECT_EQ(spec.window->lookback_days, 30);
  EXPECT_EQ(spec.page.size->rows, 500);
}

TEST(SourcePlan, KnowsWhichStreamHasNoPath) {
  auto const plan = make_source_plan(manifest(), settings()).value();
  EXPECT_FALSE(stream(plan, "payouts").path_known);
  EXPECT_FALSE(stream(plan, "payouts").spec->enabled);
}

TEST(SourcePlan, TurnsAStreamOnWhosePathTheUserFoundOut) {
  auto given = settings();
  given.streams["payouts"].path = "/payouts/";
  auto const plan = make_source_plan(manifest(), given).value();
  EXPECT_TRUE(stream(plan, "payouts").path_known);
  EXPECT_TRUE(stream(plan, "payouts").spec->enabled);
}

TEST(SourcePlan, LeavesItOffWhenTheUserSaysSo) {
  auto given = settings();
  given.streams["payouts"].path = "/payouts/";
  given.streams["payouts"].enabled = false;
  auto const plan = make_source_plan(manifest(), given).value();
  EXPECT_FALSE(stream(plan, "payouts").spec->enabled);
}

TEST(SourcePlan, SaysWhichCredentialsAreWanted) {
  auto given = settings();
  given.credentials.erase("password");
  EXPECT_EQ(line_of(given),
            "main: the credential \"password\" is missing. Connector \"demo\" needs under "
            "`credentials`: login (the e-mail), password.");
  given.credentials["password"] = Secret("");
  EXPECT_EQ(line_of(given),
            "main: the credential \"password\" is empty. Connector \"demo\" needs under "
            "`credentials`: login (the e-mail), password.");
}

TEST(SourcePlan, NamesTheNearestCredential) {
  auto given = settings();
  given.credentials.erase("password");
  given.credentials["pasword"] = Secret("hidden-value");
  EXPECT_EQ(line_of(given),
            "main: connector \"demo\" has no credential \"pasword\". Did you mean `password`? It "
            "takes: login (the e-mail), password.");
}

TEST(SourcePlan, RefusesACredentialWithALineBreakWithoutShowingIt) {
  auto given = settings();
  given.credentials["password"] = Secret("hidden-value\n");
  auto const line = line_of(given);
  EXPECT_NE(line.find("holds a line break"), std::string::npos) << line;
  EXPECT_EQ(line.find("hidden-value"), std::string::npos) << line;
}

TEST(SourcePlan, RefusesUnknownAndMissingSettings) {
  auto given = settings();
  given.settings = {{"timezon", "UTC"}};
  EXPECT_EQ(line_of(given),
            "main: connector \"demo\" has no setting \"timezon\". Did you mean `timezone`? It "
            "takes: timezone (whose days), region (of the account).");

  std::string yaml(connector);
  std::string const with_default = ", default: eu";
  yaml.erase(yaml.find(with_default), with_default.size());
  auto const plan = make_source_plan(manifest(yaml), settings());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().message, "the setting \"region\" is missing");
}

TEST(SourcePlan, NeverFillsASettingTwice) {
  auto given = settings();
  given.settings = {{"region", "${credentials.password}"}};
  EXPECT_NE(line_of(given).find("the setting \"region\" holds"), std::string::npos);
}

TEST(SourcePlan, RefusesAZoneThatDoesNotExist) {
  auto given = settings();
  given.settings = {{"timezone", "Europe/Moskow"}};
  auto const plan = make_source_plan(manifest(), given);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::config_invalid);
  EXPECT_EQ(plan.error().source, "main");
  EXPECT_EQ(plan.error().stream, "rewards");
  EXPECT_EQ(plan.error().message, "\"Europe/Moskow\" of stream \"rewards\" is not a time zone");
}

TEST(SourcePlan, RefusesUnknownStreams) {
  auto given = settings();
  given.streams["reward"];
  EXPECT_EQ(line_of(given),
            "main: connector \"demo\" has no stream \"reward\". Did you mean `rewards`?");
  given.streams.clear();
  given.streams["zzz"];
  EXPECT_EQ(line_of(given),
            "main: connector \"demo\" has no stream \"zzz\". It has: rewards, wallets, payouts.");
}

TEST(SourcePlan, HoldsPageSizesToWhatTheConnectorAllows) {
  auto given = settings();
  given.streams["rewards"].page_size = 501;
  EXPECT_EQ(
      line_of(given),
      "main/rewards: the page size 501 of stream \"rewards\" is out of range. From 3 to 500.");
  given.streams["rewards"].page_size = 2;  // equal to the overlap: no page would bring new rows
  EXPECT_NE(line_of(given).find("out of range"), std::string::npos);
  given.streams.clear();
  given.streams["wallets"].page_size = 10;
  EXPECT_NE(line_of(given).find("has no page size"), std::string::npos);
}

TEST(SourcePlan, RefusesDatesForAStreamWithoutWindow) {
  auto given = settings();
  given.streams["wallets"].start = Day(2024y / March / 1);
  EXPECT_NE(line_of(given).find("not read by date"), std::string::npos);
}

TEST(SourcePlan, RefusesParametersThatTheReaderSets) {
  for (auto const* name : {"limit", "offset", "date_from", "date_to"}) {
    auto given = settings();
    given.streams["rewards"].query = {{name, "1"}};
    EXPECT_NE(line_of(given).find("is set by the connector"), std::string::npos) << name;
  }
}

TEST(SourcePlan, RefusesParametersThatThePartsSet) {
  std::string yaml(connector);
  std::string const path = "    path: /wallets/\n";
  yaml.replace(yaml.find(path), path.size(),
               path + "    parts: [{query: {state: a}}, {query: {state: b, kind: c}}]\n");
  for (auto const* name : {"state", "kind"}) {
    auto given = settings();
    given.streams["wallets"].query = {{name, "x"}};
    auto const plan = make_source_plan(manifest(yaml), given);
    ASSERT_FALSE(plan) << name;
    EXPECT_NE(plan.error().to_line().find("is set by the parts"), std::string::npos);
  }
  auto given = settings();
  given.streams["wallets"].query = {{"other", "x"}};
  EXPECT_TRUE(make_source_plan(manifest(yaml), given));
}

TEST(SourcePlan, RefusesWhatIsNoPath) {
  for (auto const* path : {"", "rewards/", "https://evil.example.com/x", "//evil.example.com/x",
                           "/a?b=1", "/a#b", "/a b", "/a\r\nX: y"}) {
    auto given = settings();
    given.streams["rewards"].path = path;
    EXPECT_NE(line_of(given), "no error") << path;
    given.streams.clear();
    given.login_path = path;
    EXPECT_NE(line_of(given), "no error") << path;
  }
}

TEST(SourcePlan, RefusesALoginPathWhereThereIsNoLogin) {
  std::string yaml(connector);
  auto const from = yaml.find("auth:");
  yaml.replace(from, yaml.find("streams:") - from, "auth: {type: none}\n");
  auto given = settings();
  given.login_path = "/login/";
  auto const plan = make_source_plan(manifest(yaml), given);
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("no login"), std::string::npos);
}

TEST(SourcePlan, TheLoginsAddressIsTheConnectorsOrTheSources) {
  std::string yaml(connector);
  auto const login = yaml.find("path: /${settings.region}/login/");
  ASSERT_NE(login, std::string::npos);
  yaml.insert(login, "url: https://login.example.com/v1/\n    ");
  auto given = settings();
  auto plan = make_source_plan(manifest(yaml), given);
  ASSERT_TRUE(plan) << plan.error().to_line();
  EXPECT_EQ(login_url_of(plan->auth), "https://login.example.com/v1");
  given.base_url = "https://mirror.example.com";
  plan = make_source_plan(manifest(yaml), given);
  EXPECT_EQ(login_url_of(plan->auth), "https://login.example.com/v1");
  given.login_url = "https://own.example.com/";
  plan = make_source_plan(manifest(yaml), given);
  EXPECT_EQ(login_url_of(plan->auth), "https://own.example.com");
  plan = make_source_plan(manifest(std::string(connector)), given);
  EXPECT_EQ(login_url_of(plan->auth), "https://own.example.com");
}

TEST(SourcePlan, NeedsABaseUrlWhenTheConnectorHasNone) {
  std::string yaml(connector);
  std::string const line = "base_url: https://api.example.com/\n";
  yaml.erase(yaml.find(line), line.size());
  auto const plan = make_source_plan(manifest(yaml), settings());
  ASSERT_FALSE(plan);
  EXPECT_NE(plan.error().message.find("base_url"), std::string::npos);
}

TEST(Substitute, FillsEveryPlaceOfThatNameAndNoOther) {
  EXPECT_EQ(substitute("a ${x} b ${x} ${y}", "x", "1"), "a 1 b 1 ${y}");
  EXPECT_EQ(substitute("${x}", "x", "${x}"), "${x}");
  EXPECT_EQ(substitute("no place $x {x}", "x", "1"), "no place $x {x}");
  EXPECT_EQ(substitute("open ${x", "x", "1"), "open ${x");
  EXPECT_EQ(substitute("", "x", "1"), "");
}

}  // namespace
}  // namespace affsync::engine::stream_plan_test
