// Slices that replace the rows of their days: what they do not bring is deleted when they are
// closed.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::replacing_test {
namespace {

class Replacing : public StoreTest {
 protected:
  void put(RunKey const& run, std::string const& day, std::vector<std::string> const& keys,
           std::string const& amount = "1") {
    std::vector<TestRow> rows;
    for (auto const& key : keys) {
      rows.push_back({key, {{"amount", amount}, {"occurred_on", day}}});
    }
    write(run, "commission", rows);
  }
  SliceClose of_day(RunKey const& run, std::string const& day,
                    std::vector<std::string> const& keys) {
    auto close = slice(run, "commission", keys);
    close.from = close.to = parse_day(day);
    close.scope_column = "occurred_on";
    close.seen_within = true;
    close.covers_days = true;
    close.proof = CountProof::nothing;
    close.replaces = true;
    close.mass_drop_limit = 0.5;
    return close;
  }
  SliceClosed closed(SliceClose close) { return loop.run(store->close_slice(std::move(close))); }
  PassClosed end_pass(RunKey const& run, bool whole = true) {
    PassClose pass;
    pass.run = run;
    pass.table = find_record_table("commission");
    pass.whole = whole;
    pass.replaces = true;
    pass.mass_drop_limit = 0.5;
    pass.now = now;
    auto const result = loop.run(store->close_pass(std::move(pass)));
    end(run);
    return result;
  }
  // Rows of two days, and one more day that no later pass reads.
  void load() {
    declare("feed", "commission", true);
    auto const run = begin();
    put(run, "2026-10-31", {"x", "y"});
    put(run, "2026-11-01", {"a", "b", "c"});
    put(run, "2026-11-02", {"d", "e"});
    closed(of_day(run, "2026-11-01", {"a", "b", "c"}));
    closed(of_day(run, "2026-11-02", {"d", "e"}));
    end_pass(run);
  }
  std::string live() {
    return value(
        "SELECT string_agg(external_id, ' ' ORDER BY external_id) FROM affsync.commission"
        " WHERE deleted_at IS NULL");
  }
};

TEST_F(Replacing, WhatTheSliceDoesNotBringIsDeletedAtOnce) {
  load();
  auto const run = begin("feed", "incremental");
  put(run, "2026-11-01", {"a", "c", "n"});
  auto const result = closed(of_day(run, "2026-11-01", {"a", "c", "n"}));
  EXPECT_EQ(result.replaced, 1);
  EXPECT_EQ(result.would_replace, 0);
  // The pass is not over, and other days are as they were.
  EXPECT_EQ(live(), "a c d e n x y");
  EXPECT_EQ(value("SELECT deleted FROM affsync.sync_run ORDER BY run_id DESC LIMIT 1"), "1");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change WHERE operation = 'delete'"
                  " AND external_id = 'b'"),
            "1");
  EXPECT_EQ(value("SELECT live_rows FROM affsync.stream_state"), "7");
  EXPECT_EQ(end_pass(run).deleted, 0);
  EXPECT_EQ(live(), "a c d e n x y");
}

TEST_F(Replacing, AChangedRowComesAsANewOneAndIsNoDrop) {
  load();
  auto const run = begin("feed", "incremental");
  put(run, "2026-11-01", {"a2", "b2", "c2"});
  auto close = of_day(run, "2026-11-01", {"a2", "b2", "c2"});
  close.mass_drop_limit = 0.01;
  EXPECT_EQ(closed(std::move(close)).replaced, 3);
  EXPECT_EQ(live(), "a2 b2 c2 d e x y");
}

