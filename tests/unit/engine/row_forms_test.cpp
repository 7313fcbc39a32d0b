// Rows that are not just the objects of a list: members, wrapped objects, cells, lists inside rows.
#include <gtest/gtest.h>

#include "connectors/engine/answer/records.hpp"
#include "connectors/engine/rows/mapping.hpp"
#include "connectors/engine/rows/stored_rows.hpp"
#include "tests/unit/engine/documented_page.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::row_forms_test {
namespace {

Result<Manifest> parse(std::string const& records, std::string const& more = "") {
  return parse_manifest(
      "name: f\nbase_url: https://f.example\nauth: {type: none}\nstreams:\n  s:\n"
      "    table: commission\n    path: /x\n    key: id\n    map: {amount: sum}\n" +
          more + "    records: " + records + "\n",
      "f.yaml");
}

std::shared_ptr<StreamPlan const> plan_of(Result<Manifest> const& manifest, std::size_t which = 0,
                                          Privacy privacy = Privacy::drop) {
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "mine";
  settings.privacy = privacy;
  auto plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.at(which);
}

std::string text_of(Result<Records> const& found) {
  if (!found) return std::string(to_string(found.error().code)) + ": " + found.error().message;
  std::string text;
  for (auto const* row : found->rows) text += (text.empty() ? "" : "\n") + row->dump();
  return text;
}

// The rows as JSON, one a line; or the error.
std::string rows(std::string const& records, std::string const& json) {
  auto const plan = plan_of(parse(records));
  auto const body = parse_json(json).value();
  return text_of(find_records(plan->spec, body));
}

TEST(MembersAsRows, HaveTheirNameInAField) {
  auto const* spec = "{from: data, names: coin}";
  EXPECT_EQ(rows(spec, R"({"data":{"BTC":{"sum":"1.50"},"count":2,"ETH":{"sum":2}}})"),
            R"({"coin":"BTC","sum":"1.50"})"
            "\n"
            R"({"coin":"ETH","sum":2})");
  EXPECT_EQ(rows(spec, R"({"data":{"7":{"sum":1},"8":[],"9":null}})"), R"({"coin":"7","sum":1})");
  EXPECT_EQ(rows(spec, R"({"data":{}})"), "");
  EXPECT_EQ(rows(spec, R"({"data":[]})"), "");
  EXPECT_EQ(rows("{from: data, names: [day, coin]}",
                 R"({"data":{"2026-11-01":{"BTC":{"sum":1},"n":1},"2026-11-02":{}}})"),
            R"({"day":"2026-11-01","coin":"BTC","sum":1})");
  EXPECT_EQ(rows("{from: data, names: side, only: [spot, deep.swap, none]}",
                 R"({"data":{"spot":{"sum":1},"other":{"sum":5},"deep":{"swap":{"sum":2}}}})"),
            R"({"side":"spot","sum":1})"
            "\n"
            R"({"side":"deep.swap","sum":2})");
}

TEST(MembersAsRows, AnotherShapeIsAnErrorAndNotNothing) {
  auto const* spec = "{from: data, names: coin}";
  EXPECT_EQ(rows(spec, R"({"data":{"message":"no such report","code":5}})"),
            "malformed_answer: the object whose members are the rows holds only single values, "
            "such as \"message\"");
  EXPECT_EQ(rows(spec, R"({"data":[{"sum":1}]})"),
            "malformed_answer: the rows are in a list, not in an object with names");
  EXPECT_EQ(rows(spec, R"({"data":{"BTC":[1]}})"),
            "malformed_answer: the member \"BTC\" of the rows is a list, not an object");
  EXPECT_EQ(rows(spec, R"({"data":{"BTC":{"coin":"x"}}})"),
            "malformed_answer: a row has a field \"coin\" of its own, which `names` of `records` "
            "would replace");
  EXPECT_EQ(rows(spec, R"({"data":{},"error":"bad key"})"),
            "malformed_answer: the answer has no rows, but reports an error: `error`: bad key");
}

TEST(WrappedRows, AreTheOneMemberOfEachElement) {
  auto const* spec = "{from: bills, unwrap: selfbill}";
  EXPECT_EQ(rows(spec, R"({"bills":[{"selfbill":{"id":1,"sum":430.170}},{"selfbill":{"id":2}}]})"),
            R"({"id":1,"sum":430.170})"
            "\n"
            R"({"id":2})");
  EXPECT_EQ(rows(spec, R"({"bills":[]})"), "");
  // A map of them, with and without numbers for names, and a single one.
  EXPECT_EQ(rows(spec, R"({"bills":{"17":{"selfbill":{"id":1}}}})"), R"({"id":1})");
  EXPECT_EQ(rows(spec, R"({"bills":{"a":{"selfbill":{"id":1}},"b":{"selfbill":{"id":2}}}})"),
            R"({"id":1})"
            "\n"
            R"({"id":2})");
  EXPECT_EQ(rows(spec, R"({"bills":{"selfbill":{"id":3}}})"), R"({"id":3})");
  EXPECT_EQ(rows("{from: data, unwrap: [Offer, Campaign]}",
                 R"({"data":[{"Campaign":{"id":1}},{"Offer":{"id":2}}]})"),
            R"({"id":1})"
            "\n"
            R"({"id":2})");
  EXPECT_EQ(rows("{from: data, names: key, unwrap: Offer}",
                 R"({"data":{"1177":{"Offer":{"id":"1177","pay":"15.00000"}},"count":1}})"),
            R"({"key":"1177","id":"1177","pay":"15.00000"})");
}

TEST(WrappedRows, AnElementThatIsNotWrappedIsAnError) {
  auto const* spec = "{from: bills, unwrap: selfbill}";
  EXPECT_EQ(rows(spec, R"({"bills":[{"selfbill":{"id":1}},{"id":1}]})"),
            "malformed_answer: an element of the list is an object with \"id\", not an object with "
            "the one member \"selfbill\"");
  EXPECT_EQ(rows(spec, R"({"bills":[{"selfbill":{},"extra":{}}]})"),
            "malformed_answer: an element of the list is an object with \"selfbill\", \"extra\", "
            "not an object with the one member \"selfbill\"");
  EXPECT_EQ(rows(spec, R"({"bills":[5]})"),
            "malformed_answer: an element of the list is a number, not an object with the one "
            "member \"selfbill\"");
}

TEST(RowsOfCells, AreObjectsOfTheirNamesAndValues) {
  EXPECT_EQ(rows("{from: rows.data, cells: {name: name, value: value}}",
                 R"({"rows":{"data":[[{"name":"month","value":"2026-10-01"},)"
                 R"({"name":"deposits","value":{"cents":150000,"currency":"USD"}},)"
                 R"({"name":"first deposits","value":2},{"name":"none"}],[]]}})"),
            R"({"month":"2026-10-01","deposits":{"cents":150000,"currency":"USD"},)"
            R"("first deposits":2,"none":null})"
            "\n{}");
  // The row's other fields stay; a cell may be taken as a whole.
  EXPECT_EQ(rows("{from: table, cells: {from: columns, name: column_type, value: $}}",
                 R"({"table":[{"columns":[{"column_type":"offer","id":"1"}],"sum":{"pay":5}}]})"),
            R"({"sum":{"pay":5},"offer":{"column_type":"offer","id":"1"}})");
}

TEST(RowsOfCells, AnotherShapeIsAnError) {
  auto const* spec = "{from: data, cells: {from: c, name: n, value: v}}";
  EXPECT_EQ(rows(spec, R"({"data":[{"c":{"n":"a"}}]})"),
            "malformed_answer: a row has no list of cells at `c` but an object");
  EXPECT_EQ(rows(spec, R"({"data":[{"d":[]}]})"),
            "malformed_answer: a row has no list of cells at `c` but nothing");
  EXPECT_EQ(rows(spec, R"({"data":[{"c":[{"v":1}]}]})"),
            "malformed_answer: a cell of a row has no name at `n`");
}

TEST(RowsInsideRows, HaveTheRowAroundAsTheirParent) {
  auto const* spec = "{from: data, each: {from: items}}";
  EXPECT_EQ(rows(spec, R"({"data":[{"id":1,"items":[{"sku":"a"},{"sku":"b"}],"x":null},)"
                       R"({"id":2,"items":[]},{"id":3,"items":null},{"id":4},)"
                       R"({"id":5,"items":{"sku":"c"}}]})"),
            R"({"sku":"a","parent":{"id":1,"x":null}})"
            "\n"
            R"({"sku":"b","parent":{"id":1,"x":null}})"
            "\n"
            R"({"sku":"c","parent":{"id":5}})");
  // As PHP writes a list whose indexes have a gap.
  EXPECT_EQ(rows(spec, R"({"data":[{"id":6,"items":{"0":{"sku":"d"},"2":{"sku":"e"}}}]})"),
            R"({"sku":"d","parent":{"id":6}})"
            "\n"
            R"({"sku":"e","parent":{"id":6}})");
  EXPECT_EQ(rows("{from: data, each: {from: deep.items, as: word}}",
                 R"({"data":[{"deep":{"items":["a",7],"n":1}}]})"),
            R"({"word":"a","parent":{"deep":{"n":1}}})"
            "\n"
            R"({"word":7,"parent":{"deep":{"n":1}}})");
  EXPECT_EQ(rows("{from: data, each: {from: earned, names: coin, as: sum}}",
                 R"({"data":[{"id":1,"earned":{"BTC":"","MNT":"2.14","USDC":null,"USDT":"0"}},)"
                 R"({"id":2,"earned":[]}]})"),
            R"({"coin":"MNT","sum":"2.14","parent":{"id":1}})"
            "\n"
            R"({"coin":"USDT","sum":"0","parent":{"id":1}})");
}

TEST(RowsInsideRows, MayBeNestedAndKeepValues) {
  EXPECT_EQ(
      rows(
          "{from: data, each: [{from: accounts}, {from: days, names: day}],"
          " keep: {program: program}}",
          R"({"program":"p","data":[{"id":1,"accounts":[)"
          R"({"no":7,"days":{"2026-11-01":{"sum":1},"2026-11-02":{"sum":2}}},{"no":8,"days":[]}]}]})"),
      R"({"day":"2026-11-01","sum":1,"parent":{"no":7,"parent":{"id":1}},"program":"p"})"
      "\n"
      R"({"day":"2026-11-02","sum":2,"parent":{"no":7,"parent":{"id":1}},"program":"p"})");
}

TEST(RowsInsideRows, AnotherShapeIsAnError) {
  auto const* spec = "{from: data, each: {from: items}}";
  EXPECT_EQ(rows(spec, R"({"data":[{"id":1},{"id":2}]})"),
            "malformed_answer: no row of the answer has the list `items`");
  EXPECT_EQ(
      rows("{from: data, empty_if_null: true, each: {from: items}}", R"({"data":[{"id":1}]})"), "");
  EXPECT_EQ(rows(spec, R"({"data":[]})"), "");
  EXPECT_EQ(rows(spec, R"({"data":[{"items":"none"}]})"),
            "malformed_answer: the list `items` inside a row holds a text, which is no list");
  EXPECT_EQ(rows(spec, R"({"data":[{"items":[1]}]})"),
            "malformed_answer: the list `items` inside a row holds a number, not an object; `as` "
            "names a field for it");
  EXPECT_EQ(rows(spec, R"({"data":[{"items":[{"parent":1}]}]})"),
            "malformed_answer: a row has a field \"parent\" of its own, which `each` of `records` "
            "would replace");
  EXPECT_EQ(rows("{from: data, each: {from: m, names: k}}", R"({"data":[{"m":[{"a":1}]}]})"),
            "malformed_answer: the list `m` inside a row holds a list, not an object with names");
  EXPECT_EQ(rows(spec, R"({"data":[5]})"),
            "malformed_answer: a row is a number, not an object with a list inside");
}

TEST(RowsInsideRows, ASmallAnswerDoesNotFillTheMemory) {
  std::string json = R"({"data":[{"wide":[)";
  for (int i = 0; i < 3000; ++i) json += "1,";
  json += R"(1],"items":[)";
  for (int i = 0; i < 1000; ++i) json += "{},";
  json += R"({}]}]})";
  EXPECT_EQ(rows("{from: data, each: {from: items}}", json),
            "answer_too_large: the rows made from this answer have more than 2000000 values, "
            "because each row repeats what it shares with others");
}

TEST(RowsInsideRows, ALongTextIsNotRepeatedWithoutEnd) {
  std::string json = R"({"data":[{"note":")" + std::string(1 << 20, 'x') + R"(","items":[)";
  for (int i = 0; i < 1000; ++i) json += "{},";
  json += R"({}]}]})";
  EXPECT_EQ(rows("{from: data, each: {from: items}}", json),
            "answer_too_large: the rows made from this answer repeat more than 512 MiB that they "
            "share");
}

TEST(RowsInsideRows, ParentsGoThroughTheFilterForPersonalData) {
  auto const plan = plan_of(
      parse("{from: clients, each: {from: items}}", "    personal: [parent.card.holder, note]\n"));
  auto const body = parse_json(R"({"clients":[{"id":1,"name":"Ann","email":"a@b.example",)"
                               R"("card":{"holder":"A. B.","kind":"x"},)"
                               R"("items":[{"id":9,"sum":"1","note":"n","phone":"5"}]}]})")
                        .value();
  auto const found = find_records(plan->spec, body).value();
  ASSERT_EQ(found.rows.size(), 1U);
  EXPECT_EQ(private_raw(*plan, *found.rows[0]),
            R"({"id":9,"sum":"1","parent":{"id":1,"card":{"kind":"x"}}})");
  // A row that was put aside is mapped again from what was stored.
  StoredRows stored(plan);
  auto const again = stored.look_at(private_raw(*plan, *found.rows[0]), TimePoint());
  EXPECT_EQ(again.fate, StoredRows::Fate::maps);
  EXPECT_EQ(again.external_id, "9");
}

// Answers offset and limit with partners, each with as many accounts as its number says.
class PartnerServer {
 public:
  std::vector<int> accounts;  // of each partner
  bool tells_total = true;
  int requests = 0;
  std::function<void(int)> before_answer = [](int) {};

