// `null` in the table of words: what a row without a value becomes. `default` is for other words.
#include <gtest/gtest.h>

#include "connectors/engine/rows/mapping.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::words_for_nothing_test {
namespace {

Result<Manifest> parse(std::string const& map) {
  return parse_manifest(
      "name: n\nbase_url: https://n.example\nauth: {type: none}\nstreams:\n  s:\n"
      "    table: commission\n    path: /x\n    records: rows\n    key: id\n    map:\n"
      "      amount: a\n      currency: {const: USD}\n" +
          map,
      "n.yaml");
}

std::shared_ptr<StreamPlan const> plan_of(Result<Manifest> const& manifest) {
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "mine";
  auto plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.front();
}

// The column's value of one row, "null", or the reason for quarantine.
std::string value(std::string const& map, char const* column, std::string const& json) {
  auto const plan = plan_of(parse(map));
  RowMapper const mapper(*plan, plan->spec->map);
  Row row;
  auto const body = parse_json(R"({"id":1)" + json + "}").value();
  if (auto const reason = mapper.map(body, at("2026-11-21"), row)) return *reason;
  return row.values[*plan->table().index_of(column)].value_or("null");
}

std::string status(std::string const& options, std::string const& json) {
  return value("      status: {from: s, " + options + "}\n", "status", json);
}

std::string refused(std::string const& map) {
  auto const manifest = parse(map);
  return manifest ? "" : manifest.error().to_line();
}

TEST(WordForNothing, IsThatOfTheTable) {
  auto const* words = "table: {true: approved, false: rejected, null: pending}, default: held";
  EXPECT_EQ(status(words, R"(,"s":true)"), "approved");
  EXPECT_EQ(status(words, R"(,"s":false)"), "rejected");
  EXPECT_EQ(status(words, R"(,"s":null)"), "pending");
  EXPECT_EQ(status(words, ""), "pending");
  EXPECT_EQ(status(words, R"(,"s":"")"), "pending");
  EXPECT_EQ(status(words, R"(,"s":"maybe")"), "held");
  EXPECT_EQ(status(words, R"(,"s":"null")"), "held");
  EXPECT_EQ(status("table: {yes: approved, ~: pending}, null_if: n/a", R"(,"s":"n/a")"), "pending");
  EXPECT_EQ(status("table: {yes: approved, ~: pending}, required: true", ""), "pending");
  EXPECT_EQ(status("table: {null: pending}", R"(,"s":null)"), "pending");
}

TEST(WordForNothing, IsNeitherTheDefaultNorTheTextNull) {
  EXPECT_EQ(status("table: {true: approved}, default: pending", R"(,"s":null)"), "null");
  EXPECT_EQ(status("table: {'null': pending, true: approved}", R"(,"s":"null")"), "pending");
  EXPECT_EQ(status("table: {'null': pending, true: approved}", R"(,"s":null)"), "null");
  // What `only_if` leaves out has no word either.
  EXPECT_EQ(status("table: {true: approved, null: pending}, only_if: t", R"(,"s":null)"), "null");
}

TEST(WordForNothing, MayBeTrueOrFalse) {
  auto const of_account = [&](std::string const& json) {
    auto const manifest = parse_manifest(
        "name: n\nbase_url: https://n.example\nauth: {type: none}\nstreams:\n  s:\n"
        "    table: trading_account\n    path: /x\n    records: rows\n    key: id\n    map:\n"
        "      is_demo: {from: r, as: enum, table: {demo: true, null: false}}\n",
        "n.yaml");
    auto const plan = plan_of(manifest);
    RowMapper const mapper(*plan, plan->spec->map);
    Row row;
    auto const body = parse_json(R"({"id":1)" + json + "}").value();
    if (auto const reason = mapper.map(body, at("2026-11-21"), row)) return *reason;
    return row.values[*plan->table().index_of("is_demo")].value_or("null");
  };
  EXPECT_EQ(of_account(R"(,"r":"demo")"), "true");
  EXPECT_EQ(of_account(R"(,"r":null)"), "false");
}

TEST(WordForNothing, IsCheckedLikeTheOthers) {
  EXPECT_EQ(refused("      status: {from: s, table: {true: approved, null: pendng}}\n"),
            "n.yaml:13:55: \"pendng\" is not a word of the column \"status\". Did you mean "
            "`pending`?");
  EXPECT_NE(refused("      status: {from: s, table: {~: held, null: pending}}\n").find("twice"),
            std::string::npos);
  EXPECT_NE(refused("      status: {from: s, table: {true: approved, null: }}\n"), "");
}

TEST(WordForNothing, ChangesTheMapping) {
  auto const text = [](std::string const& table) {
    return parse("      status: {from: s, table: " + table + "}\n").value().streams[0].mapping_text;
  };
  EXPECT_NE(text("{a: paid, null: pending}"), text("{a: paid, 'null': pending}"));
  EXPECT_NE(text("{a: paid, null: pending}"), text("{a: paid}"));
}

TEST(WordForNothing, CanBePaid) {
  auto const manifest = parse("      status: {from: s, table: {a: approved, null: paid}}\n");
  EXPECT_TRUE(has_paid_state(*plan_of(manifest)->spec));
}

}  // namespace
}  // namespace affsync::engine::words_for_nothing_test
