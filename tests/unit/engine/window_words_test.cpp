// What the words of a window make of the days of a request: forms and formats, ends, starts that
// slide, months, days that come late. Dates were converted with `date -ud @SECONDS`.
#include <gtest/gtest.h>

#include "connectors/engine/values/time_format.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::window_words_test {
namespace {

using Targets = std::vector<std::string>;

std::string file_with(std::string const& window, std::string const& path = "/r") {
  return "name: one\nbase_url: https://b.example\nsettings: {zone: {default: UTC}}\n"
         "auth: {type: none}\nstreams:\n  s:\n    table: commission\n    path: " +
         path + "\n    window: {" + window +
         "}\n    records: data\n    key: id\n    map: {amount: a, occurred_on: d}\n";
}

std::shared_ptr<StreamPlan const> plan_with(std::string const& window,
                                            StreamSettings const& overrides = {}) {
  auto const manifest = parse_manifest(file_with(window), "one.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "main";
  settings.streams["s"] = overrides;
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.at(0);
}

struct Read {
  Targets targets;  // without the path
  std::string cursor;
  std::vector<DaySpan> lost;
  bool full = false;
};

Answer no_rows() {
  Answer answer;
  answer.body = parse_json(R"({"data": []})").value();
  return answer;
}

// One pass over a list without rows, at a time such as 2026-06-15 (noon) or one with hours.
Read read(std::shared_ptr<StreamPlan const> const& plan, TimePoint now, std::string cursor = {}) {
  ReaderStart start;
  start.now = now;
  start.cursor = std::move(cursor);
  StreamReader reader(plan, start);
  Read out;
  while (auto const request = reader.next_request()) {
    out.targets.push_back(request->target.substr(request->target.find('?') + 1));
    auto const page = reader.on_answer(no_rows(), now).value();
    out.lost.insert(out.lost.end(), page.lost.begin(), page.lost.end());
  }
  out.cursor = reader.final_checkpoint();
  out.full = reader.is_full_pass();
  return out;
}

TEST(WindowWords, AFormatWritesDaysInStrptimeFields) {
  auto const asked = [](std::string const& format) {
    return read(plan_with("from: a, to: b, start: 2026-06-14, format: \"" + format + "\""),
                at("2026-06-15"))
        .targets.at(0);
  };
  EXPECT_EQ(asked("%Y%m%d"), "a=20260614&b=20260615");
  EXPECT_EQ(asked("%Y/%m/%d"), "a=2026%2F06%2F14&b=2026%2F06%2F15");
  EXPECT_EQ(asked("%d.%m.%y"), "a=14.06.26&b=15.06.26");
  EXPECT_EQ(asked("%d-%b-%Y %%"), "a=14-Jun-2026%20%25&b=15-Jun-2026%20%25");
}

TEST(WindowWords, AFormatWritesTimesInTheZoneOfTheWindow) {
  auto const asked = [](std::string const& words) {
    return read(plan_with("from: a, to: b, form: datetime, start: 2026-06-14, " + words),
                at("2026-06-15"))
        .targets.at(0);
  };
  EXPECT_EQ(asked("format: \"%Y-%m-%dT%H:%M:%S\""),
            "a=2026-06-14T00%3A00%3A00&b=2026-06-15T23%3A59%3A59");
  EXPECT_EQ(asked("format: \"%Y-%m-%d %H:%M:%S\", zone: Europe/Moscow, last: exclusive"),
            "a=2026-06-14%2000%3A00%3A00&b=2026-06-16%2000%3A00%3A00");
  EXPECT_EQ(asked("format: \"%Y%m%d%H%M%S%z\", zone: America/St_Johns"),
            "a=20260614000000-0230&b=20260615235959-0230");
  // The last millisecond, where the format has milliseconds.
  EXPECT_EQ(asked("format: \"%Y-%m-%d %H:%M:%S.%f\", last: inclusive"),
            "a=2026-06-14%2000%3A00%3A00.000&b=2026-06-15%2023%3A59%3A59.999");
}

TEST(WindowWords, ASliceAfterAnInclusiveOneBeginsAtItsLastMillisecond) {
  auto const asked = read(
      plan_with("from: a, to: b, form: datetime, format: \"%Y%m%d %H%M%S.%f\", start: 2026-06-14, "
                "span: 1d"),
      at("2026-06-15"));
  EXPECT_EQ(asked.targets, (Targets{"a=20260614%20000000.000&b=20260614%20235959.999",
                                    "a=20260614%20235959.999&b=20260615%20235959.999"}));
}

TEST(WindowWords, OneDayASliceMayBeOneParameter) {
  auto const asked =
      read(plan_with("from: day, span: 1d, start: 2026-06-13"), at("2026-06-15")).targets;
  EXPECT_EQ(asked, (Targets{"day=2026-06-13", "day=2026-06-14", "day=2026-06-15"}));
}

TEST(WindowWords, MonthsAreWholeMonths) {
  auto const one = plan_with("from: month, form: month, start: 2026-04-20, lookback: 1d");
  auto const first = read(one, at("2026-06-15"));
  EXPECT_EQ(first.targets, (Targets{"month=2026-04", "month=2026-05", "month=2026-06"}));
  // The last day that was read is one of June, so all of June is read again.
  EXPECT_EQ(read(one, at("2026-07-02"), first.cursor).targets,
            (Targets{"month=2026-06", "month=2026-07"}));
  auto const both = plan_with(
      "from: a, to: b, form: month, format: \"%Y%m\", last: exclusive, start: 2026-05-01");
  EXPECT_EQ(read(both, at("2026-06-15")).targets,
            (Targets{"a=202605&b=202606", "a=202606&b=202607"}));
}

TEST(WindowWords, AMonthThatIsTooLargeIsNotHalved) {
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader reader(plan_with("from: month, form: month, start: 2026-06-01"), start);
  ASSERT_TRUE(reader.next_request());
  EXPECT_FALSE(reader.on_refusal(Error(ErrorCode::window_too_large, "too long")));
}

TEST(WindowWords, AStartThatSlidesIsAlwaysSoManyDaysAgo) {
  auto const plan = plan_with("from: a, to: b, start: -180d, span: 365d, lookback: 2d");
  auto const first = read(plan, at("2026-06-30"));
  EXPECT_EQ(first.targets, (Targets{"a=2026-01-01&b=2026-06-30"}));  // 180 days before
  EXPECT_TRUE(first.full);
  EXPECT_TRUE(first.lost.empty());
  auto const second = read(plan, at("2026-07-03"), first.cursor);
  EXPECT_EQ(second.targets, (Targets{"a=2026-06-29&b=2026-07-03"}));
  // After a long pause there are days that can never be read: a gap.
  auto const late = read(plan, at("2027-06-30"), second.cursor);
  EXPECT_EQ(late.targets, (Targets{"a=2027-01-01&b=2027-06-30"}));
  ASSERT_EQ(late.lost.size(), 1U);
  EXPECT_EQ(format_day(late.lost[0].from) + " " + format_day(late.lost[0].to),
            "2026-07-04 2026-12-31");
}

TEST(WindowWords, WhatTheUserSetsReplacesAStartThatSlides) {
  StreamSettings overrides;
  overrides.start = parse_day("2026-06-01");
  auto const plan = plan_with("from: a, to: b, start: -7d", overrides);
  EXPECT_EQ(read(plan, at("2026-06-15")).targets, (Targets{"a=2026-06-01&b=2026-06-15"}));
}

TEST(WindowWords, WhatIsKeptShorterThanTheStartSlidesCounts) {
  StreamSettings overrides;
  overrides.keeps_days = 3;
  auto const plan = plan_with("from: a, to: b, start: -7d", overrides);
  EXPECT_EQ(read(plan, at("2026-06-15")).targets, (Targets{"a=2026-06-13&b=2026-06-15"}));
}

TEST(WindowWords, DaysThatComeLateAreNotAskedForYet) {
  auto const plan = plan_with("from: a, to: b, start: 2026-06-10, lag: 1d, lookback: 1d");
  auto const first = read(plan, at("2026-06-15"));
  EXPECT_EQ(first.targets, (Targets{"a=2026-06-10&b=2026-06-14"}));
  EXPECT_TRUE(first.full);
  EXPECT_EQ(read(plan, at("2026-06-16"), first.cursor).targets,
            (Targets{"a=2026-06-14&b=2026-06-15"}));
  // Nothing is there yet on the first day.
  EXPECT_TRUE(read(plan, at("2026-06-10")).targets.empty());
}

TEST(WindowWords, UntilNowNeverAsksForTheFuture) {
  auto const now =
      TimePoint(*parse_day("2026-06-15")) + std::chrono::hours(9) + std::chrono::milliseconds(1234);
  auto const words = "from: a, to: b, start: 2026-06-14, span: 1d, last: exclusive, until: now, ";
  EXPECT_EQ(read(plan_with(words + std::string("form: datetime")), now).targets,
            (Targets{"a=2026-06-14T00%3A00%3A00Z&b=2026-06-15T00%3A00%3A00Z",
                     "a=2026-06-15T00%3A00%3A00Z&b=2026-06-15T09%3A00%3A01Z"}));
  EXPECT_EQ(read(plan_with(words + std::string("form: epoch_milliseconds")), now).targets.at(1),
            "a=1781481600000&b=1781514001234");
}

TEST(WindowWords, RequestsForeseenAreThoseThatFollow) {
  auto const plan =
      plan_with("from: a, to: b, form: epoch_seconds, until: now, start: 2026-06-12, span: 1d");
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader reader(plan, start);
  std::vector<HttpRequest> sent;
  std::vector<std::vector<HttpRequest>> foreseen;  // after each answer
  while (auto request = reader.next_request()) {
    sent.push_back(std::move(*request));
    ASSERT_TRUE(reader.on_answer(no_rows(), start.now + std::chrono::seconds(sent.size())));
    foreseen.push_back(reader.foresee(4));
  }
  ASSERT_EQ(sent.size(), 4U);
  // After the first answer the second request is next; those behind it are foreseen.
  ASSERT_EQ(foreseen[0].size(), 2U);
  EXPECT_TRUE(foreseen[0][0].asks_the_same_as(sent[2]));
  EXPECT_TRUE(foreseen[0][1].asks_the_same_as(sent[3]));
}

struct Mistake {
  char const* window;
  char const* line;  // behind "one.yaml:9:"
};

class WindowMistake : public testing::TestWithParam<Mistake> {};

TEST_P(WindowMistake, IsToldWithItsPlace) {
  auto const manifest = parse_manifest(file_with(GetParam().window), "one.yaml");
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().to_line(), "one.yaml:9:" + std::string(GetParam().line));
}

INSTANTIATE_TEST_SUITE_P(
    Words, WindowMistake,
    testing::Values(
        Mistake{"from: a, to: b, start: -180",
                "37: \"-180\" is neither a day nor a number of days "
                "ago. Write it as 2025-01-31 or as -180d."},
        Mistake{"from: a, to: b, start: -0d",
                "37: \"-0d\" is neither a day nor a number of days "
                "ago. Write it as 2025-01-31 or as -180d."},
        Mistake{"from: a, to: a, start: -7d",
                "13: the parameter \"a\" is sent twice, with two values. `from`, `to` and the "
                "parameters of `page` need different names."},
        Mistake{"from: a, start: -7d", "13: a window needs the key `to`"},
        Mistake{"from: a, start: -7d, span: 1d, max_span: 2d", "13: a window needs the key `to`"},
        Mistake{"from: a, form: month, span: 7d, start: -7d",
                "42: with `form: month` a slice is a month"},
        Mistake{"from: a, to: b, format: \"%j\", start: -7d",
                "38: \"%j\" cannot be written. Use %Y %y %m %b %d %H %M %S, %f for milliseconds, "
                "%z and %%."},
        Mistake{"from: a, to: b, format: \"%Y-%m\", start: -7d",
                "38: \"%Y-%m\" is not a whole day. Such as %Y%m%d."},
        Mistake{"from: a, to: b, format: \"%Y%m%d%H\", start: -7d",
                "38: \"%Y%m%d%H\" has a time. Use `form: datetime`."},
        Mistake{"from: a, form: month, format: \"%Y%m%d\", start: -7d",
                "44: \"%Y%m%d\" is more than a month. Such as %Y%m."},
        Mistake{"from: a, to: b, form: datetime, format: \"%Y%m%d %H\", start: -7d",
                "54: \"%Y%m%d %H\" does not say the time to the second. Such as %Y-%m-%d "
                "%H:%M:%S."},
        Mistake{"from: a, to: b, zone: Europe/Berlin, form: datetime, "
                "format: \"%Y%m%dT%H%M%SZ\", start: -7d",
                "75: \"%Y%m%dT%H%M%SZ\" ends in Z, but the times are written in Europe/Berlin. Use "
                "`zone: UTC`, or %z for the offset."},
        Mistake{"from: a, to: b, form: epoch_seconds, format: \"%Y\", start: -7d",
                "59: the number of an epoch has no format. Use `form: day` or `datetime`."},
        Mistake{"from: a, to: b, last: inclusive, to_exclusive: true, start: -7d",
                "61: `last` says this already. Remove `to_exclusive`."},
        Mistake{"from: a, to: b, last: exclusiv, start: -7d",
                "36: \"exclusiv\" is not an end of a window. Did you mean `exclusive`?"},
        Mistake{"from: a, to: b, until: now, start: -7d",
                "37: a day or a month cannot end now. Use `lag: 1d`: the pass ends yesterday."},
        Mistake{"from: a, to: b, lag: 12h, start: -7d",
                "35: \"12h\" is not a number of whole days. For instance 7d."}));

TEST(TimeFormat, KnowsWhichFieldsAFormatHas) {
  EXPECT_EQ(fields_of("%Y%q").unknown, "%q");
  EXPECT_EQ(fields_of("%").unknown, "%");
  EXPECT_TRUE(fields_of("%SZ").ends_in_z);
  EXPECT_FALSE(fields_of("Z%S").ends_in_z);
  EXPECT_TRUE(fields_of("%H:%M:%S.%f").milliseconds);
}

TEST(TimeFormat, PadsAndSigns) {
  auto const wall = TimePoint(*parse_day("2026-01-02")) + std::chrono::milliseconds(3'723'004);
  EXPECT_EQ(format_wall("%Y-%m-%d %H:%M:%S.%f%z", wall, std::chrono::minutes(-210)),
            "2026-01-02 01:02:03.004-0330");
  EXPECT_EQ(format_wall("%y%b%d %z%", wall, std::chrono::minutes(345)), "26Jan02 +0545%");
}

}  // namespace
}  // namespace affsync::engine::window_words_test
