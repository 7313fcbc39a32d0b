// connectors/connector.schema.json, which editors use, is the schema that the program writes, and
// has the parser's keys everywhere, the same columns and tables.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "base/yaml/node.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/manifest/schema.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::engine::connector_schema_test {
namespace {

using Keys = std::map<std::string, std::set<std::string>>;

// A file with every kind of paging, login and record, since a key is known only within its kind.
constexpr char const* everything = R"(
name: everything
base_url: https://broker.example
credentials: {login: {secret: false}, password: {optional: true}}
settings: {zone: {default: UTC}}
auth:
  - {type: login_token, login: {path: /in, json: {l: "${credentials.login}"},
     rate: {requests: 1, per: 1m}}, token: t, value: "${token}", tokens: {x: t},
     refresh: {path: /re, token: r}}
  - {type: login_token, login: {path: /in, basic: {user: x, password: "${credentials.password}"}}, token: {header: T}, value: "${token}"}
  - {type: basic, user: x, password: "${credentials.password}"}
  - {type: static_token, value: "${credentials.password}"}
  - {type: oauth2_client_credentials, path: /t, client_id: x,
     client_secret: "${credentials.password}"}
  - type: hmac
    signature: {secret: "${credentials.password}", header: S, parts: [{const: a}, method],
                headers: {P: {signed: a}}}
rate: {limits: [{requests: 1, per: 1s}]}
errors: [{status: 400, class: bad_request}, {json: a, and: [{json: b}], class: empty}]
good: {json: code, equals: 0}
raw: {allow: [state]}
streams:
  none: &stream
    table: commission
    path: /x
    records: data
    key: [id, {const: x}]
    page: {type: none}
    evidence: {by: none}
    map: {amount: {from: sum}, currency: {const: USD}, status: {present: [{paid: paid}]},
          occurred_at: {from: n, as: epoch, within: {from: at, locale: ru}}}
    also: [{table: payout, where: {sum: {not_zero: true}}, map: {amount: sum}}]
    reconcile: [{total: count}]
    needs: {credentials: login}
  offset: {<<: *stream, page: {type: offset}, window: {from: a, to: b, start: 2026-01-01}}
  page: {<<: *stream, page: {type: page, limit: n}, window: {from: a, to: b, changes: true}}
  cursor: {<<: *stream, page: {type: cursor, next: n}, parts: [{query: {a: 1}}, {query: {a: 2}}]}
  link: {<<: *stream, page: {type: link, next: {header: Link}}, records: {from: r, names: a, value: b, empty_if_null: false, keep: {c: {const: x}}}}
  id: {<<: *stream, page: {type: id, id: id}, method: POST, reads: true, body: {json: {}},
       for_each: {values: {stream: none, column: currency}, as: i}}
  report: {<<: *stream, report: {id: i, poll: /p, until: {json: s, equals: ok}, download: /d}}
  csv: {<<: *stream, format: csv, csv: {totals: {words: total}}}
  xml: {<<: *stream, format: xml, xml: {row: a}, compression: gzip}
  xlsx: {<<: *stream, format: xlsx, xlsx: {sheet: a, totals: {words: total}}}
  cells: {<<: *stream, records: {from: r, cells: {name: a, value: b}}}
  hash: {<<: *stream, key: {hash: all}, mode: upsert,
         map: {amount: {from: a, minor_units: 2, negative_if: {t: b}}, currency: c}}
  inside: {<<: *stream, records: {from: r, unwrap: a, each: {from: a}}}
)";

std::string schema_file() {
  std::ifstream file(test::in_source("connectors/connector.schema.json"));
  return {std::istreambuf_iterator<char>(file), {}};
}

Json schema() {
  return parse_json(schema_file()).value();
}

// Collects every object of the schema that has a title, at any depth: the title and its properties.
void collect(Json const& json, Keys& out) {
  if (json.is_array()) {
    for (auto const& item : json.items()) collect(item, out);
  }
  if (!json.is_object()) return;
  auto const* title = json.find("title");
  auto const* properties = json.find("properties");
  if (title != nullptr && title->is_string() && properties != nullptr) {
    auto& keys = out[title->as_string()];
    for (auto const& property : properties->members()) keys.insert(property.name);
  }
  for (auto const& member : json.members()) collect(member.value, out);
}

// Quoted names are not part of a kind.
std::string kind_of(std::string const& what) {
  auto const quote = what.find(" \"");
  return quote == std::string::npos ? what : what.substr(0, quote);
}

TEST(ConnectorSchema, HasTheKeysThatTheParserKnows) {
  Keys known;
  auto const watcher = [&](std::string const& what, std::set<std::string> const& keys) {
    known[kind_of(what)].insert(keys.begin(), keys.end());
  };
  auto const manifest = parse_manifest(everything, "everything.yaml", watcher);
  ASSERT_TRUE(manifest) << manifest.error().to_line();
  Keys described;
  collect(schema(), described);
  EXPECT_EQ(described, known);
}

TEST(ConnectorSchema, IsTheFileInTheTree) {
  EXPECT_EQ(schema_file(), connector_schema())
      << "Write it anew: affsync schema connector > connectors/connector.schema.json";
}

TEST(ConnectorSchema, HasABoundForEachNumberThatTheParserBounds) {
  auto const json = schema();
  auto const bound = [&](char const* path) {
    auto const* value = JsonPath(std::string("$defs.") + path).in(json);
    return value == nullptr ? std::string() : value->number_text();
  };
  EXPECT_EQ(bound("page.properties.size.maximum"), "100000");
  EXPECT_EQ(bound("rate.properties.requests_per_second.minimum"), "0.01");
  EXPECT_EQ(bound("rate.properties.concurrency.maximum"), "64");
  EXPECT_EQ(bound("column.properties.shift.minimum"), "-30");
}

TEST(ConnectorSchema, HasTheTablesAndTheirColumns) {
  std::set<std::string> columns;
  std::set<std::string> tables;
  for (auto const& table : stream_tables()) {
    tables.emplace(table.name);
    for (auto const& column : table.columns) columns.emplace(column.name);
  }
  auto const words = [json = schema()](char const* path) {
    std::set<std::string> found;
    for (auto const& item : JsonPath(path).in(json)->items()) found.insert(item.as_string());
    return found;
  };
  EXPECT_EQ(words("$defs.map.propertyNames.enum"), columns);
  EXPECT_EQ(words("$defs.stream.properties.table.enum"), tables);
  EXPECT_EQ(words("$defs.also.properties.table.enum"), tables);
}

}  // namespace
}  // namespace affsync::engine::connector_schema_test
