// Which rows of a list belong to a table: filters, further tables, keys that are not unique, and
// what the broker's totals say about them.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::row_sets_test {
namespace {

// Returns the bodies in order, the last one forever.
struct Bodies {
  std::vector<std::string> bodies;
  std::size_t next = 0;
  int requests = 0;
  Answer answer(HttpRequest const&) {
    ++requests;
    Answer out;
    out.body = parse_json(bodies.at(std::min(next++, bodies.size() - 1))).value();
    return out;
  }
};

std::string row(std::string const& id, std::string const& state, std::string const& reward = "1") {
  return R"({"id":")" + id + R"(","state":")" + state + R"(","reward":)" + reward + "}";
}

std::string list(std::vector<std::string> const& rows, std::string const& rest = "") {
  std::string text;
  for (auto const& one : rows) text += (text.empty() ? "" : ",") + one;
  return R"({"data":[)" + text + "]" + rest + "}";
}

StreamPlan single_plan() {
  auto plan = list_plan(100, 0);
  plan.spec->page = PageSpec{};
  return plan;
}

WhereSpec where(std::string const& path, std::vector<std::string> words) {
  WhereSpec spec;
  spec.path = JsonPath(path);
  spec.words = std::move(words);
  return spec;
}

TableMapping also(std::string_view table, std::string const& key) {
  TableMapping mapping;
  mapping.table = find_record_table(table);
  mapping.key.emplace_back(key);
  mapping.columns.push_back(map_column("amount", "reward", ValueType::decimal));
  return mapping;
}

// The complete first page.
PageRead first_page(StreamPlan const& plan, std::string const& body) {
  StreamReader reader(std::make_shared<StreamPlan const>(plan), {});
  reader.next_request();
  Answer answer;
  answer.body = parse_json(body).value();
  auto page = reader.on_answer(answer, at("2026-06-15"));
  EXPECT_TRUE(page);
  return std::move(*page);
}

std::vector<std::uint64_t> hashes(std::vector<std::string> const& ids) {
  std::vector<std::uint64_t> keys;
  for (auto const& id : ids) keys.push_back(hash_key(id));
  std::ranges::sort(keys);
  return keys;
}

TEST(Where, ARowThatTheFilterPassesOverIsNotSeenInTheTable) {
  auto plan = single_plan();
  plan.spec->map.where = where("state", {"paid", "approved"});
  auto const page = first_page(
      plan, list({row("a", "paid"), row("b", "reversed"), row("c", "approved"), row("d", "")}));
  EXPECT_EQ(page.batches.at(0).size(), 2U);
  EXPECT_EQ(page.rows_read, 4);
  ASSERT_TRUE(page.slice_end);
  EXPECT_EQ(page.slice_end->seen_keys, hashes({"a", "c"}));
  ASSERT_EQ(page.left_out.size(), 1U);
  EXPECT_EQ(page.left_out[0].table, plan.spec->map.table);
  EXPECT_EQ(page.left_out[0].external_ids, (std::vector<std::string>{"b", "d"}));
}

// A report that names each currency for each client is mostly zeros.
TEST(Where, ZeroInAnySpellingIsPassedOver) {
  auto plan = single_plan();
  plan.spec->map.where = WhereSpec{JsonPath("state"), {}, true};
  auto const page =
      first_page(plan, list({row("a", "0"), row("b", "0.0000"), row("c", ""), row("d", "0.01"),
                             row("e", "-0"), row("f", "-7"), row("g", "0E-8"), row("h", "none")}));
  ASSERT_EQ(page.left_out.size(), 1U);
  EXPECT_EQ(page.left_out[0].external_ids, (std::vector<std::string>{"a", "b", "c", "e", "g"}));
  // What is no number is not passed over: a column of numbers then tells it.
  EXPECT_EQ(page.slice_end->seen_keys, hashes({"d", "f", "h"}));
}

TEST(Where, ItsRowsCountForPagingAndTotalsAsAllOthers) {
  auto plan = list_plan(2, 0);
  plan.spec->map.where = where("state", {"paid"});
  Bodies server;
  server.bodies = {list({row("a", "x"), row("b", "x")}, R"(,"totals":{"count":3})"),
                   list({row("c", "paid")}, R"(,"totals":{"count":3})")};
  auto const pass = read_all(plan, server);
  ASSERT_FALSE(pass.error);
  EXPECT_FALSE(pass.ends.at(0).doubt);
  EXPECT_EQ(pass.ends[0].proof, CountProof::number);
  EXPECT_EQ(pass.ends[0].broker_count, 3);
  EXPECT_EQ(pass.ends[0].seen_keys, hashes({"c"}));
  EXPECT_EQ(pass.rows_read, 3);
}

TEST(Where, ARowThatAnotherMappingOfTheTableTakesIsNotLeftOut) {
  auto plan = single_plan();
  plan.spec->map.where = where("state", {"paid"});
  plan.spec->also.push_back(also("commission", "id"));
  plan.spec->also[0].where = where("state", {"bonus"});
  auto const page = first_page(plan, list({row("a", "paid"), row("b", "bonus"), row("c", "void")}));
  ASSERT_EQ(page.left_out.size(), 2U);
  // Only c is left out; a and b are rows of the table.
  for (auto const& left : page.left_out) {
    EXPECT_EQ(left.external_ids, (std::vector<std::string>{"c"}));
  }
  EXPECT_EQ(page.slice_end->seen_keys, hashes({"a", "b"}));
}

TEST(Where, AFurtherTableLosesItsRowsToo) {
  auto plan = single_plan();
  plan.spec->also.push_back(also("payout", "id"));
  plan.spec->also[0].where = where("state", {"sent"});
  auto const page = first_page(plan, list({row("a", "sent"), row("b", "refused")}));
  ASSERT_EQ(page.left_out.size(), 1U);
  EXPECT_EQ(page.left_out[0].table->name, "payout");
  EXPECT_EQ(page.left_out[0].external_ids, (std::vector<std::string>{"b"}));
  EXPECT_EQ(page.slice_end->seen_keys, hashes({"a", "b"})) << "of the main table";
}

TEST(Also, ItsRowsInTheMainTableAreSeenUnderTheirOwnKeys) {
  auto plan = single_plan();
  plan.spec->also.push_back(also("commission", "id"));
  KeyPart part;
  part.constant = "bonus";
  plan.spec->also[0].key.push_back(part);
  auto const page = first_page(plan, list({row("a", "x")}));
  EXPECT_EQ(page.slice_end->seen_keys, hashes({"a", "a:bonus"}));
}

TEST(Also, ARowWithoutTheFurtherTablesKeyGoesAside) {
  auto plan = single_plan();
  plan.spec->also.push_back(also("payout", "w"));
  auto const body = R"({"data":[{"id":1,"reward":1,"w":"x"},{"id":2,"reward":1,"w":null},
                                {"id":3,"reward":1}]})";
  auto page = first_page(plan, body);
  EXPECT_EQ(page.batches.at(0).size(), 3U);
  EXPECT_EQ(page.batches.at(1).size(), 1U);
  ASSERT_EQ(page.quarantined.size(), 2U);
  EXPECT_EQ(page.quarantined[0].reason,
            "payout: the field \"w\", which belongs to the row's key, is null");
  EXPECT_EQ(page.quarantined[1].reason,
            "payout: the field \"w\", which belongs to the row's key, is missing");
  // A row that the filter excludes need not have a key.
  plan.spec->also[0].where = where("w", {"x"});
  page = first_page(plan, body);
  EXPECT_TRUE(page.quarantined.empty());
}

