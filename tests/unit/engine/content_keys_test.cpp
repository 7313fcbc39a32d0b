// Keys of rows that have no id: a hash of the content, and the number of the row among equal ones.
#include <gtest/gtest.h>

#include <functional>

#include "connectors/engine/rows/stored_rows.hpp"
#include "tests/unit/engine/documented_page.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::content_keys_test {
namespace {

std::string manifest_text(std::string const& key, std::string const& more) {
  return "name: h\nbase_url: https://h.example\nauth: {type: none}\nstreams:\n  s:\n"
         "    table: commission\n    path: /x\n    records: rows\n"
         "    map: {amount: sum, occurred_on: day, client_ref: who}\n    key: " +
         key + "\n" + more;
}

std::shared_ptr<StreamPlan const> plan_of(std::string const& key, std::string const& more = "",
                                          Privacy privacy = Privacy::drop) {
  auto const manifest = parse_manifest(manifest_text(key, more), "h.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "mine";
  settings.privacy = privacy;
  auto plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.front();
}

Answer answer_of(std::string const& rows, std::string const& more = "") {
  Answer answer;
  answer.body = parse_json("{\"rows\":[" + rows + "]" + more + "}").value();
  return answer;
}

std::vector<std::string> ids_of(PageRead const& page) {
  std::vector<std::string> ids;
  auto const& batch = page.batches.at(0);
  for (std::size_t i = 0; i < batch.size(); ++i) ids.emplace_back(batch.external_id(i));
  return ids;
}

// The ids of the rows of one answer that is the whole list.
std::vector<std::string> ids(std::shared_ptr<StreamPlan const> const& plan,
                             std::string const& rows) {
  StreamReader reader(plan, {});
  EXPECT_TRUE(reader.next_request());
  auto const page = reader.on_answer(answer_of(rows), at("2026-11-21")).value();
  EXPECT_TRUE(page.quarantined.empty());
  return ids_of(page);
}

std::string number_of(std::string const& id) {
  return id.substr(id.find('-') + 1);
}

TEST(ContentKeys, TellRowsApartAndCountEqualOnes) {
  auto const plan = plan_of("{hash: all}");
  auto const found = ids(plan, R"({"day":"2025-11-01","sum":1},{"day":"2025-11-01","sum":2},)"
                               R"({"day":"2025-11-01","sum":1},{"day":"2025-11-01","sum":1})");
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].size(), 34U);
  EXPECT_EQ(found[0].substr(0, 33), found[2].substr(0, 33));
  EXPECT_NE(found[0].substr(0, 33), found[1].substr(0, 33));
  EXPECT_EQ(number_of(found[0]), "1");
  EXPECT_EQ(number_of(found[1]), "1");
  EXPECT_EQ(number_of(found[2]), "2");
  EXPECT_EQ(number_of(found[3]), "3");
}

TEST(ContentKeys, DoNotDependOnOrderSpellingPersonalAndVolatileFields) {
  std::string const more = "    personal: card\n    volatile: seen\n";
  auto const plan = plan_of("{hash: all}", more);
  auto const one = R"({"day":"2025-11-01","sum":5.0,"in":{"a":1,"b":[1,2]},"card":"x","seen":1})";
  auto const same = R"({"in":{"b":[1,2],"a":1.00},"sum":5,"seen":2,"card":"y","day":"2025-11-01"})";
  EXPECT_EQ(ids(plan, one), ids(plan, same));
  for (auto const privacy : {Privacy::hash, Privacy::keep}) {
    EXPECT_EQ(ids(plan, one), ids(plan_of("{hash: all}", more, privacy), one));
  }
  EXPECT_NE(ids(plan, one), ids(plan, R"({"day":"2025-11-01","sum":5.1,"in":{"a":1,"b":[1,2]}})"));
  EXPECT_NE(ids(plan, one), ids(plan, R"({"day":"2025-11-01","sum":5,"in":{"a":1,"b":[2,1]}})"));
}