TEST_F(Replacing, ADoubtfulSliceReplacesNothing) {
  load();
  auto const run = begin("feed", "incremental");
  auto close = of_day(run, "2026-11-01", {"a"});
  close.in_doubt = true;
  close.mark_vanished = false;
  EXPECT_EQ(closed(std::move(close)).replaced, 0);
  auto resumed = of_day(run, "2026-11-01", {"a"});
  resumed.resumed = true;
  resumed.mark_vanished = false;
  EXPECT_EQ(closed(std::move(resumed)).replaced, 0);
  auto quarantined = of_day(run, "2026-11-01", {"a", "b"});
  quarantined.has_quarantined = true;
  EXPECT_EQ(closed(std::move(quarantined)).replaced, 0);
  EXPECT_EQ(live(), "a b c d e x y");
}

TEST_F(Replacing, ASliceWhoseTotalsDifferReplacesNothing) {
  load();
  auto const run = begin("feed", "incremental");
  auto close = of_day(run, "2026-11-01", {"a", "b"});
  TotalToCompare total;
  total.metric = "amount";
  total.column = "amount";
  total.broker_value = "3";
  total.tolerance = "0";
  close.totals.push_back(total);
  auto const differs = closed(close);
  EXPECT_EQ(differs.replaced, 0);
  ASSERT_EQ(differs.unmatched.size(), 1U);
  EXPECT_EQ(differs.unmatched[0].our_value, "2");
  EXPECT_EQ(live(), "a b c d e x y");
  // What is compared are the rows that stay.
  close.totals[0].broker_value = "2";
  auto const agrees = closed(close);
  EXPECT_EQ(agrees.replaced, 1);
  EXPECT_TRUE(agrees.unmatched.empty());
  EXPECT_EQ(live(), "a b d e x y");
}

TEST_F(Replacing, TooManyAtOnceOrInSmallStepsAreKept) {
  load();
  auto const run = begin("feed", "incremental");
  auto close = of_day(run, "2026-11-01", {"a"});
  close.mass_drop_limit = 0.2;  // two of seven rows are more
  auto const refused = closed(close);
  EXPECT_EQ(refused.replaced, 0);
  EXPECT_EQ(refused.would_replace, 2);
  EXPECT_EQ(refused.of_rows, 7);
  EXPECT_EQ(value("SELECT state FROM affsync.coverage WHERE day_from <= '2026-11-01'"
                  " AND day_to >= '2026-11-01'"),
            "doubtful");
  close.mass_drop_limit = 0.3;
  EXPECT_EQ(closed(close).replaced, 2);
  // Two are gone in this pass; one more would be three of seven.
  auto next = of_day(run, "2026-11-02", {"d"});
  next.mass_drop_limit = 0.3;
  EXPECT_EQ(closed(next).would_replace, 1);
  EXPECT_EQ(live(), "a d e x y");
}

TEST_F(Replacing, AnEmptySliceReplacesOnlyIfTheBrokerListsOlderRows) {
  load();
  auto const first = begin("feed", "incremental");
  EXPECT_EQ(closed(of_day(first, "2026-11-02", {})).replaced, 0);
  end_pass(first);
  EXPECT_EQ(live(), "a b c d e x y");
  auto const second = begin("feed", "incremental");
  closed(of_day(second, "2026-11-01", {"a", "b", "c"}));
  EXPECT_EQ(closed(of_day(second, "2026-11-02", {})).replaced, 2);
  EXPECT_EQ(live(), "a b c x y");
}

// Of days long ago, what is older than all that the broker lists may only have become too old.
TEST_F(Replacing, RowsOlderThanTheListAreKeptAndNotCompared) {
  declare("feed", "commission", true);
  auto const first = begin();
  put(first, "2026-01-10", {"a"});
  put(first, "2026-01-11", {"b", "c"});
  put(first, "2026-01-12", {"d", "e"});
  end_pass(first);
  auto const run = begin();
  auto close = of_day(run, "2026-01-10", {"c", "d"});
  close.to = parse_day("2026-01-12");
  TotalToCompare total;
  total.metric = "rows";
  total.broker_value = "2";
  close.totals.push_back(total);
  // `b` is of a day that the broker lists, `a` may be too old.
  auto const result = closed(close);
  EXPECT_EQ(result.replaced, 2);
  EXPECT_EQ(result.kept, 1);
  EXPECT_TRUE(result.unmatched.empty());
  EXPECT_EQ(live(), "a c d");
  EXPECT_EQ(value("SELECT pass_oldest FROM affsync.stream_state"), "2026-01-11 23:59:59.999999+00");
  // With a `keeps` it is certain.
  close.keeps_from = parse_day("2026-01-01");
  close.mass_drop_limit = 1;
  EXPECT_EQ(closed(close).replaced, 1);
  EXPECT_EQ(live(), "c d");
}