  Answer answer(HttpRequest const& request) {
    before_answer(++requests);
    auto const query = query_of(request);
    auto const limit = std::stoul(query.at("limit")), offset = std::stoul(query.at("offset"));
    std::string text = R"({"list":[)";
    for (auto i = offset; i < std::min(accounts.size(), offset + limit); ++i) {
      text += (i > offset ? "," : "") + std::string(R"({"id":"p)") + std::to_string(i) +
              R"(","accounts":[)";
      for (int n = 0; n < accounts[i]; ++n) {
        text +=
            (n > 0 ? "," : "") + std::string(R"({"no":)") + std::to_string(n) + R"(,"sum":"1.5"})";
      }
      text += "]}";
    }
    text += "]";
    if (tells_total) text += R"(,"total":)" + std::to_string(accounts.size());
    Answer out;
    out.body = parse_json(text + "}").value();
    return out;
  }
};

StreamPlan partner_plan(bool with_total = true) {
  auto manifest = parse_manifest(
      "name: p\nbase_url: https://p.example\nauth: {type: none}\nstreams:\n  s:\n"
      "    table: commission\n    path: /x\n    key: [parent.id, no]\n    map: {amount: sum}\n"
      "    page: {type: offset, size: 3, overlap: 1" +
          std::string(with_total ? ", total: total" : "") +
          "}\n    records: {from: list, each: {from: accounts}}\n",
      "p.yaml");
  return *plan_of(manifest);
}

std::set<std::string> ids_of(std::vector<int> const& accounts) {
  std::set<std::string> ids;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    for (int n = 0; n < accounts[i]; ++n) {
      ids.insert("p" + std::to_string(i) + ":" + std::to_string(n));
    }
  }
  return ids;
}