TEST(EqualKeys, InAPageTheLastRowIsStoredAndTheOthersGoAside) {
  auto const page =
      first_page(single_plan(), list({row("a", "x", "1"), row("b", "x", "5"), row("a", "x", "2"),
                                      row("a", "x", "3"), row("b", "x", "5")}));
  ASSERT_EQ(page.batches.at(0).size(), 2U);
  auto const& batch = page.batches[0];
  auto const amount = *batch.table().index_of("amount");
  EXPECT_STREQ(batch.cell(0, amount), "3");
  EXPECT_STREQ(batch.cell(1, amount), "5");
  // Both replaced versions, and none of the identical rows.
  ASSERT_EQ(page.quarantined.size(), 2U);
  for (auto const& lost : page.quarantined) {
    EXPECT_EQ(lost.reason,
              "another row with the same key (id) and other content is stored; the key does not "
              "distinguish them");
  }
  EXPECT_NE(page.quarantined[0].raw.find(R"("reward":1)"), std::string::npos);
  EXPECT_NE(page.quarantined[1].raw.find(R"("reward":2)"), std::string::npos);
}

TEST(EqualKeys, WhatDiffersAtEachReadingDoesNotCount) {
  auto plan = single_plan();
  plan.spec->volatile_fields = {"seen"};
  auto const page =
      first_page(plan, R"({"data":[{"id":1,"reward":1,"seen":1},{"id":1,"reward":1,"seen":2}]})");
  EXPECT_TRUE(page.quarantined.empty());
}

