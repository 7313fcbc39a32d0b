// How a pass is judged, and when a full pass is due.
#include "daemon/sync/pass_verdict.hpp"

#include <gtest/gtest.h>

#include "daemon/sync/full_pass.hpp"

namespace affsync::sync::pass_verdict_test {
namespace {

using std::chrono::hours;

engine::PageRead page(std::int64_t mapped, std::int64_t unmapped, bool last = false) {
  engine::PageRead page;
  page.mapped = mapped;
  page.unmapped = unmapped;
  for (std::int64_t i = 0; i < unmapped; ++i) {
    page.quarantined.push_back({"k" + std::to_string(i), "amount is not a number", "{}"});
  }
  if (last) page.slice_end.emplace();
  return page;
}

TEST(PassVerdict, TheReasonsOfRowsInQuarantineAreCounted) {
  PassVerdict verdict;
  schema::PassClosed closed;
  closed.quarantined = 6;
  closed.reasons = {{"amount is not a number", 3}, {"no key", 2}};
  closed.other_reasons = 1;
  verdict.close(closed, 500);
  auto const error = verdict.worst();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::rows_quarantined);
  EXPECT_EQ(error->message,
            "6 of 500 rows cannot be stored: amount is not a number (3), no key (2), …");
  EXPECT_FALSE(verdict.is_whole());
  EXPECT_TRUE(verdict.is_swept());
}

TEST(PassVerdict, TheGravestDoubtNamesTheRunAndTheOthersStandBehindIt) {
  PassVerdict verdict;
  schema::SliceClosed::Difference difference;
  difference.metric = "rows";
  difference.broker_value = "4";
  difference.our_value = "3";
  verdict.differ({difference, difference});
  verdict.add_doubt(ErrorCode::sweep_unverified, "150 distinct rows, but the broker counts 155",
                    "again");
  auto const error = verdict.worst();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::sweep_unverified);
  EXPECT_EQ(
      error->message,
      "150 distinct rows, but the broker counts 155; also: the broker's total of rows is 4, our "
      "rows give 3 (and 1 more like this)");
}

TEST(PassVerdict, TwoDoubtsOfTheSameWeightAreBothTold) {
  PassVerdict verdict;
  verdict.add_doubt(ErrorCode::not_found, "no file for 2026-01-05", "again");
  verdict.add_doubt(ErrorCode::sweep_unverified, "150 rows, but the broker counts 155", "again");
  auto const message = verdict.worst()->message;
  EXPECT_NE(message.find("no file for 2026-01-05"), std::string::npos) << message;
  EXPECT_NE(message.find("the broker counts 155"), std::string::npos) << message;
  EXPECT_FALSE(verdict.is_swept());
}

TEST(PassVerdict, LostDaysAreNamed) {
  PassVerdict verdict;
  schema::PassClosed closed;
  closed.lost = {DaySpan{*parse_day("2026-01-31"), *parse_day("2026-02-19")}};
  verdict.close(closed, 0);
  EXPECT_EQ(verdict.worst()->code, ErrorCode::coverage_gap);
  EXPECT_EQ(verdict.worst()->message,
            "days were never read completely: 2026-01-31 to 2026-02-19; the broker no longer gives "
            "them");
}

TEST(PassVerdict, AFirstPageOfWhichNothingMapsFailsAtOnce) {
  PassVerdict verdict;
  EXPECT_FALSE(verdict.judge_mapping(page(0, 0), false));  // only rows that `where` excludes
  auto const error = verdict.judge_mapping(page(0, 20), false);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::mapping_failed);
  EXPECT_EQ(error->message, "none of the first 20 rows maps: amount is not a number (20)");
}

// One bad row may be all that one day, or one client, has; the others are read.
TEST(PassVerdict, AFewRowsSayNothingWhileThePassGoesOn) {
  PassVerdict verdict;
  EXPECT_FALSE(verdict.judge_mapping(page(0, 1, true), true));
  EXPECT_FALSE(verdict.judge_mapping(page(0, 3, true), true));
  EXPECT_TRUE(verdict.judge_mapping(page(0, 1), true)) << "five of five";

  PassVerdict other;
  EXPECT_FALSE(other.judge_mapping(page(0, 1, true), true));
  EXPECT_FALSE(other.judge_mapping(page(1, 0, true), false));

  PassVerdict whole;
  EXPECT_FALSE(whole.judge_mapping(page(0, 1, true), true));
  auto const error = whole.judge_mapping(page(0, 0, true), false);
  ASSERT_TRUE(error);
  EXPECT_EQ(error->message, "the only row does not map: amount is not a number (1)");
}

