// Fields that `keep` adds to the rows of a list: values of the answer and of the request.
#include <gtest/gtest.h>

#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "tests/unit/engine/documented_page.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::kept_fields_test {
namespace {

Result<Manifest> parse(std::string const& stream) {
  return parse_manifest(
      "name: k\nbase_url: https://k.example\nauth: {type: none}\n"
      "settings: {who: {default: me}}\nstreams:\n  s:\n" +
          stream,
      "k.yaml");
}

std::shared_ptr<StreamPlan const> plan_of(Result<Manifest> const& manifest,
                                          Privacy privacy = Privacy::drop) {
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "mine";
  settings.privacy = privacy;
  auto plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.front();
}

std::string rows_text(StreamSpec const& spec, std::string const& json, AskedFor const& asked = {}) {
  auto const body = parse_json(json).value();
  auto const found = find_records(spec, body, false, asked);
  if (!found) return found.error().message;
  std::string text;
  for (auto const* row : found->rows) text += (text.empty() ? "" : "\n") + row->dump();
  return text;
}

StreamSpec with_keep(std::vector<KeptField> keep) {
  StreamSpec spec;
  spec.records.emplace_back("rows");
  spec.keep = std::move(keep);
  return spec;
}

using From = KeptField::From;

TEST(KeptFields, AreAddedToTheRowsOfAnyList) {
  auto spec = with_keep({{"coin", From::answer, JsonPath("meta.coin"), ""},
                         {"gone", From::answer, JsonPath("meta.none"), ""},
                         {"kind", From::constant, {}, "spot"}});
  EXPECT_EQ(rows_text(spec, R"({"meta":{"coin":"BTC"},"rows":[{"a":1.50},{"a":2}]})"),
            R"({"a":1.50,"coin":"BTC","kind":"spot"})"
            "\n"
            R"({"a":2,"coin":"BTC","kind":"spot"})");
  EXPECT_EQ(rows_text(spec, R"({"meta":{},"rows":{"0":{"a":1}}})"), R"({"a":1,"kind":"spot"})");
  EXPECT_EQ(rows_text(spec, R"({"rows":[]})"), "");
  // What is no object stays as it is, and is quarantined later.
  EXPECT_EQ(rows_text(spec, R"({"rows":[5,{"a":1}]})"),
            "5\n"
            R"({"a":1,"kind":"spot"})");
}

TEST(KeptFields, DoNotReplaceAFieldOfTheRow) {
  auto const spec = with_keep({{"a", From::constant, {}, "x"}});
  EXPECT_EQ(rows_text(spec, R"({"rows":[{"b":1},{"a":null}]})"),
            "a row has a field \"a\" of its own, which `keep` of `records` would replace");
}

TEST(KeptFields, HoldTheRequestsOwnValues) {
  auto const spec = with_keep({{"first", From::window_from, {}, ""},
                               {"last", From::window_to, {}, ""},
                               {"coin", From::request, {}, "coin name"},
                               {"deep", From::request, {}, "filter.type"},
                               {"item", From::item, {}, ""}});
  AskedFor asked;
  asked.from = parse_day("2026-11-02");
  asked.to = parse_day("2026-11-03");
  asked.target = "/x?a=1&coin%20name=B%26T+C";
  asked.body = R"({"filter":{"type":7}})";
  asked.item = "acc-1";
  EXPECT_EQ(rows_text(spec, R"({"rows":[{}]})", asked),
            R"({"first":"2026-11-02","last":"2026-11-03","coin":"B&T C","deep":"7",)"
            R"("item":"acc-1"})");
  EXPECT_EQ(rows_text(spec, R"({"rows":[{}]})"), "{}");
}

TEST(KeptFields, AParameterMayBeInAFormOrInTheFirstRequestOfTheList) {
  AskedFor asked;
  asked.target = "/x?cursor=9";
  asked.list_target = "/x?side=spot&cursor=";
  asked.body = "type=a%2Bb&side=";
  EXPECT_EQ(sent_value(asked, "type"), "a+b");
  EXPECT_EQ(sent_value(asked, "side"), "");
  EXPECT_EQ(sent_value(asked, "cursor"), "9");
  EXPECT_EQ(sent_value(asked, "none"), std::nullopt);
  asked.body.clear();
  EXPECT_EQ(sent_value(asked, "side"), "spot");
}

TEST(KeptFields, OfTheDocumentedReport) {
  auto const plan = plan_of(parse_manifest(block_of("yaml", "name: dailyreport"), "d.yaml"));
  ReaderStart start;
  start.since = start.until = *parse_day("2026-11-02");
  start.now = at("2026-11-21");
  StreamReader reader(plan, start);
  EXPECT_EQ(reader.next_request()->target, "/v1/income?side=spot&day=2026-11-02&until=2026-11-02");
  Answer answer;
  answer.body = parse_json(R"({"result": {"settlement currency": "USDT",)"
                           R"( "rows": [{"user": 7, "income": "1.25"}]}})")
                    .value();
  auto const page = reader.on_answer(answer, start.now).value();
  auto const& batch = page.batches.at(0);
  ASSERT_EQ(batch.size(), 1U);
  EXPECT_EQ(std::string(batch.external_id(0)), "2026-11-02:spot:7");
  EXPECT_EQ(std::string(batch.raw(0)),
            R"({"user":7,"income":"1.25","day":"2026-11-02","side":"spot","currency":"USDT",)"
            R"("program":"main"})");
  auto const cell = [&](char const* column) {
    return std::string(batch.cell(0, *batch.table().index_of(column)));
  };
  EXPECT_EQ(cell("currency"), "USDT");
  EXPECT_EQ(cell("occurred_on"), "2026-11-02");
  EXPECT_EQ(cell("event"), "spot");
  EXPECT_EQ(cell("partner_account"), "main");
  EXPECT_EQ(reader.next_request()->target,
            "/v1/income?side=futures&day=2026-11-02&until=2026-11-02");
}

TEST(KeptFields, GoThroughTheFilterForPersonalData) {
  auto const* stream =
      "    {table: commission, path: /x, key: id, personal: whose,\n"
      "     records: {from: rows, keep: {whose: meta.owner, email: meta.mail, coin: meta.coin}},\n"
      "     map: {amount: sum, client_ref: whose}}\n";
  auto const plan = plan_of(parse(stream));
  auto const body = parse_json(R"({"meta":{"owner":"Ann","mail":"a@b.example","coin":"X"},)"
                               R"("rows":[{"id":1,"sum":"2"}]})")
                        .value();
  auto const records = find_records(plan->spec, body).value();
  EXPECT_EQ(private_raw(*plan, *records.rows.at(0)), R"({"id":1,"sum":"2","coin":"X"})");
  Row row;
  EXPECT_EQ(RowMapper(*plan, plan->spec->map).map(*records.rows[0], TimePoint(), row),
            std::nullopt);
  EXPECT_EQ(row.values[*plan->table().index_of("client_ref")], std::nullopt);
}

TEST(KeptFields, ChangeWhatTheMappingIs) {
  auto const text_of = [](std::string const& source) {
    return plan_of(parse("    {table: commission, path: /x, key: id, records: {from: rows, keep: "
                         "{day: " +
                         source + "}}, map: {amount: sum}}\n"))
        ->spec->mapping_text;
  };
  EXPECT_NE(text_of("{const: a}"), text_of("{const: b}"));
  EXPECT_NE(text_of("{const: a}"), text_of("a"));
  EXPECT_EQ(text_of("{const: me}"), text_of("{const: \"${settings.who}\"}"));
}

TEST(KeptFields, MistakesAreToldWithTheirPlace) {
  auto const error_of = [](std::string const& keep, std::string const& more = "") {
    auto const manifest = parse("    table: commission\n    path: /x\n    key: id\n" + more +
                                "    map: {amount: sum}\n    records:\n      from: rows\n"
                                "      keep: " +
                                keep + "\n");
    return manifest ? std::string("no error") : manifest.error().to_line();
  };
  EXPECT_EQ(error_of("{Day: a}"),
            "k.yaml:13:14: \"Day\" cannot be the name of a field. Use lower-case letters, digits "
            "and _, starting with a letter, at most 60.");
  EXPECT_EQ(error_of("{day: {window: from}}"),
            "k.yaml:13:28: the stream has no `window`. Only a window has a first and a last day.");
  EXPECT_EQ(error_of("{day: {window: middle}}"),
            "k.yaml:13:28: \"middle\" is not an end of a window. One of: from, to.");
  std::string const month = "    window: {from: a, to: b, start: 2026-01-01}\n";
  EXPECT_EQ(error_of("{day: {window: to}}", month),
            "k.yaml:14:28: only a window of one day says which day a row belongs to. Set `span: "
            "1d` and no `max_span`: longer slices begin at another day in each pass.");
  EXPECT_EQ(error_of("{day: {window: to}}",
                     "    window: {from: a, to: b, start: 2026-01-01, span: 1d, max_span: 7d}\n"),
            "k.yaml:14:28: only a window of one day says which day a row belongs to. Set `span: "
            "1d` and no `max_span`: longer slices begin at another day in each pass.");
  EXPECT_EQ(error_of("{day: {window: to}}", "    window: {from: a, to: b, changes: true}\n"),
            "k.yaml:14:28: a window of changes does not say when something happened. Keep another "
            "value, or read the list by its own days.");
  EXPECT_EQ(error_of("{a: {item: true}}"),
            "k.yaml:13:24: the stream has no `for_each`. Only its requests are each for an item.");
  EXPECT_EQ(error_of("{a: {request: sid}}", "    query: {side: spot, kind: all}\n"),
            "k.yaml:14:27: \"sid\" is not a parameter that the stream sends. Did you mean `side`?");
  std::string const post =
      "    method: POST\n    reads: true\n    body: {json: {filter: {side: a}}}\n";
  EXPECT_EQ(error_of("{a: {request: filter.side}}", post), "no error");
  EXPECT_EQ(error_of("{a: {request: page}}", "    page: {type: page}\n"), "no error");
  EXPECT_EQ(error_of("{a: {request: filter.kind}}", post).substr(0, 57),
            "k.yaml:16:27: \"filter.kind\" is not a parameter that the s");
  EXPECT_EQ(error_of("{a: {const: x, request: y}}"),
            "k.yaml:13:17: a kept field has one source. Such as {window: from} or {const: USD}.");
  EXPECT_EQ(error_of("{a: {const: \"${settings.whom}\"}}"),
            "k.yaml:13:25: \"whom\" is not among the settings that the file declares. Did you mean "
            "`who`?");
  EXPECT_EQ(error_of("{a: {const: \"${credentials.whom}\"}}").substr(0, 14), "k.yaml:13:25: ");
  EXPECT_EQ(error_of("{a: {konst: x}}"),
            "k.yaml:13:18: unknown key \"konst\" in a kept field. Did you mean `const`?");
  EXPECT_EQ(error_of("{a: b c}"),
            "k.yaml:13:17: \"b c\" is not a path. Use member names and indexes joined with dots "
            "(totals.count, data.0.id), or $ for the whole. A name with dots, blanks or brackets "
            "is quoted: data.\"Total Amount\".");
}

TEST(QuotedPaths, NameFieldsOfRowsEverywhere) {
  auto const* stream =
      "    table: commission\n    path: /x\n    records: '\"the rows\".list'\n"
      "    key: '\"[Id]\"'\n    where: {'\"a.b\"': [yes]}\n"
      "    personal: ['\"Mr. X\"', 'who.\"e.x\"']\n    volatile: '\"seen at\"'\n"
      "    map: {amount: sums.\"payout.total\", event: '\"Event Name\"'}\n";
  auto const plan = plan_of(parse(stream));
  auto const body = parse_json(R"({"the rows":{"list":[{"[Id]":5,"a.b":"yes","Mr. X":"Ann",)"
                               R"("who":{"e.x":"x","e":1},"seen at":9,)"
                               R"("sums":{"payout.total":"1.5"},"Event Name":"reg","x.y":0}]}})")
                        .value();
  auto const records = find_records(plan->spec, body).value();
  ASSERT_EQ(records.rows.size(), 1U);
  auto const& raw = *records.rows[0];
  EXPECT_TRUE(plan->spec->map.where->holds(raw));
  RowMapper const mapper(*plan, plan->spec->map);
  Row row;
  ASSERT_EQ(mapper.map(raw, TimePoint(), row), std::nullopt);
  EXPECT_EQ(row.external_id, "5");
  EXPECT_EQ(row.values[*plan->table().index_of("amount")], "1.5");
  EXPECT_EQ(row.values[*plan->table().index_of("event")], "reg");
  EXPECT_EQ(row.raw,
            R"({"[Id]":5,"a.b":"yes","who":{"e":1},"seen at":9,"sums":{"payout.total":"1.5"},)"
            R"("Event Name":"reg","x.y":0})");
  EXPECT_EQ(row.volatile_free_raw,
            R"({"[Id]":5,"a.b":"yes","who":{"e":1},"sums":{"payout.total":"1.5"},)"
            R"("Event Name":"reg","x.y":0})");
  EXPECT_EQ(mapper.unmapped_fields(raw),
            (std::vector<std::string>{"\"Mr. X\"", "who", "\"seen at\"", "\"x.y\""}));
  EXPECT_EQ(personal_names(*plan).members, (std::vector<std::string>{"Mr. X", "who"}));
}

}  // namespace
}  // namespace affsync::engine::kept_fields_test