TEST(EqualKeys, RowsOfDifferentTablesMayShareAKey) {
  auto plan = single_plan();
  plan.spec->map.where = where("state", {"bonus"});
  plan.spec->also.push_back(also("payout", "id"));
  plan.spec->also[0].where = where("state", {"payout"});
  auto const page = first_page(plan, list({row("a", "bonus", "1"), row("a", "payout", "2")}));
  EXPECT_TRUE(page.quarantined.empty());
  EXPECT_EQ(page.batches.at(0).size(), 1U);
  EXPECT_EQ(page.batches.at(1).size(), 1U);
  EXPECT_EQ(page.slice_end->seen_keys, hashes({"a"}));
  EXPECT_TRUE(page.left_out.empty());
}

StreamPlan cursor_plan() {
  auto plan = single_plan();
  plan.spec->page.kind = CursorPaging{.next = JsonPath("next")};
  plan.spec->page.size.reset();
  return plan;
}

// Wherever two rows of one key stand, also in the rows that two pages share: each pass ends with
// the same one, puts the other aside once, and the next pass changes nothing.
TEST(EqualKeys, InOverlappingPagesTheSameRowIsStoredByEachPass) {
  constexpr int size = 12;
  for (int overlap = 1; overlap <= 2; ++overlap) {
    for (int first = 0; first < size; ++first) {
      for (int second = first + 1; second < size; ++second) {
        SCOPED_TRACE(std::to_string(overlap) + ": " + std::to_string(first) + " and " +
                     std::to_string(second));
        ListServer server = ListServer::with(size);
        server.ids[static_cast<std::size_t>(first)] = "same\",\"note\":\"1";
        server.ids[static_cast<std::size_t>(second)] = "same\",\"note\":\"2";
        auto plan = list_plan(4, overlap);
        plan.spec->map.columns.push_back(map_column("symbol", "note", ValueType::text));
        std::map<std::string, std::string> stored;
        int changes = 0;
        auto const pass = [&] {
          ReaderStart start;
          start.now = at("2026-06-15");
          StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
          std::size_t aside = 0;
          changes = 0;
          while (auto const request = reader.next_request()) {
            auto const page = reader.on_answer(server.answer(*request), start.now).value();
            aside += page.quarantined.size();
            auto const& batch = page.batches.at(0);
            auto const note = *batch.table().index_of("symbol");
            for (std::size_t i = 0; i < batch.size(); ++i) {
              std::string const value = batch.cell(i, note) != nullptr ? batch.cell(i, note) : "";
              auto const [at, is_new] = stored.emplace(batch.external_id(i), value);
              if (!is_new && at->second != value) ++changes;
              at->second = value;
            }
          }
          return aside;
        };
        EXPECT_EQ(pass(), 1U);
        auto const kept = stored.at("same");
        EXPECT_EQ(pass(), 1U);
        EXPECT_EQ(changes, 0);
        EXPECT_EQ(stored.at("same"), kept);
        EXPECT_EQ(stored.size(), size_t{size - 1});
      }
    }
  }
}

TEST(EqualKeys, OverPagesTheListIsReadAgainAndTheRowThatLostGoesAside) {
  Bodies server;
  std::vector<std::string> const pages = {
      list({row("a", "x", "1"), row("b", "x", "1")}, R"(,"next":"p2")"),
      list({row("c", "x", "1"), row("a", "x", "7")}, R"(,"next":null)")};
  server.bodies = {pages[0], pages[1], pages[0], pages[1]};
  auto const pass = read_all(cursor_plan(), server);
  ASSERT_FALSE(pass.error);
  EXPECT_EQ(server.requests, 4);
  EXPECT_EQ(pass.ids().size(), 3U);
  ASSERT_EQ(pass.quarantined.size(), 1U);
  EXPECT_NE(pass.quarantined[0].raw.find(R"("reward":7)"), std::string::npos);
  EXPECT_EQ(pass.rows_read, 3);
}

