// What a broker no longer shows because it is old has not vanished.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test {
namespace {

class Retention : public StoreTest {
 protected:
  // Commissions "1" to "30", one on each of these days of January; `per_day` of each.
  void fill(int per_day = 1) {
    std::vector<TestRow> page;
    for (int day = 1; day <= 30; ++day) {
      for (int i = 0; i < per_day; ++i) {
        page.push_back({key(day, i), {{"occurred_on", date(day)}, {"amount", "1"}}});
      }
    }
    write(begin(), "commission", page);
  }
  static std::string key(int day, int i = 0) {
    return std::to_string(day) + (i > 0 ? "." + std::to_string(i) : "");
  }
  static std::string date(int day) {
    return "2026-01-" + std::string(day < 10 ? "0" : "") + std::to_string(day);
  }
  static std::vector<std::string> from(int first, std::vector<int> const& without = {}) {
    std::vector<std::string> keys;
    for (int day = first; day <= 30; ++day) {
      if (std::find(without.begin(), without.end(), day) == without.end()) {
        keys.push_back(key(day));
      }
    }
    return keys;
  }
  std::string deleted() {
    return value(
        "SELECT coalesce(string_agg(external_id, ' ' ORDER BY external_id::numeric), '')"
        " FROM affsync.commission WHERE deleted_at IS NOT NULL");
  }
  SliceClose days(RunKey const& run, int first, int last, std::vector<std::string> const& seen) {
    auto close = slice(run, "commission", seen);
    close.scope_column = "occurred_on";
    close.from = parse_day(date(first));
    close.to = parse_day(date(last));
    close.covers_days = true;
    return close;
  }
};

TEST_F(Retention, AListThatBeginsLaterKeepsWhatIsOlderAndAHoleInItHasVanished) {
  fill();
  auto const run = begin();
  auto const closed = loop.run(store->close_slice(slice(run, "commission", from(10, {20}))));
  EXPECT_EQ(closed.missed, 1);
  EXPECT_EQ(closed.kept, 9);
  auto const pass = close_pass(run, "commission");
  EXPECT_EQ(pass.deleted, 1);
  EXPECT_EQ(pass.kept, 9);
  EXPECT_EQ(pass.lists_from, parse_day("2026-01-10"));
  EXPECT_EQ(deleted(), "20");
}

// Only the day is known: a part of the oldest one may be out of sight.
TEST_F(Retention, OnTheOldestDayNothingIsJudged) {
  fill(3);
  auto seen = from(11);
  for (int day = 11; day <= 30; ++day) {
    seen.push_back(key(day, 1));
    seen.push_back(key(day, 2));
  }
  seen.push_back(key(10, 2));
  auto const run = begin();
  EXPECT_EQ(loop.run(store->close_slice(slice(run, "commission", seen))).missed, 0);
  EXPECT_EQ(close_pass(run, "commission").deleted, 0);
}

TEST_F(Retention, ABrokerThatKeepsEverythingIsBelievedOfTheOldestRow) {
  fill();
  auto const run = begin();
  auto close = slice(run, "commission", from(2));
  close.keeps_from = parse_day("1800-01-01");
  EXPECT_EQ(loop.run(store->close_slice(close)).missed, 1);
  EXPECT_EQ(close_pass(run, "commission").deleted, 1);
  EXPECT_EQ(deleted(), "1");
}

TEST_F(Retention, WithAKnownRetentionWhatIsYoungerIsJudgedThoughItIsTheOldest) {
  fill();
  auto const run = begin();
  auto close = slice(run, "commission", from(16));
  close.keeps_from = parse_day(date(10));
  close.mass_drop_limit = 1;
  loop.run(store->close_slice(close));
  EXPECT_EQ(close_pass(run, "commission", 1).deleted, 3);
  EXPECT_EQ(deleted(), "13 14 15") << "of the days around the end nothing is certain";
}

TEST_F(Retention, WindowsBeforeTheFirstRowOfThePassAreOutOfSight) {
  fill();
  auto const run = begin();
  EXPECT_EQ(loop.run(store->close_slice(days(run, 1, 10, {}))).kept, 10);
  EXPECT_EQ(loop.run(store->close_slice(
                         days(run, 11, 20, from(15, {17, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30}))))
                .kept,
            4);
  EXPECT_EQ(loop.run(store->close_slice(days(run, 21, 30, {}))).missed, 10);
  auto const pass = close_pass(run, "commission");
  EXPECT_EQ(pass.would_delete, 11);
  EXPECT_EQ(pass.kept, 14);
  EXPECT_EQ(deleted(), "");
}

TEST_F(Retention, APassOverEverythingThatListsNothingIsNotBelieved) {
  fill();
  auto const pass = [&](bool full) {
    auto const run = begin();
    EXPECT_EQ(loop.run(store->close_slice(days(run, 1, 30, {}))).kept, 30);
    return close_pass(run, "commission", 0.1, true, full).would_delete;
  };
  EXPECT_EQ(pass(true), 30);
  EXPECT_EQ(pass(false), 0);
  EXPECT_EQ(deleted(), "");
}

TEST_F(Retention, TotalsAreComparedWithWhatTheBrokerCanSee) {
  fill();
  auto const compare = [&](SliceClose close, char const* rows) {
    TotalToCompare total;
    total.metric = "rows";
    total.broker_value = rows;
    close.totals = {total};
    return loop.run(store->close_slice(close)).unmatched.size();
  };
  auto const list = begin();
  // Nine are too old, and the 20th is gone though it is not marked yet.
  EXPECT_EQ(compare(slice(list, "commission", from(10, {20})), "20"), 0U);
  auto const windows = begin();
  EXPECT_EQ(compare(days(windows, 1, 10, {}), "0"), 0U);
  EXPECT_EQ(compare(days(windows, 11, 30, from(15)), "16"), 0U);
  EXPECT_EQ(compare(days(windows, 11, 30, from(15)), "17"), 1U);
}

// Off for longer than the broker remembers: what was stored lies before all that it shows now.
TEST_F(Retention, DaysBetweenTheLastCoveredOneAndTheFirstRowAreLostAndToldOnce) {
  fill();
  auto const pass = [&](char const* covered_to, char const* from) {
    RunStart start;
    start.id = StreamId(source, "feed");
    start.mode = "incremental";
    start.started_at = now;
    start.covered = DaySpan{*parse_day("2026-01-01"), *parse_day(covered_to)};
    auto const run = loop.run(store->begin_run(start));
    write(run, "commission", {{"new", {{"occurred_on", "2026-02-20"}}}});
    auto close = days(run, 1, 1, {"new"});
    close.from = parse_day(from);
    close.to = parse_day("2026-02-28");
    loop.run(store->close_slice(close));
    return close_pass(run, "commission");
  };
  auto const first = pass("2026-01-30", "2026-01-25");
  EXPECT_EQ(first.lost, (std::vector{DaySpan{*parse_day("2026-01-31"), *parse_day("2026-02-19")}}));
  EXPECT_EQ(first.deleted, 0);
  using Lines = std::vector<Cells>;
  auto const coverage = [&] {
    return rows("SELECT day_from, day_to, state FROM reporting.coverage ORDER BY day_from");
  };
  Lines const wanted{{"2026-01-01", "2026-01-30", "proven"},
                     {"2026-01-31", "2026-02-19", "lost"},
                     {"2026-02-20", "2026-02-28", "proven"}};
  EXPECT_EQ(coverage(), wanted);
  auto const second = pass("2026-02-28", "2026-02-10");
  EXPECT_TRUE(second.lost.empty());
  EXPECT_EQ(coverage(), wanted);
}

TEST_F(Retention, ASliceInDoubtIsInTheCoverageUntilItIsProven) {
  fill();
  auto const first = begin();
  auto close = days(first, 1, 10, from(1));
  close.mark_vanished = false;
  close.in_doubt = true;
  loop.run(store->close_slice(close));
  loop.run(store->close_slice(days(first, 11, 30, from(11))));
  EXPECT_TRUE(close_pass(first, "commission", 0.1, false).earlier_doubt);
  end(first);
  auto const state = loop.run(store->load_state(first.id));
  EXPECT_EQ(state.doubtful, (std::vector{DaySpan{*parse_day(date(1)), *parse_day(date(10))}}));
  auto const health = loop.run(store->health());
  ASSERT_EQ(health.at(0).gaps.size(), 1U);
  EXPECT_EQ(health[0].gaps[0].state, DayState::doubtful);
  auto const second = begin();
  loop.run(store->close_slice(days(second, 1, 10, from(1))));
  EXPECT_FALSE(close_pass(second, "commission").earlier_doubt);
  EXPECT_TRUE(loop.run(store->load_state(first.id)).doubtful.empty());
  EXPECT_EQ(value("SELECT string_agg(state || ' ' || days, ',') FROM reporting.coverage"),
            "proven 30");
}

// A raced comparison of a window that later ones do not cover stood for ever.
TEST_F(Retention, DaysWhoseTotalsDifferAreAskedForAgain) {
  fill();
  auto const run = begin();
  auto close = days(run, 1, 7, from(1));
  TotalToCompare total;
  total.metric = "rows";
  total.broker_value = "8";
  close.totals = {total};
  loop.run(store->close_slice(close));
  end(run);
  EXPECT_EQ(loop.run(store->load_state(run.id)).doubtful.size(), 1U);
  auto const again = begin();
  close.run = again;
  close.totals[0].broker_value = "7";
  loop.run(store->close_slice(close));
  EXPECT_TRUE(loop.run(store->load_state(run.id)).doubtful.empty());
  EXPECT_EQ(loop.run(store->health()).at(0).unreconciled, 0);
}

// A pass that several runs are needed for is judged once, by what all of them met.
TEST_F(Retention, CandidatesOfAnInterruptedRunAreJudgedByTheOneThatGoesOn) {
  fill();
  auto const first = begin();
  loop.run(store->close_slice(
      days(first, 1, 20, from(1, {10, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30}))));
  EXPECT_EQ(deleted(), "");
  RunStart start;
  start.id = first.id;
  start.mode = "full";
  start.started_at = now;
  start.resumes = true;
  auto const second = loop.run(store->begin_run(start));
  loop.run(store->close_slice(days(second, 21, 30, from(21))));
  EXPECT_EQ(close_pass(second, "commission").deleted, 1);
  EXPECT_EQ(deleted(), "10");
  // A pass that begins anew owes nothing to the one before.
  loop.run(store->close_slice(days(begin(), 1, 20, from(1, {11}))));
  auto const other = begin();
  loop.run(store->close_slice(days(other, 21, 30, from(21))));
  EXPECT_EQ(close_pass(other, "commission").deleted, 0);
}

}  // namespace
}  // namespace affsync::schema::test