// A broker that shows 180 days to the second shows the later part of the first one.
TEST_F(Replacing, OfTheFirstDayThatTheBrokerListsAPartMayBeTooOld) {
  declare("feed", "commission", true);
  auto const first = begin();
  put(first, "2026-01-10", {"a"});
  put(first, "2026-01-11", {"b", "c"});
  put(first, "2026-01-12", {"d", "e"});
  end_pass(first);
  auto const run = begin();
  auto close = of_day(run, "2026-01-10", {"c", "d"});
  close.to = parse_day("2026-01-12");
  close.of_all_days = true;
  EXPECT_EQ(closed(close).replaced, 1);
  EXPECT_EQ(live(), "a b c d");
  end_pass(run);
  // What has changed on that day came in the place of what is gone.
  auto const next = begin();
  put(next, "2026-01-11", {"C"});
  close = of_day(next, "2026-01-10", {"C", "d"});
  close.to = parse_day("2026-01-12");
  close.of_all_days = true;
  close.by_content = true;
  close.mass_drop_limit = 1;
  EXPECT_EQ(closed(close).replaced, 2);
  EXPECT_EQ(live(), "C a d");
}

TEST_F(Replacing, TheLastRowOfAllGoesOnceTheBrokerCountsNone) {
  declare("feed", "commission", true);
  auto const first = begin();
  put(first, "2026-02-20", {"a"});
  end_pass(first);
  auto const run = begin();
  EXPECT_EQ(closed(of_day(run, "2026-02-20", {})).replaced, 0);
  auto close = of_day(run, "2026-02-20", {});
  close.proof = CountProof::rows;
  EXPECT_EQ(closed(close).replaced, 1);
}

// Without a count two passes have to find the list empty, and a row of long ago may be too old.
TEST_F(Replacing, TheLastRowOfAListThatIsNotReplacedGoesInTheSecondPass) {
  declare("feed", "commission", true);
  auto const pass = [&](std::string const& day) {
    auto const run = begin();
    auto close = of_day(run, day, {});
    close.replaces = false;
    closed(close);
    auto const deleted = close_pass(run, "commission", 1).deleted;
    end(run);
    return deleted;
  };
  auto const first = begin();
  put(first, "2026-02-20", {"a"});
  end_pass(first);
  EXPECT_EQ(pass("2026-02-20"), 0);
  EXPECT_EQ(pass("2026-02-20"), 1);
  auto const second = begin();
  put(second, "2026-02-10", {"b"});
  end_pass(second);
  EXPECT_EQ(pass("2026-02-10"), 0);
  EXPECT_EQ(pass("2026-02-10"), 0);
  EXPECT_EQ(live(), "b");
}

TEST_F(Replacing, ARowThatComesBackIsThereAgain) {
  load();
  auto const run = begin("feed", "incremental");
  closed(of_day(run, "2026-11-01", {"a", "b"}));
  end_pass(run);
  EXPECT_EQ(live(), "a b d e x y");
  auto const again = begin("feed", "incremental");
  put(again, "2026-11-01", {"a", "b", "c"});
  EXPECT_EQ(closed(of_day(again, "2026-11-01", {"a", "b", "c"})).replaced, 0);
  EXPECT_EQ(live(), "a b c d e x y");
}

}  // namespace
}  // namespace affsync::schema::test::replacing_test