// Two entries with one id, of which only one belongs to the table; and a first version that could
// not be read.
TEST(EqualKeys, WhatWasNotStoredIsNotContradicted) {
  auto plan = cursor_plan();
  plan.spec->map.where = where("state", {"bonus"});
  Bodies server;
  server.bodies = {list({row("a", "payout", "1"), row("b", "bonus", R"("x")")}, R"(,"next":"p2")"),
                   list({row("a", "bonus", "7"), row("b", "bonus", "2")}, R"(,"next":null)")};
  auto const pass = read_all(plan, server);
  EXPECT_EQ(server.requests, 2);
  EXPECT_EQ(pass.ids(), (std::set<std::string>{"a", "b"}));
  ASSERT_EQ(pass.quarantined.size(), 1U);
  EXPECT_NE(pass.quarantined[0].reason.find("not a number"), std::string::npos)
      << pass.quarantined[0].reason;
}

TEST(EqualKeys, ARowThatChangedAndMovedMeanwhileIsNoContradiction) {
  Bodies server;
  server.bodies = {list({row("a", "x", "1"), row("b", "x", "1")}, R"(,"next":"p2")"),
                   list({row("c", "x", "1"), row("a", "x", "7")}, R"(,"next":null)"),
                   list({row("b", "x", "1"), row("c", "x", "1")}, R"(,"next":"p2")"),
                   list({row("a", "x", "7")}, R"(,"next":null)")};
  auto const pass = read_all(cursor_plan(), server);
  ASSERT_FALSE(pass.error);
  EXPECT_TRUE(pass.quarantined.empty());
  EXPECT_EQ(pass.ids().size(), 3U);
}

TEST(EqualKeys, IdenticalRowsOnTwoPagesAreNoMatter) {
  Bodies server;
  server.bodies = {list({row("a", "x"), row("b", "x")}, R"(,"next":"p2")"),
                   list({row("b", "x"), row("c", "x")}, R"(,"next":null)")};
  auto const pass = read_all(cursor_plan(), server);
  EXPECT_EQ(server.requests, 2);
  EXPECT_TRUE(pass.quarantined.empty());
}

TEST(EqualKeys, ARowThatChangedWherePagesOverlapIsTheSameRow) {
  Bodies server;
  server.bodies = {list({row("a", "x", "1"), row("b", "x", "1")}, R"(,"totals":{"count":3})"),
                   list({row("b", "x", "2"), row("c", "x", "1")}, R"(,"totals":{"count":3})"),
                   list({row("c", "x", "1")}, R"(,"totals":{"count":3})")};
  auto const pass = read_all(list_plan(2, 1), server);
  ASSERT_FALSE(pass.error);
  EXPECT_EQ(server.requests, 3) << "the second page was full";
  EXPECT_TRUE(pass.quarantined.empty());
  EXPECT_EQ(pass.stored.count("b"), 2U) << "the second reading is stored over the first";
}

TEST(NamedTotal, OneThatIsNotThereIsToldAndNotCompared) {
  for (auto const* n : {"", R"(,"n":null)", R"(,"n":"")", R"(,"n":"abc")", R"(,"n":-1)",
                        R"(,"n":2.5)", R"(,"n":{})"}) {
    auto plan = single_plan();
    plan.spec->page.total = JsonPath("n");
    auto const page = first_page(plan, list({row("a", "x")}, n));
    EXPECT_EQ(page.missing_totals, std::vector<std::string>{"n"}) << n;
    ASSERT_TRUE(page.slice_end);
    EXPECT_EQ(page.slice_end->missing_totals, std::vector<std::string>{"n"}) << n;
    EXPECT_FALSE(page.slice_end->broker_count) << n;
    EXPECT_EQ(page.slice_end->proof, CountProof::nothing) << n;
    EXPECT_TRUE(page.slice_end->totals.empty()) << n;
  }
}