TEST(PassVerdict, MoreThanHalfOfAPassIsJudgedWhenASliceEnds) {
  PassVerdict verdict;
  EXPECT_FALSE(verdict.judge_mapping(page(2, 0), false));
  EXPECT_FALSE(verdict.judge_mapping(page(0, 2), false));
  EXPECT_FALSE(verdict.judge_mapping(page(0, 0, true), false));  // half is not more than half
  EXPECT_FALSE(verdict.judge_mapping(page(0, 1), false));
  EXPECT_TRUE(verdict.judge_mapping(page(0, 0, true), false));
}

TEST(PassVerdict, RowsThatAUserHasAcceptedSayNothing) {
  PassVerdict verdict;
  verdict.set_accepted(6);
  EXPECT_FALSE(verdict.judge_mapping(page(0, 6), true));
  EXPECT_FALSE(verdict.judge_mapping(page(1, 0, true), false));

  PassVerdict others;
  others.set_accepted(6);
  EXPECT_FALSE(others.judge_mapping(page(0, 10), true)) << "four are unknown";
  EXPECT_TRUE(others.judge_mapping(page(0, 1), true));

  PassVerdict all;
  all.set_accepted(2);
  EXPECT_FALSE(all.judge_mapping(page(0, 2, true), false));
}

StreamTask task_of(std::string const& every, std::string const& full_every) {
  StreamTask task;
  task.every = parse_schedule(every).value();
  task.full_every = parse_schedule(full_every).value();
  return task;
}

// The number of full runs, if each starts `step` after the previous one, a little late or early.
int full_runs(StreamTask const& task, std::vector<TimePoint> const& runs) {
  schema::StreamState state;
  int full = 0;
  for (auto const at : runs) {
    if (!is_full_due(task, state, at)) continue;
    ++full;
    state.last_full_began_at = at;
  }
  return full;
}

std::vector<TimePoint> runs_each(hours step, int count) {
  std::vector<TimePoint> runs;
  for (int i = 0; i < count; ++i) {
    auto const jitter = std::chrono::seconds(i % 2 == 0 ? 25 : 3);
    runs.push_back(TimePoint(*parse_day("2026-11-02")) + hours(3) + i * step + jitter);
  }
  return runs;
}

TEST(FullPass, OneThatIsDueAsOftenAsTheStreamIsEachRun) {
  EXPECT_EQ(full_runs(task_of("0 3 * * *", "1d"), runs_each(hours(24), 30)), 30);
  EXPECT_EQ(full_runs(task_of("1d", "1d"), runs_each(hours(24), 30)), 30);
  EXPECT_EQ(full_runs(task_of("6h", "6h"), runs_each(hours(6), 119)), 119);
  EXPECT_EQ(full_runs(task_of("0 3 * * mon", "7d"), runs_each(hours(24 * 7), 5)), 5);
  EXPECT_EQ(full_runs(task_of("1d", "7d"), runs_each(hours(24), 29)), 5);
  EXPECT_EQ(full_runs(task_of("1d", "0 3 * * mon"), runs_each(hours(24), 29)), 5);
}

TEST(FullPass, OneThatIsMuchRarerIsNotMoreFrequent) {
  EXPECT_EQ(full_runs(task_of("1h", "1d"), runs_each(hours(1), 24 * 10)), 10);
}

TEST(FullPass, IsDueWhenThereWasNoneAndWhenItWasInTheFuture) {
  auto const task = task_of("1h", "7d");
  auto const now = TimePoint(*parse_day("2026-11-02"));
  schema::StreamState state;
  EXPECT_TRUE(is_full_due(task, state, now));
  state.last_full_began_at = now + hours(1);
  EXPECT_TRUE(is_full_due(task, state, now));
  state.last_full_began_at = now;
  EXPECT_FALSE(is_full_due(task, state, now + hours(1)));
  EXPECT_FALSE(is_full_due(StreamTask(), state, now));
}

}  // namespace
}  // namespace affsync::sync::pass_verdict_test