TEST(ContentKeys, OfNamedFieldsLookAtNothingElse) {
  auto const plan = plan_of("{hash: [day, in.a]}");
  auto const one = ids(plan, R"({"day":"2025-11-01","in":{"a":1},"sum":1})");
  EXPECT_EQ(one, ids(plan, R"({"sum":2,"in":{"b":3,"a":1},"day":"2025-11-01"})"));
  EXPECT_NE(one, ids(plan, R"({"day":"2025-11-01","in":{"a":2},"sum":1})"));
  EXPECT_NE(one, ids(plan, R"({"day":"2025-11-01","sum":1})"));
  StreamReader reader(plan, {});
  ASSERT_TRUE(reader.next_request());
  auto const page =
      reader.on_answer(answer_of(R"({"sum":1},{"day":"2025-11-01"})"), at("2026-11-21"));
  ASSERT_EQ(page->quarantined.size(), 1U);
  EXPECT_EQ(page->quarantined[0].reason,
            "none of the fields whose content makes the row's key is there");
}

// A list of numbered pages whose rows are all equal, apart from `different`.
struct NumberedServer {
  std::vector<std::string> rows;
  std::size_t size = 2;
  std::function<void(std::size_t)> before_page = [](std::size_t) {};
  bool ignores_page = false;

  Answer answer(HttpRequest const& request) {
    auto const query = query_of(request);
    auto const page = std::stoul(query.at("page"));
    before_page(page);
    std::string text;
    auto const from = ignores_page ? 0 : (page - 1) * size;
    for (auto i = from; i < std::min(rows.size(), from + size); ++i) {
      text += (i > from ? "," : "") + rows[i];
    }
    return answer_of(text, ",\"total\":" + std::to_string(rows.size()));
  }
};

constexpr auto equal_row = R"({"day":"2025-11-01","sum":"1.5"})";
constexpr auto other_row = R"({"day":"2025-11-01","sum":"7"})";

std::string const numbered = "    page: {type: page, total: total}\n";

TEST(ContentKeys, CountAcrossPages) {
  NumberedServer server;
  server.rows = {equal_row, other_row, equal_row, equal_row, equal_row};
  auto const pass = read_all(*plan_of("{hash: all}", numbered), server);
  ASSERT_FALSE(pass.error) << pass.error->message;
  EXPECT_EQ(pass.stored.size(), 10U);
  EXPECT_EQ(pass.ids().size(), 5U);
  EXPECT_TRUE(pass.quarantined.empty());
  ASSERT_EQ(pass.ends.size(), 1U);
  EXPECT_EQ(pass.ends[0].proof, CountProof::rows) << "it was read twice";
  EXPECT_FALSE(pass.ends[0].doubt);
  EXPECT_EQ(pass.ends[0].seen_keys.size(), 5U);
  // Another page size gives the same ids.
  server.size = 4;
  EXPECT_EQ(read_all(*plan_of("{hash: all}", numbered), server).ids(), pass.ids());
}

TEST(ContentKeys, AListThatMovedIsCountedFromItsStart) {
  NumberedServer server;
  server.rows = {equal_row, equal_row, equal_row, equal_row};
  bool moved = false;
  server.before_page = [&](std::size_t page) {
    if (page != 2 || moved) return;
    moved = true;
    server.rows.insert(server.rows.begin(), other_row);
  };
  auto const pass = read_all(*plan_of("{hash: all}", numbered), server);
  ASSERT_FALSE(pass.error) << pass.error->message;
  // The first reading counted a shifted row twice; what was seen in the end is what there is.
  ASSERT_EQ(pass.ends.size(), 1U);
  EXPECT_FALSE(pass.ends[0].doubt);
  EXPECT_EQ(pass.ends[0].proof, CountProof::rows) << "it was read twice";
  EXPECT_EQ(pass.ends[0].seen_keys.size(), 5U);
  NumberedServer still;
  still.rows = server.rows;
  auto const again = read_all(*plan_of("{hash: all}", numbered), still);
  EXPECT_EQ(again.ends.at(0).seen_keys, pass.ends[0].seen_keys);
}

