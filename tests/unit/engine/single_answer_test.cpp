// Lists without pages whose answers have a limit, and other words about what a request sends.
#include <gtest/gtest.h>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::single_answer_test {
namespace {

std::string file_with(std::string const& words) {
  return "name: one\nbase_url: https://b.example\nauth: {type: none}\nstreams:\n  s:\n"
         "    table: commission\n    path: /r\n    records: data\n    key: id\n"
         "    map: {amount: a, occurred_on: day}\n" +
         words;
}

std::string const window =
    "    window: {from: from, to: to, start: 2026-01-01, span: 8d, column: occurred_on}\n";

std::shared_ptr<StreamPlan const> plan_with(std::string const& words,
                                            StreamSettings const& overrides = {}) {
  auto const manifest = parse_manifest(file_with(words), "one.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "main";
  settings.streams["s"] = overrides;
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.at(0);
}

// An answer with rows of this day, each under another id.
Answer rows(std::string const& day, int count, std::string const& more = "") {
  static int next = 0;
  std::string text = R"({"data": [)";
  for (int i = 0; i < count; ++i) {
    text += (i > 0 ? "," : "") + std::string(R"({"a": 1, "day": ")") + day + R"(", "id": )" +
            std::to_string(++next) + "}";
  }
  Answer answer;
  answer.body = parse_json(text + "]" + more + "}").value();
  return answer;
}

ReaderStart from_to(char const* from, char const* to) {
  ReaderStart start;
  start.now = at("2026-06-15");
  start.since = *parse_day(from);
  start.until = *parse_day(to);
  return start;
}

TEST(SingleAnswer, AFullOneIsAskedForInSmallerSlices) {
  StreamReader reader(plan_with("    page: {type: none, limit: n, size: 3}\n" + window),
                      from_to("2026-05-01", "2026-05-04"));
  EXPECT_EQ(reader.next_request()->target, "/r?from=2026-05-01&to=2026-05-04&n=3");
  auto const full = reader.on_answer(rows("2026-05-01", 3), at("2026-06-15")).value();
  EXPECT_EQ(full.rows_read, 0);
  EXPECT_FALSE(full.slice_end);
  EXPECT_EQ(reader.next_request()->target, "/r?from=2026-05-01&to=2026-05-02&n=3");
  auto const half = reader.on_answer(rows("2026-05-01", 2), at("2026-06-15")).value();
  EXPECT_EQ(half.rows_read, 2);
  ASSERT_TRUE(half.slice_end);
  EXPECT_FALSE(half.slice_end->doubt);
  EXPECT_EQ(reader.next_request()->target, "/r?from=2026-05-03&to=2026-05-04&n=3");
}

TEST(SingleAnswer, ADayThatIsFullIsStoredButInDoubt) {
  StreamReader reader(plan_with("    page: {type: none, limit: n, size: 3}\n" + window),
                      from_to("2026-05-01", "2026-05-01"));
  auto const request = reader.next_request();
  auto const day = reader.on_answer(rows("2026-05-01", 3), at("2026-06-15")).value();
  EXPECT_EQ(day.rows_read, 3);
  ASSERT_TRUE(day.slice_end);
  ASSERT_TRUE(day.slice_end->doubt);
  EXPECT_EQ(
      day.slice_end->doubt->text,
      "the answer has 3 rows, as many as were asked for, and the list has no pages: there may "
      "be more");
  EXPECT_FALSE(day.slice_end->markable);
}

TEST(SingleAnswer, ACountProvesAFullOne) {
  auto const plan = plan_with("    page: {type: none, limit: n, size: 3, total: count}\n" + window);
  StreamReader reader(plan, from_to("2026-05-01", "2026-05-04"));
  auto request = reader.next_request();
  auto const all =
      reader.on_answer(rows("2026-05-01", 3, R"(, "count": 3)"), at("2026-06-15")).value();
  ASSERT_TRUE(all.slice_end);
  EXPECT_FALSE(all.slice_end->doubt);
  StreamReader another(plan, from_to("2026-05-01", "2026-05-04"));
  request = another.next_request();
  another.on_answer(rows("2026-05-01", 3, R"(, "count": 4)"), at("2026-06-15")).value();
  EXPECT_EQ(another.next_request()->target, "/r?from=2026-05-01&to=2026-05-02&n=3");
}

TEST(Offsets, MayBeCountedFromOne) {
  StreamReader reader(
      plan_with(
          "    page: {type: offset, offset: start, limit: n, size: 2, overlap: 0, first: 1}\n"),
      ReaderStart());
  EXPECT_EQ(reader.next_request()->target, "/r?n=2&start=1");
  reader.on_answer(rows("2026-05-01", 2), at("2026-06-15")).value();
  EXPECT_EQ(reader.next_request()->target, "/r?n=2&start=3");
}

TEST(Query, AListSendsItsNameSeveralTimes) {
  auto const words = "    query: {\"c[]\": [day, brand], z: 1}\n";
  StreamReader reader(plan_with(words), ReaderStart());
  EXPECT_EQ(reader.next_request()->target, "/r?c%5B%5D=day&c%5B%5D=brand&z=1");
  // What the user sets replaces all of them.
  StreamSettings overrides;
  overrides.query = {{"c[]", "month"}};
  StreamReader other(plan_with(words, overrides), ReaderStart());
  EXPECT_EQ(other.next_request()->target, "/r?c%5B%5D=month&z=1");
}

struct Mistake {
  char const* words;
  char const* line;
};

class WordMistake : public testing::TestWithParam<Mistake> {};

TEST_P(WordMistake, IsToldWithItsPlace) {
  auto const manifest = parse_manifest(file_with(GetParam().words), "one.yaml");
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().to_line(), "one.yaml:" + std::string(GetParam().line));
}

INSTANTIATE_TEST_SUITE_P(
    Words, WordMistake,
    testing::Values(Mistake{"    page: {type: none, size: 5}\n",
                            "11:30: `limit` and `size` of a list without pages belong together. "
                            "Name the parameter, and how many rows it asks for."},
                    Mistake{"    page: {type: offset, first: 2}\n",
                            "11:33: expected a whole number from 0 to 1, found \"2\""},
                    Mistake{"    query: {a: []}\n", "11:16: the list is empty"}));

}  // namespace
}  // namespace affsync::engine::single_answer_test