TEST(RowsInsideRows, PagesAreThoseOfTheRowsAround) {
  for (bool const with_total : {true, false}) {
    PartnerServer server;
    server.tells_total = with_total;
    // Pages with many rows inside, with none at all, and with few.
    server.accounts = {5, 0, 4, 0, 0, 0, 0, 0, 0, 1, 9, 2};
    auto const pass = read_all(partner_plan(with_total), server);
    ASSERT_FALSE(pass.error) << pass.error->message;
    EXPECT_EQ(pass.ids(), ids_of(server.accounts));
    ASSERT_EQ(pass.ends.size(), 1U);
    EXPECT_FALSE(pass.ends[0].doubt);
    EXPECT_EQ(pass.ends[0].proof, with_total ? CountProof::rows : CountProof::nothing);
    // What is seen are the rows, not those around, and the broker counts other things.
    EXPECT_EQ(pass.ends[0].seen_keys.size(), 21U);
    EXPECT_FALSE(pass.ends[0].broker_count);
    EXPECT_EQ(pass.rows_read, 21);
    EXPECT_TRUE(pass.quarantined.empty());
  }
}

TEST(RowsInsideRows, ARowAroundThatGetsAnotherRowMeanwhileContradictsNothing) {
  PartnerServer server;
  server.accounts = {1, 1, 1, 1, 1};
  // The shared row of the second page has one more account than on the first.
  server.before_answer = [&](int request) {
    if (request == 2) server.accounts[2] = 2;
  };
  auto const pass = read_all(partner_plan(), server);
  ASSERT_FALSE(pass.error) << pass.error->message;
  EXPECT_EQ(pass.ids(), ids_of(server.accounts));
  EXPECT_TRUE(pass.quarantined.empty());
  EXPECT_FALSE(pass.ends.at(0).doubt);
}