// With a filter the rows' own keys are noted beside those of the list: both forget the first
// reading.
TEST(ContentKeys, AListWithAFilterThatMovedIsCountedFromItsStart) {
  NumberedServer server;
  server.rows = {other_row, equal_row, R"({"day":"2025-11-01","sum":"9"})"};
  bool moved = false;
  server.before_page = [&](std::size_t page) {
    if (page != 2 || moved) return;
    moved = true;
    server.rows.insert(server.rows.begin(), R"({"day":"2025-11-01","sum":"8"})");
  };
  auto const pass =
      read_all(*plan_of("{hash: all}", numbered + "    where: {day: '2025-11-01'}\n"), server);
  ASSERT_EQ(pass.ends.size(), 1U);
  EXPECT_EQ(pass.ends[0].seen_keys.size(), 4U);
}

// Nothing in the answers shows that a row moved to the next page, so two readings have to agree.
TEST(ContentKeys, AListWithoutACountIsReadUntilItAgreesWithItself) {
  auto const plan = plan_of("{hash: all}",
                            "    page: {type: page}\n    mode: replace_window\n"
                            "    window: {from: a, to: b, span: 1d, start: 2025-11-01, column: "
                            "occurred_on}\n");
  NumberedServer server;
  server.rows = {R"({"day":"2025-11-01","sum":"1"})", R"({"day":"2025-11-01","sum":"2"})",
                 R"({"day":"2025-11-01","sum":"3"})"};
  int requests = 0;
  server.before_page = [&](std::size_t page) {
    if (++requests == 2 && page == 2) server.rows.insert(server.rows.begin(), other_row);
  };
  ReaderStart start;
  start.since = start.until = *parse_day("2025-11-01");
  start.now = at("2026-11-21");
  auto const pass = read_all(*plan, server, start);
  ASSERT_FALSE(pass.error) << pass.error->message;
  ASSERT_EQ(pass.ends.size(), 1U);
  EXPECT_FALSE(pass.ends[0].doubt);
  EXPECT_EQ(pass.ends[0].seen_keys.size(), 4U);

  // A list that never stands still is in doubt.
  server.before_page = [&](std::size_t page) {
    if (page == 2) {
      server.rows.insert(server.rows.begin(),
                         R"({"day":"2025-11-01","sum":")" + std::to_string(++requests) + "\"}");
    }
  };
  auto const moving = read_all(*plan, server, start);
  ASSERT_EQ(moving.ends.size(), 1U);
  EXPECT_TRUE(moving.ends[0].doubt);
}

TEST(ContentKeys, AnInterruptedSliceIsReadFromItsStart) {
  NumberedServer server;
  server.rows = {equal_row, equal_row, equal_row, equal_row, equal_row};
  auto const plan = plan_of("{hash: all}", numbered);
  auto const whole = read_all(*plan, server);
  StreamReader first(plan, {});
  auto const begun = run(first, server, at("2026-11-21"), 2);
  ASSERT_EQ(begun.checkpoints.size(), 2U);
  ReaderStart start;
  start.now = at("2026-11-21");
  start.cursor = begun.checkpoints.back();
  StreamReader second(plan, start);
  auto const rest = run(second, server, at("2026-11-21"));
  EXPECT_EQ(rest.targets.front(), "/x?page=1");
  EXPECT_EQ(rest.ids(), whole.ids());
  EXPECT_FALSE(rest.ends.at(0).resumed);
  EXPECT_EQ(rest.ends.at(0).seen_keys, whole.ends.at(0).seen_keys);
}

TEST(ContentKeys, ABrokerThatIgnoresPagingIsFoundOut) {
  NumberedServer server;
  server.rows = {equal_row, equal_row, other_row, equal_row};
  server.ignores_page = true;
  auto const pass = read_all(*plan_of("{hash: all}", numbered), server);
  ASSERT_TRUE(pass.error);
  EXPECT_EQ(pass.error->code, ErrorCode::paging_broken);
  EXPECT_LE(pass.targets.size(), 4U);
  EXPECT_EQ(pass.ids().size(), 2U);
}

