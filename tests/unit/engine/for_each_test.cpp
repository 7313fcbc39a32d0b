// Lists that are requested once for each of several values: which requests that makes, where an
// interrupted pass goes on, and how far requests are sent ahead.
#include <gtest/gtest.h>

#include "connectors/engine/paging/item_lists.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::for_each_test {
namespace {

using Targets = std::vector<std::string>;

std::string file_with(std::string const& words, std::string const& path = "/r") {
  return "name: one\nbase_url: https://b.example\nsettings: {uids: {default: \"7, 8,,9\"}}\n"
         "auth: {type: none}\nstreams:\n  s:\n    table: payout\n    path: " +
         path + "\n    records: data\n    key: id\n    map: {amount: a}\n" + words +
         "  clients: {table: client, path: /c, records: data, key: id, "
         "map: {client_ref: id, name: who}}\n";
}

std::shared_ptr<StreamPlan const> plan_with(std::string const& words,
                                            std::string const& path = "/r") {
  auto const manifest = parse_manifest(file_with(words, path), "one.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "main";
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.at(0);
}

Answer rows(int first, int count, std::string const& more = "") {
  std::string text = R"({"data": [)";
  for (int i = 0; i < count; ++i) {
    text += (i > 0 ? "," : "") + std::string(R"({"id": )") + std::to_string(first + i) + "}";
  }
  Answer answer;
  answer.body = parse_json(text + "]" + more + "}").value();
  return answer;
}

ReaderStart start_with(std::vector<std::string> items = {}, std::string cursor = {}) {
  ReaderStart start;
  start.now = at("2026-06-15");
  start.items = std::move(items);
  start.cursor = std::move(cursor);
  return start;
}

Targets read(std::shared_ptr<StreamPlan const> const& plan, ReaderStart const& start,
             int most = 100) {
  StreamReader reader(plan, start);
  Targets targets;
  for (int i = 0; i < most; ++i) {
    auto const request = reader.next_request();
    if (!request) break;
    targets.push_back(request->target);
    reader.on_answer(rows(10 * i, 1), start.now).value();
  }
  return targets;
}

TEST(ForEach, AListIsRequestedForEachValueOnce) {
  EXPECT_EQ(read(plan_with("    for_each: {values: [a, \"b c\", a], as: uid}\n"), start_with()),
            (Targets{"/r?uid=a", "/r?uid=b", "/r?uid=c"}))
      << "blanks and commas separate values";
  EXPECT_EQ(
      read(plan_with("    for_each: {values: \"${settings.uids}\", as: uid}\n"), start_with()),
      (Targets{"/r?uid=7", "/r?uid=8", "/r?uid=9"}));
}

TEST(ForEach, AValueMayBeAPartOfThePath) {
  EXPECT_EQ(read(plan_with("    for_each: {values: {stream: clients, column: client_ref}}\n",
                           "/clients/${item}/accounts"),
                 start_with({"a/b", "ä"})),
            (Targets{"/clients/a%2Fb/accounts", "/clients/%C3%A4/accounts"}));
}

TEST(ForEach, ValuesGoInBatches) {
  auto const plan = plan_with(
      "    for_each: {values: {stream: clients, column: client_ref}, as: ids, batch: 2}\n");
  EXPECT_EQ(read(plan, start_with({"1", "2", "3"})), (Targets{"/r?ids=1%2C2", "/r?ids=3"}));
  EXPECT_TRUE(read(plan, start_with({})).empty()) << "without values nothing is requested";
}

TEST(ForEach, EachValueHasItsOwnPagesAndTheSliceEndsOnce) {
  auto const plan = plan_with(
      "    for_each: {values: [x, y], as: uid}\n"
      "    page: {type: page, limit: n, size: 2, total: total}\n");
  StreamReader reader(plan, start_with());
  Targets targets;
  std::vector<Answer> const answers{rows(1, 2, R"(, "total": 3)"), rows(3, 1, R"(, "total": 3)"),
                                    rows(4, 1, R"(, "total": 1)")};
  for (auto const& answer : answers) {
    targets.push_back(reader.next_request()->target);
    auto const page = reader.on_answer(answer, at("2026-06-15")).value();
    EXPECT_EQ(page.slice_end.has_value(), targets.size() == 3);
    if (!page.slice_end) continue;
    EXPECT_EQ(page.slice_end->broker_count, 4);
    EXPECT_EQ(page.slice_end->proof, CountProof::number) << "x came in two pages";
    EXPECT_EQ(page.slice_end->seen_keys.size(), 4U);
  }
  EXPECT_EQ(targets,
            (Targets{"/r?uid=x&n=2&page=1", "/r?uid=x&n=2&page=2", "/r?uid=y&n=2&page=1"}));
}

TEST(ForEach, AStoppedPassGoesOnWithTheSameValue) {
  auto const plan =
      plan_with("    for_each: {values: {stream: clients, column: client_ref}, as: u}\n");
  StreamReader first(plan, start_with({"1", "2", "3"}));
  first.next_request();
  first.on_answer(rows(1, 1), at("2026-06-15")).value();
  first.next_request();
  auto const page = first.on_answer(rows(2, 1), at("2026-06-15")).value();
  EXPECT_EQ(read(plan, start_with({"1", "2", "3"}, page.checkpoint)).front(), "/r?u=2");
  // With other values the place is not known any more: they are all read.
  EXPECT_EQ(read(plan, start_with({"0", "1", "2", "3"}, page.checkpoint)).front(), "/r?u=0");
}

// What the broker answers with an error is no list of the value's rows.
TEST(ForEach, RowsBelongToTheirValueAndASliceSaysWhichWereGiven) {
  auto const plan = plan_with("    for_each: {values: [a, b, c], as: u}\n");
  StreamReader reader(plan, start_with());
  EXPECT_EQ(reader.items(), (std::vector<std::string>{"a", "b", "c"}));
  Answer gone;
  gone.no_rows = gone.empty_by_status = true;
  std::vector<std::string> items;
  std::optional<SliceEnd> end;
  for (auto const& answer : {rows(1, 1), gone, rows(2, 1)}) {
    reader.next_request();
    auto page = reader.on_answer(answer, at("2026-06-15")).value();
    items.push_back(page.item.value_or("none"));
    end = std::move(page.slice_end);
  }
  EXPECT_EQ(items, (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_TRUE(end);
  EXPECT_EQ(end->asked_items, (std::vector<std::string>{"a", "c"}));
}

// A stopped pass that begins its slice again, with other values, says so of these.
TEST(ForEach, AStoppedPassSaysWhatItAskedForInTheEnd) {
  auto const plan =
      plan_with("    for_each: {values: {stream: clients, column: client_ref}, as: u}\n");
  StreamReader first(plan, start_with({"1", "2", "3"}));
  first.next_request();
  auto const page = first.on_answer(rows(1, 1), at("2026-06-15")).value();
  StreamReader second(plan, start_with({"2", "3"}, page.checkpoint));
  std::optional<SliceEnd> end;
  for (int i = 2; second.next_request(); ++i) {
    end = second.on_answer(rows(i, 1), at("2026-06-15")).value().slice_end;
  }
  ASSERT_TRUE(end);
  EXPECT_EQ(end->asked_items, (std::vector<std::string>{"2", "3"}));
  EXPECT_TRUE(end->markable);
}

TEST(ForEach, FurtherValuesAreRequestedAhead) {
  auto const plan = plan_with("    for_each: {values: [a, b, c, d], as: u}\n");
  StreamReader reader(plan, start_with());
  reader.next_request();
  auto const ahead = reader.foresee(2);
  ASSERT_EQ(ahead.size(), 2U);
  EXPECT_EQ(ahead[0].target, "/r?u=b");
  EXPECT_EQ(ahead[1].target, "/r?u=c");
  reader.on_answer(rows(1, 1), at("2026-06-15")).value();
  EXPECT_TRUE(ahead[0].asks_the_same_as(reader.next_request().value()));
}

// How many pages a value's list has is known with its first answer; the others are needed anyway.
TEST(ForEach, TheNextValuesAreNeededLaterWhileTheEndOfAListIsNotInSight) {
  auto const plan = plan_with(
      "    for_each: {values: [a, b, c, d], as: u}\n"
      "    page: {type: offset, size: 2, total: total}\n");
  StreamReader reader(plan, start_with());
  reader.next_request();
  EXPECT_EQ(reader.foresee(8).size(), 0U);
  auto const later = reader.foresee_later(2);
  ASSERT_EQ(later.size(), 2U);
  EXPECT_EQ(later[0].target, "/r?u=b&limit=2&offset=0");
  EXPECT_EQ(later[1].target, "/r?u=c&limit=2&offset=0");
}

TEST(ForEach, TooManyValuesAreAnErrorNotASilentGap) {
  auto const plan =
      plan_with("    for_each: {values: {stream: clients, column: client_ref}, as: u, most: 2}\n");
  try {
    StreamReader reader(plan, start_with({"1", "2", "3"}));
    FAIL();
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().message,
              "stream \"s\" would be requested for 3 values, but the connector allows 2");
  }
}

struct Mistake {
  char const* words;
  char const* line;
  char const* path = "/r";
};

class ForEachMistake : public testing::TestWithParam<Mistake> {};

TEST_P(ForEachMistake, IsToldWithItsPlace) {
  auto const manifest = parse_manifest(file_with(GetParam().words, GetParam().path), "one.yaml");
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().to_line(), "one.yaml:" + std::string(GetParam().line));
}

INSTANTIATE_TEST_SUITE_P(
    Words, ForEachMistake,
    testing::Values(
        Mistake{"    for_each: {values: [a]}\n",
                "12:15: the value is sent nowhere. Give the parameter's name with `as`, or put "
                "${item} into the path."},
        Mistake{"", "8:11: ${item} needs `for_each`, in the path of a stream", "/r/${item}"},
        Mistake{"    for_each: {values: {stream: client, column: client_ref}, as: u}\n",
                "12:33: \"client\" is not another stream of this connector. Did you mean "
                "`clients`?"},
        Mistake{"    for_each: {values: {stream: s, column: amount}, as: u}\n",
                "12:33: \"s\" is not another stream of this connector. One of: clients."},
        Mistake{"    for_each: {values: {stream: clients, column: country}, as: u}\n",
                "12:50: \"clients\" maps no column \"country\""},
        Mistake{"    for_each: {values: {stream: clients, column: name}, as: u}\n",
                "12:50: the column \"name\" identifies a person. Its values may not be stored; use "
                "the broker's id of the client."},
        Mistake{"    for_each: {values: [a], as: u, in: body}\n", "12:40: the stream has no body"},
        Mistake{"    for_each: {values: [a], as: u, batch: 0}\n",
                "12:43: expected a whole number from 1 to 1000, found \"0\""},
        Mistake{"    for_each: {values: [a], as: u}\n    query: {u: 1}\n",
                "13:12: the query parameter \"u\" is already set by `for_each`"}));

TEST(ForEach, AValueThatLeadsOutOfThePathIsRefused) {
  auto const words = "    for_each: {values: {stream: clients, column: client_ref}}\n";
  auto const plan = plan_with(words, "/t/${item}/rows");
  for (std::string const value : {"..", ".", "../x", "a/..", "%2e%2E"}) {
    try {
      ItemLists const lists(*plan->spec, {"7", value});
      ADD_FAILURE() << value;
    } catch (Failure const& failure) {
      EXPECT_EQ(failure.error().code, ErrorCode::bad_request);
      EXPECT_NE(failure.error().message.find("\"" + value + "\""), std::string::npos)
          << failure.error().message;
    }
  }
  EXPECT_EQ(ItemLists(*plan->spec, {"...", "..a", "a.b", "a/1"}).count(), 4u);
  // As a parameter it is a text like others.
  auto const in_query =
      plan_with("    for_each: {values: {stream: clients, column: client_ref}, as: c}\n", "/rows");
  EXPECT_EQ(ItemLists(*in_query->spec, {".."}).count(), 1u);
}

}  // namespace
}  // namespace affsync::engine::for_each_test
