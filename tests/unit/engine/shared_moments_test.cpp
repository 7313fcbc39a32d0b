// Which moment the requests of two windows share, and which times tell what is given with either.
#include <gtest/gtest.h>

#include "connectors/engine/request/target.hpp"
#include "connectors/engine/rows/row_days.hpp"
#include "connectors/engine/values/times.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::shared_moments_test {
namespace {

WindowSpec window(WindowForm form, std::string format = {}) {
  WindowSpec spec;
  spec.from_parameter = "from";
  spec.to_parameter = "to";
  spec.form = form;
  spec.format = std::move(format);
  spec.start = *parse_day("2026-01-01");
  spec.column = "occurred_on";
  return spec;
}

// That of the slice from 2 to 3 June; empty if it shares none.
std::string shared(WindowSpec const& spec, TimePoint latest = at("2026-06-15")) {
  Slice const slice{*parse_day("2026-06-02"), *parse_day("2026-06-03")};
  auto const moment = shared_moment(spec, slice, latest);
  return moment ? format_time(*moment) : "";
}

TEST(SharedMoments, AreTheSecondInWhichTheNextSliceBegins) {
  EXPECT_EQ(shared(window(WindowForm::epoch_seconds)), "2026-06-03T23:59:59Z");
  EXPECT_EQ(shared(window(WindowForm::epoch_milliseconds)), "2026-06-03T23:59:59Z");
  auto berlin = window(WindowForm::datetime, "%Y-%m-%d %H:%M");
  berlin.zone = "Europe/Berlin";
  EXPECT_EQ(shared(berlin), "2026-06-03T21:59:00Z");
  auto now = window(WindowForm::epoch_seconds);
  now.until_now = true;
  EXPECT_EQ(shared(now, at("2026-06-03", 8)), "2026-06-03T08:00:00Z");
}

TEST(SharedMoments, AreNoneOfDaysAndOfExclusiveEnds) {
  EXPECT_EQ(shared(window(WindowForm::day)), "");
  auto exclusive = window(WindowForm::epoch_seconds);
  exclusive.to_exclusive = true;
  EXPECT_EQ(shared(exclusive), "");
  auto sums = window(WindowForm::epoch_seconds);
  sums.day_is_kept = true;
  EXPECT_EQ(shared(sums), "");
  EXPECT_EQ(shared(window(WindowForm::datetime, "%Y-%m-%d")), "");
}

TEST(SharedMoments, TheTimeIsMappedFromWhatTheWindowFiltersOn) {
  auto plan = list_plan(10, 0);
  EXPECT_EQ(time_column_of(plan.spec), "");
  plan.spec->window = window(WindowForm::epoch_seconds);
  plan.spec->map.columns.push_back(map_column("occurred_on", "at", ValueType::epoch));
  plan.spec->map.columns.push_back(map_column("paid_at", "paid", ValueType::epoch));
  EXPECT_EQ(time_column_of(plan.spec), "");
  plan.spec->map.columns.push_back(map_column("occurred_at", "at", ValueType::epoch));
  EXPECT_EQ(time_column_of(plan.spec), "occurred_at");
  plan.spec->window->column = "paid_at";
  EXPECT_EQ(time_column_of(plan.spec), "paid_at");
}

}  // namespace
}  // namespace affsync::engine::shared_moments_test
