// Compares the JSON schema of affsync.yaml with the parser: both know the same keys.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "base/alert_rules.hpp"
#include "base/json.hpp"
#include "config/load.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::config::schema_test {
namespace {

using Keys = std::map<std::string, std::set<std::string>>;

// @rules@ stands for one line of each rule of alerts.
constexpr std::string_view everything = R"(
database: {url: embedded, connections: 4, state_dir: ./data}
http: {listen: "127.0.0.1:9464", hosts: [a.example], token: "0123456789abcdef", metrics_open: true,
       tls: {certificate: ./a.pem, key: ./b.pem}}
log: {level: info, format: auto}
retention: {runs: 90d, quarantine: forever, alerts: 400d}
defaults: {every: 15m, timeout: 30s, privacy: drop, mass_drop: 10%}
instance: one
connectors_dir: ./connectors
alerts:
  to:
    - {name: a, webhook: "https://a.example/x", headers: {X-Key: a}, timeout: 5s,
       tls: {ca_file: ./ca.pem}, proxy: none, allow_http: false}
    - {name: b, telegram: {token: "1:a", chat: "-1", api: "https://b.example"}}
    - {name: c, command: [/usr/bin/mail, "${title}"]}
  quiet: {from: "22:00", to: "07:00", zone: UTC, except: [source_blocked]}
  per_hour: 20
  gather: 1m
  with: ids
  rules:
@rules@sources:
  - name: a
    connector: exness
    base_url: https://broker.example
    credentials: {login: a}
    former_credentials: {login: b}
    settings: {zone: UTC}
    every: 15m
    timeout: 30s
    privacy: drop
    mass_drop: 10%
    reconcile: warn
    tls: {ca_file: ./ca.pem, certificate_file: ./own.pem, key_file: ./own.key}
    proxy: none
    allow_http: false
    rate_limit: {requests_per_second: 5, burst: 5, concurrency: 2}
    login: {path: /in}
    streams:
      rewards:
        {enabled: true, every: 15m, full_every: 7d, start: 2025-01-01, lookback: 7d, keeps: forever,
         in_reports: true, reconcile: strict, page_size: 10, path: /list, query: {a: 1}}
)";

// Every object of the schema that has a title: the title and its properties.
void collect(Json const& json, Keys& out) {
  if (json.is_array()) {
    for (auto const& item : json.items()) collect(item, out);
  }
  if (!json.is_object()) return;
  auto const* title = json.find("title");
  auto const* properties = json.find("properties");
  if (title != nullptr && title->is_string() && properties != nullptr) {
    for (auto const& property : properties->members())
      out[title->as_string()].insert(property.name);
  }
  for (auto const& member : json.members()) collect(member.value, out);
}

TEST(ConfigSchema, HasTheKeysThatTheParserKnows) {
  Keys known;
  auto const watcher = [&](std::string const& what, std::set<std::string> const& keys) {
    known[what].insert(keys.begin(), keys.end());
  };
  // Each rule as a mapping, so that its settings are looked for.
  std::string rules;
  for (auto const& rule : alert_rules()) rules += "    " + std::string(rule.name) + ": {to: a}\n";
  std::string yaml(everything);
  yaml.replace(yaml.find("@rules@"), 7, rules);
  auto const no_environment = [](std::string const&) { return std::optional<std::string>(); };
  auto const config = parse_config(yaml, "everything.yaml", no_environment, watcher);
  ASSERT_TRUE(config) << config.error().to_line();
  std::ifstream in(test::in_source("config/affsync.schema.json"));
  auto const schema = parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
  ASSERT_TRUE(schema);
  Keys described;
  collect(*schema, described);
  EXPECT_EQ(described, known);
}

}  // namespace
}  // namespace affsync::config::schema_test
