// Windows of months whose rows keep a day of the window: one month has one day, whenever it is
// read.
#include <gtest/gtest.h>

#include "connectors/engine/paging/window.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::kept_months_test {
namespace {

std::shared_ptr<StreamPlan const> plan_with(std::string const& end, std::string const& start) {
  auto const manifest = parse_manifest(
      "name: one\nbase_url: https://b.example\nauth: {type: none}\nstreams:\n  s:\n"
      "    table: commission\n    path: /r\n"
      "    window: {from: month, form: month, column: occurred_on, start: " +
          start + "}\n    records: {from: rows, keep: {day: {window: " + end +
          "}}}\n    key: [day, user]\n    map: {amount: a, occurred_on: day}\n",
      "one.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "main";
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.at(0);
}

struct Read {
  std::vector<std::string> keys;  // of one row for each request
  std::vector<std::string> months;
  std::string cursor, cursor_of_last_page;
  std::vector<SliceEnd> ends;
  std::optional<Slice> scope;
  bool resumed = false;
};

Read read(std::shared_ptr<StreamPlan const> const& plan, ReaderStart start) {
  StreamReader reader(plan, start);
  Read out;
  out.resumed = reader.resumes();
  while (auto const request = reader.next_request()) {
    out.months.push_back(request->target.substr(request->target.find('=') + 1));
    Answer answer;
    answer.body = parse_json(R"({"rows":[{"user":7,"a":"1.25"}]})").value();
    auto page = reader.on_answer(answer, start.now).value();
    out.keys.emplace_back(page.batches.at(0).external_id(0));
    out.cursor_of_last_page = page.checkpoint;
    out.scope = page.scope ? std::optional(page.scope->slice) : std::nullopt;
    if (page.slice_end) out.ends.push_back(std::move(*page.slice_end));
  }
  out.cursor = reader.final_checkpoint();
  return out;
}

Read read(std::shared_ptr<StreamPlan const> const& plan, TimePoint now, std::string cursor = {},
          ReadMode mode = ReadMode::incremental) {
  ReaderStart start;
  start.now = now;
  start.cursor = std::move(cursor);
  start.mode = mode;
  return read(plan, start);
}

using Texts = std::vector<std::string>;

TEST(KeptMonths, TheLastDayIsThatOfTheMonthFromItsFirstDayOn) {
  auto const plan = plan_with("to", "2026-09-01");
  auto const first = read(plan, at("2026-10-15"));
  EXPECT_EQ(first.keys, (Texts{"2026-09-30:7", "2026-10-31:7"}));
  EXPECT_EQ(read(plan, at("2026-10-16"), first.cursor).keys, Texts{"2026-10-31:7"});
  // What has the day of the month's end is of the slice, which covers no day that has yet to come.
  auto const& end = first.ends.back();
  EXPECT_EQ(end.slice, (Slice{parse_day("2026-10-01"), parse_day("2026-10-15")}));
  EXPECT_EQ(end.last_of_rows, parse_day("2026-10-31"));
  EXPECT_TRUE(end.all_within);
  EXPECT_EQ(first.scope, (Slice{parse_day("2026-10-01"), parse_day("2026-10-31")}));
}

TEST(KeptMonths, AnInterruptedMonthGoesOnToItsEnd) {
  auto const plan = plan_with("from", "2026-09-01");
  auto const cut = read(plan, at("2026-10-15")).cursor_of_last_page;
  auto const next = read(plan, at("2026-10-16"), cut);
  EXPECT_TRUE(next.resumed);
  EXPECT_EQ(next.months, Texts{"2026-10"});
  EXPECT_EQ(next.keys, Texts{"2026-10-01:7"});
  EXPECT_EQ(next.ends.back().slice, (Slice{parse_day("2026-10-01"), parse_day("2026-10-16")}));
  auto const later = read(plan, at("2026-11-02"), cut);
  EXPECT_EQ(later.keys, (Texts{"2026-10-01:7", "2026-11-01:7"}));
}

TEST(KeptMonths, DaysInDoubtAreReadAsTheirMonth) {
  // With a start that slides, the oldest day is within a month.
  auto const plan = plan_with("from", "-100d");
  ReaderStart start;
  start.now = at("2026-10-15");
  start.cursor = read(plan, start.now).cursor;
  start.again = {DaySpan{*parse_day("2026-07-05"), *parse_day("2026-07-12")}};
  EXPECT_EQ(read(plan, start).keys, (Texts{"2026-10-01:7", "2026-07-01:7"}));
}

TEST(KeptMonths, AFullPassResumesAlsoIfItsStartIsNoFirstOfAMonth) {
  auto const plan = plan_with("from", "2026-08-20");
  auto const whole = read(plan, at("2026-10-15"), {}, ReadMode::full);
  EXPECT_EQ(whole.months, (Texts{"2026-08", "2026-09", "2026-10"}));
  auto const again = read(plan, at("2026-10-15"), whole.cursor_of_last_page, ReadMode::full);
  EXPECT_TRUE(again.resumed);
  EXPECT_EQ(again.months, Texts{"2026-10"});
}

}  // namespace
}  // namespace affsync::engine::kept_months_test