TEST(NamedTotal, SumsAreHeldByTheLastPageThatHasThem) {
  auto plan = list_plan(2, 0);
  ReconcileSpec check;
  check.metric = check.column = "amount";
  check.broker_value = JsonPath("totals.sum");
  plan.spec->reconcile.push_back(check);
  Bodies server;
  server.bodies = {list({row("a", "x"), row("b", "x")}, R"(,"totals":{"count":3,"sum":"3.50"})"),
                   list({row("c", "x")}, R"(,"totals":{"count":3})")};
  auto const pass = read_all(plan, server);
  ASSERT_EQ(pass.ends.at(0).totals.size(), 1U);
  EXPECT_EQ(pass.ends[0].totals[0].value, "3.50");
  EXPECT_TRUE(pass.ends[0].missing_totals.empty());

  for (auto const* sum :
       {"", R"(,"sum":null)", R"(,"sum":"13,5")", R"(,"sum":"13.5 USD")", R"(,"sum":["13.5"])"}) {
    server = {};
    server.bodies = {list({row("a", "x")}, std::string(R"(,"totals":{"count":1)") + sum + "}")};
    auto const other = read_all(plan, server);
    EXPECT_TRUE(other.ends.at(0).totals.empty()) << sum;
    EXPECT_EQ(other.ends[0].missing_totals, std::vector<std::string>{"totals.sum"}) << sum;
    EXPECT_EQ(other.ends[0].broker_count, 1) << sum;
  }
}

TEST(NamedTotal, OfNoRowsThereMayBeNoSum) {
  auto plan = single_plan();
  plan.spec->page.total = JsonPath("n");
  auto const page = first_page(plan, list({}));
  EXPECT_TRUE(page.missing_totals.empty());
  EXPECT_TRUE(page.slice_end->missing_totals.empty());
  EXPECT_FALSE(page.slice_end->broker_count);
}

TEST(NamedTotal, OfPartsAreAddedUp) {
  auto plan = single_plan();
  plan.spec->parts = {PartSpec{{{"state", "open"}}, false}, PartSpec{{{"state", "done"}}, false}};
  plan.spec->page.total = JsonPath("n");
  ReconcileSpec check;
  check.metric = check.column = "amount";
  check.broker_value = JsonPath("sum");
  plan.spec->reconcile.push_back(check);
  Bodies server;
  server.bodies = {list({row("a", "x", "1.5"), row("b", "x", "1")}, R"(,"n":2,"sum":"2.50")"),
                   list({row("c", "x", "0.125")}, R"(,"n":1,"sum":0.125)")};
  auto pass = read_all(plan, server);
  ASSERT_EQ(pass.ends.size(), 1U);
  EXPECT_EQ(pass.ends[0].broker_count, 3);
  ASSERT_EQ(pass.ends[0].totals.size(), 1U);
  EXPECT_EQ(pass.ends[0].totals[0].value, "2.625");

  // A total that only some pages report is not a total.
  server = {};
  server.bodies = {list({row("a", "x")}, R"(,"n":1,"sum":1)"), list({row("c", "x")}, R"(,"n":1)")};
  pass = read_all(plan, server);
  EXPECT_TRUE(pass.ends.at(0).totals.empty());
  EXPECT_EQ(pass.ends[0].missing_totals, std::vector<std::string>{"sum"});
}

TEST(NamedTotal, HostileCountsDoNotOverflow) {
  auto plan = single_plan();
  plan.spec->parts = {PartSpec{{{"state", "open"}}, false}, PartSpec{{{"state", "done"}}, false}};
  plan.spec->page.total = JsonPath("n");
  Bodies server;
  server.bodies = {list({row("a", "x")}, R"(,"n":9223372036854775807)"),
                   list({row("b", "x")}, R"(,"n":9223372036854775807)")};
  auto const pass = read_all(plan, server);
  ASSERT_EQ(pass.ends.size(), 1U);
  EXPECT_FALSE(pass.ends[0].broker_count);
  EXPECT_EQ(pass.ends[0].missing_totals, std::vector<std::string>{"n"});
}

}  // namespace
}  // namespace affsync::engine::row_sets_test