TEST(ContentKeys, PartsOfASliceGoOnCounting) {
  auto const plan = plan_of("{hash: all}", "    parts: [{query: {c: a}}, {query: {c: b}}]\n");
  StreamReader reader(plan, {});
  ASSERT_TRUE(reader.next_request());
  auto const first = reader.on_answer(answer_of(equal_row), at("2026-11-21")).value();
  ASSERT_TRUE(reader.next_request());
  auto const second = reader.on_answer(answer_of(equal_row), at("2026-11-21")).value();
  EXPECT_EQ(number_of(ids_of(first).at(0)), "1");
  EXPECT_EQ(number_of(ids_of(second).at(0)), "2");
  ASSERT_TRUE(second.slice_end);
  EXPECT_EQ(second.slice_end->seen_keys.size(), 2U);
}

TEST(ContentKeys, EachWindowCountsAnew) {
  auto const plan = plan_of("{hash: all}",
                            "    window: {from: a, to: b, span: 1d, start: 2025-11-01, column: "
                            "occurred_on}\n");
  ReaderStart start;
  start.since = *parse_day("2025-11-01");
  start.until = *parse_day("2025-11-02");
  start.now = at("2026-11-21");
  StreamReader reader(plan, start);
  ASSERT_TRUE(reader.next_request());
  auto const first = reader.on_answer(answer_of(equal_row), start.now).value();
  ASSERT_TRUE(reader.next_request());
  auto const second =
      reader.on_answer(answer_of(R"({"day":"2025-11-02","sum":"1.5"})"), start.now).value();
  EXPECT_EQ(number_of(ids_of(first).at(0)), "1");
  EXPECT_EQ(number_of(ids_of(second).at(0)), "1");
  EXPECT_NE(ids_of(first), ids_of(second));
}

TEST(ContentKeys, FurtherTablesHaveTheSameId) {
  auto const plan = plan_of("{hash: all}", "    also: [{table: balance, map: {amount: sum}}]\n");
  StreamReader reader(plan, {});
  ASSERT_TRUE(reader.next_request());
  auto const page =
      reader.on_answer(answer_of(std::string(equal_row) + "," + equal_row), at("2026-11-21"))
          .value();
  ASSERT_EQ(page.batches.size(), 2U);
  ASSERT_EQ(page.batches[1].size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(std::string(page.batches[1].external_id(i)),
              std::string(page.batches[0].external_id(i)));
  }
}

TEST(ContentKeys, ARowThatWasPutAsideKeepsItsNumber) {
  auto const plan = plan_of("{hash: all}");
  auto const found = ids(plan, std::string(equal_row) + "," + equal_row);
  StoredRows stored(plan);
  auto const outcome = stored.look_at(equal_row, at("2026-11-21"), found.at(1));
  EXPECT_EQ(outcome.external_id, found[1]);
  EXPECT_EQ(stored.look_at(equal_row, at("2026-11-21")).external_id, found[0]);
  auto const batches = stored.convert({&outcome.row}, at("2026-11-21"), {outcome.external_id});
  ASSERT_EQ(batches.at(0).size(), 1U);
  EXPECT_EQ(std::string(batches[0].external_id(0)), found[1]);
}

TEST(ContentKeys, OfTheDocumentedConnector) {
  auto const manifest = parse_manifest(block_of("yaml", "name: sums"), "sums.yaml");
  ASSERT_TRUE(manifest) << manifest.error().to_line();
  SourceSettings settings;
  settings.name = "mine";
  auto const plan = make_source_plan(*manifest, settings).value().streams.front();
  ReaderStart start;
  start.since = start.until = *parse_day("2025-11-02");
  start.now = at("2026-11-21");
  StreamReader reader(plan, start);
  ASSERT_TRUE(reader.next_request());
  auto const row = std::string(R"({"user":7,"sum":"1.5"})");
  auto const page = reader.on_answer(answer_of(row + "," + row, ",\"total\":2"), start.now).value();
  EXPECT_EQ(page.batches.at(0).size(), 2U);
  ASSERT_TRUE(page.slice_end);
  EXPECT_TRUE(page.slice_end->replaces);
  EXPECT_TRUE(page.slice_end->markable);
  EXPECT_EQ(page.slice_end->seen_keys.size(), 2U);
}