TEST(RowsInsideRows, TheSameKeyInTwoRowsAroundIsPutAside) {
  auto const manifest = parse_manifest(
      "name: p\nbase_url: https://p.example\nauth: {type: none}\nstreams:\n  s:\n"
      "    table: commission\n    path: /x\n    key: no\n    map: {amount: sum, client_ref: "
      "parent.id}\n"
      "    page: {type: offset, size: 2, overlap: 0, total: total}\n"
      "    records: {from: list, each: {from: accounts}}\n",
      "p.yaml");
  PartnerServer server;
  server.accounts = {1, 0, 1, 0};
  auto const pass = read_all(*plan_of(manifest), server);
  ASSERT_FALSE(pass.error) << pass.error->message;
  EXPECT_EQ(pass.ids(), std::set<std::string>{"0"});
  ASSERT_EQ(pass.quarantined.size(), 1U);
  EXPECT_TRUE(is_contradiction(pass.quarantined[0].reason)) << pass.quarantined[0].reason;
}

TEST(RowForms, OfTheDocumentedConnector) {
  auto const manifest = parse_manifest(block_of("yaml", "name: cells"), "cells.yaml");
  auto const answers = parse_json(block_of("json", "\"selfbills\"")).value();
  auto const stored = [&](std::size_t which) {
    auto const plan = plan_of(manifest, which);
    auto const* body = answers.find(plan->stream);
    StreamReader reader(plan, {});
    EXPECT_TRUE(reader.next_request());
    Answer answer;
    answer.body = *body;
    auto const page = reader.on_answer(answer, at("2026-11-21")).value();
    EXPECT_TRUE(page.quarantined.empty());
    std::string text;
    auto const& batch = page.batches.at(0);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      text += std::string(batch.external_id(i)) + "|";
      for (auto const* column : {"amount", "currency"}) {
        text += batch.cell(i, *batch.table().index_of(column)) + std::string("|");
      }
      text += std::string(batch.raw(i)) + "\n";
    }
    return text;
  };
  EXPECT_EQ(stored(0),
            "2026-10-01|-12.50|USD|{\"month\":\"2026-10-01\",\"partner_income\":"
            "{\"amount_cents\":-1250,\"currency\":\"USD\"}}\n");
  EXPECT_EQ(
      stored(1),
      "b-1|430.17|GBP|{\"bill_id\":\"b-1\",\"total_value\":430.17,\"paid_currency\":\"GBP\"}\n");
  EXPECT_EQ(stored(2),
            "7:USDT|17.5|USDT|{\"coin\":\"USDT\",\"amount\":\"17.5\",\"parent\":{\"id\":\"7\"}}\n"
            "7:ETH|0.2|ETH|{\"coin\":\"ETH\",\"amount\":\"0.2\",\"parent\":{\"id\":\"7\"}}\n");
}

TEST(RowForms, ChangeWhatTheMappingIs) {
  std::set<std::string> texts;
  for (auto const* records :
       {"data", "{from: data, names: a}", "{from: data, unwrap: a}", "{from: data, unwrap: b}",
        "{from: data, cells: {name: n, value: v}}", "{from: data, cells: {name: n, value: w}}",
        "{from: data, each: {from: a}}", "{from: data, each: {from: a, as: b}}"}) {
    texts.insert(plan_of(parse(records))->spec->mapping_text);
  }
  EXPECT_EQ(texts.size(), 8U);
}

TEST(RowForms, MistakesAreToldWithTheirPlace) {
  auto const error_of = [](std::string const& records) {
    auto const manifest = parse(records);
    return manifest ? std::string("no error") : manifest.error().to_line();
  };
  EXPECT_EQ(error_of("{from: a, value: b}"),
            "f.yaml:10:14: where the rows are needs the key `names`");
  EXPECT_EQ(error_of("{from: a, only: b}"),
            "f.yaml:10:14: where the rows are needs the key `names`");
  EXPECT_EQ(error_of("{from: a, names: [b, b]}"), "f.yaml:10:35: the field \"b\" is named twice");
  EXPECT_EQ(
      error_of("{from: a, names: b, value: c, unwrap: d}"),
      "f.yaml:10:52: `unwrap` cannot be combined with `value`. With `names` alone each member "
      "of the object is a row, and is unwrapped.");
  EXPECT_EQ(error_of("{from: a, unwrap: ''}"), "f.yaml:10:32: a member needs a name");
  EXPECT_EQ(error_of("{from: a, names: b, cells: {name: n, value: v}}"),
            "f.yaml:10:41: `cells` cannot be combined with `names`. A row is either an object or "
            "cells.");
  EXPECT_EQ(error_of("{from: a, cells: {name: n}}"),
            "f.yaml:10:31: the cells of a row needs the key `value`");
  EXPECT_EQ(error_of("{from: a, cells: {name: $, value: v}}"),
            "f.yaml:10:38: a whole cell cannot be its name");
  EXPECT_EQ(error_of("{from: a, each: {from: $}}"),
            "f.yaml:10:37: a whole row is not a list inside of it");
  EXPECT_EQ(error_of("{from: a, each: {from: b, as: parent}}"),
            "f.yaml:10:44: `parent` is the field of the row around the element");
  EXPECT_EQ(error_of("{from: a, each: {from: b, names: c, as: c}}"),
            "f.yaml:10:54: the field \"c\" is named twice");
  EXPECT_EQ(error_of("{from: a, each: [{from: b}, {from: b}, {from: b}, {from: b}, {from: b}]}"),
            "f.yaml:10:75: lists are nested too deeply. At most 4.");
  EXPECT_EQ(error_of("{from: a, each: {list: b}}").substr(0, 54),
            "f.yaml:10:30: a list inside a row needs the key `from`");
}

}  // namespace
}  // namespace affsync::engine::row_forms_test