TEST(ContentKeys, ChangeWhatTheMappingIs) {
  std::set<std::string> texts;
  for (auto const* key : {"id", "{hash: all}", "{hash: [day]}", "{hash: [day, sum]}"}) {
    texts.insert(plan_of(key)->spec->mapping_text);
  }
  texts.insert(plan_of("{hash: all}", "    volatile: x\n")->spec->mapping_text);
  texts.insert(plan_of("id",
                       "    mode: replace_window\n    window: {from: a, to: b, start: "
                       "2026-01-01, column: occurred_on}\n")
                   ->spec->mapping_text);
  EXPECT_EQ(texts.size(), 6U);
  EXPECT_EQ(plan_of("id")->spec->mapping_text,
            plan_of("id", "    volatile: x\n")->spec->mapping_text);
}

TEST(ContentKeys, MistakesAreToldWithTheirPlace) {
  auto const error_of = [](std::string const& key, std::string const& more = "") {
    auto const manifest = parse_manifest(manifest_text(key, more), "h.yaml");
    return manifest ? std::string("no error") : manifest.error().to_line();
  };
  EXPECT_EQ(error_of("{hash: some}"),
            "h.yaml:10:17: \"some\" is not a content that makes a key. Use `all`, or a list of "
            "fields.");
  EXPECT_EQ(error_of("{hash: [$]}"), "h.yaml:10:18: the whole row is `hash: all`");
  EXPECT_EQ(error_of("{hash: all, const: x}"),
            "h.yaml:10:22: unknown key \"const\" in a key of the content. Known are: hash.");
  auto const starts = [&](std::string const& more, std::string const& text,
                          std::string const& key = "{hash: all}") {
    auto const error = error_of(key, more);
    EXPECT_EQ(error.substr(0, text.size()), text);
  };
  starts("    page: {type: offset, total: n}\n",
         "h.yaml:10:10: a key of the content counts equal rows, and pages that share rows would");
  starts("    page: {type: page}\n",
         "h.yaml:10:10: a row that moves to the next page while the list is read would count as");
  starts(
      "    page: {type: cursor, next: n, until_known: true}\n",
      "h.yaml:10:10: a key of the content counts equal rows, and a list that ends at known rows");
  starts("    window: {from: a, to: b, changes: true}\n",
         "h.yaml:10:10: a key of the content counts equal rows, and a window of changes has only");
  std::string const window =
      "    window: {from: a, to: b, start: 2026-01-01, column: occurred_on}\n";
  starts("    window: {from: a, to: b, start: 2026-01-01}\n",
         "h.yaml:10:10: equal rows of two windows would be one row, because the content does not");
  starts(window, "h.yaml:10:10: equal rows of two windows would be one row", "{hash: [sum]}");
  EXPECT_EQ(error_of("{hash: [sum, day]}", window), "no error");
  EXPECT_EQ(error_of("{hash: all}", "    page: {type: offset, overlap: 0, total: n}\n"),
            "no error");
  EXPECT_EQ(error_of("{hash: all}", "    page: {type: page}\n    mode: replace_window\n" + window),
            "no error");
  starts("    personal: in\n", "h.yaml:10:10: the field \"in.card\" is personal",
         "{hash: [day, in.card]}");
  starts("    also: [{table: balance, key: {hash: all}, map: {amount: sum}}]\n",
         "h.yaml:11:34: only the stream's own key can be made of the content");
  starts("    mode: replace\n", "h.yaml:11:11: \"replace\" is not a mode.", "id");
  starts("    mode: replace_window\n", "h.yaml:11:11: `replace_window` needs a `window`", "id");
  starts("    mode: replace_window\n" + window +
             "    page: {type: cursor, next: n, until_known: true}\n",
         "h.yaml:11:11: `replace_window` compares whole windows", "id");
  starts(
      "    mode: replace_window\n" + window + "    also: [{table: balance, map: {amount: sum}}]\n",
      "h.yaml:11:11: `replace_window` compares the rows of one table", "id");
}

}  // namespace
}  // namespace affsync::engine::content_keys_test
