// Rows that vanish from a list without a count: two consecutive sweeps must miss them.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::absence_test {
namespace {

class Absence : public StoreTest {
 protected:
  // One sweep that finds the payouts with these keys.
  PassClosed sweep(std::vector<std::string> const& keys, CountProof proof = CountProof::nothing,
                   bool whole = true) {
    auto const run = begin();
    std::vector<TestRow> payouts;
    for (auto const& key : keys) payouts.push_back({key, {{"amount", "1"}}});
    write(run, "payout", payouts);
    auto close = slice(run, "payout", keys);
    close.proof = proof;
    close.mass_drop_limit = 1;
    loop.run(store->close_slice(close));
    auto const closed = close_pass(run, "payout", 1, whole);
    end(run);
    return closed;
  }
  std::string live() {
    return value(
        "SELECT string_agg(external_id, ' ' ORDER BY external_id) FROM affsync.payout"
        " WHERE deleted_at IS NULL");
  }
};

TEST_F(Absence, ARowIsMarkedWhenTheSecondSweepMissesItToo) {
  sweep({"a", "b", "c"});
  auto const first = sweep({"a", "c"});
  EXPECT_EQ(first.deleted, 0);
  EXPECT_EQ(first.waiting, 1);
  EXPECT_EQ(live(), "a b c");
  auto const second = sweep({"a", "c"});
  EXPECT_EQ(second.deleted, 1);
  EXPECT_EQ(live(), "a c");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.absence"), "0");
}

// Of so many the keys are not kept in memory.
TEST_F(Absence, VeryManyRowsAreMissedAsFewAre) {
  std::vector<std::string> keys{"a"};
  for (int i = 0; i <= 10'000; ++i) keys.push_back("k" + std::to_string(i));
  sweep(keys);
  EXPECT_EQ(sweep({"a"}).waiting, 10'001);
  EXPECT_EQ(sweep({"a"}).deleted, 10'001);
  EXPECT_EQ(live(), "a");
}

TEST_F(Absence, ARowThatComesBackBetweenTheTwoStays) {
  sweep({"a", "b", "c"});
  sweep({"a", "c"});
  sweep({"a", "b", "c"});
  EXPECT_EQ(value("SELECT count(*) FROM affsync.absence"), "0");
  EXPECT_EQ(sweep({"a", "c"}).deleted, 0);
  EXPECT_EQ(live(), "a b c");
}

TEST_F(Absence, ASweepThatTheBrokerCountsNeedsNoSecond) {
  sweep({"a", "b", "c"});
  EXPECT_EQ(sweep({"a", "b"}, CountProof::rows).deleted, 1);
  EXPECT_EQ(live(), "a b");
}

TEST_F(Absence, APassThatIsNotWholeMarksNothingAndTheNextOneDoes) {
  sweep({"a", "b", "c"});
  EXPECT_EQ(sweep({"a", "b"}, CountProof::rows, false).deleted, 0);
  EXPECT_EQ(live(), "a b c");
  EXPECT_EQ(sweep({"a", "b"}, CountProof::rows).deleted, 1);
  EXPECT_EQ(live(), "a b");
}

TEST_F(Absence, TheLastRowGoesWhenTwoPassesFindAnEmptyListOrTheBrokerCountsNone) {
  sweep({"a"});
  EXPECT_EQ(sweep({}).deleted, 0);
  EXPECT_EQ(sweep({}).deleted, 1);
  sweep({"b"});
  EXPECT_EQ(sweep({}, CountProof::rows).deleted, 1);
}

// After a restart the keys of earlier pages of the sweep are unknown.
TEST_F(Absence, ARowThatAResumedSweepMayHaveSeenIsNoLongerMissed) {
  sweep({"a", "b", "c"});
  sweep({"a", "c"});
  auto const run = begin();
  auto close = slice(run, "payout", {"c"});
  close.proof = CountProof::nothing;
  close.mark_vanished = false;
  close.resumed = true;
  loop.run(store->close_slice(close));
  close_pass(run, "payout", 1);
  end(run);
  EXPECT_EQ(sweep({"a", "c"}).deleted, 0);
  EXPECT_EQ(sweep({"a", "c"}).deleted, 1);
}

// A count that only says how many rows there are does not say which.
TEST_F(Absence, ASweepOfWhichOnlyTheNumberIsProvenNeedsASecond) {
  sweep({"a", "b", "c"});
  EXPECT_EQ(sweep({"a", "b"}, CountProof::number).deleted, 0);
  EXPECT_EQ(live(), "a b c");
  EXPECT_EQ(sweep({"a", "b"}, CountProof::number).deleted, 1);
  EXPECT_EQ(live(), "a b");
  // If as many were read as are stored, none is missing.
  EXPECT_EQ(sweep({"a", "b"}, CountProof::number).waiting, 0);
}

// Else a stream whose passes are all stopped at some time would never lose a row.
TEST_F(Absence, AResumedSliceForgetsWhatWasMissedOfItsOwnDaysOnly) {
  auto const close_day = [&](RunKey const& run, char const* day,
                             std::vector<std::string> const& seen, bool resumed = false) {
    auto close = slice(run, "commission", seen);
    close.scope_column = "occurred_on";
    close.from = close.to = parse_day(day);
    close.keeps_from = parse_day("2026-01-01");
    close.proof = CountProof::number;
    close.resumed = resumed;
    close.mark_vanished = !resumed;
    close.mass_drop_limit = 1;
    loop.run(store->close_slice(close));
  };
  auto run = begin();
  write(run, "commission",
        {{"a", {{"amount", "1"}, {"occurred_on", "2026-01-09"}}},
         {"b", {{"amount", "1"}, {"occurred_on", "2026-01-09"}}},
         {"c", {{"amount", "1"}, {"occurred_on", "2026-01-10"}}},
         {"d", {{"amount", "1"}, {"occurred_on", "2026-01-10"}}}});
  close_day(run, "2026-01-09", {"a"});
  close_day(run, "2026-01-10", {"c"});
  EXPECT_EQ(close_pass(run, "commission", 1).waiting, 2);
  end(run);
  run = begin();
  close_day(run, "2026-01-10", {"c"}, true);
  close_day(run, "2026-01-09", {"a"});
  EXPECT_EQ(close_pass(run, "commission", 1).deleted, 1);
  end(run);
  EXPECT_EQ(value("SELECT external_id FROM affsync.commission WHERE deleted_at IS NOT NULL"), "b");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.absence"), "0");
}

// An empty answer for a long list: at most as many missing rows are recorded as could be marked.
TEST_F(Absence, MoreThanCouldBeMarkedIsOnlyCounted) {
  auto const run = begin();
  std::vector<TestRow> many;
  for (int i = 0; i < 3000; ++i) many.push_back({"k" + std::to_string(i), {{"amount", "1"}}});
  write(run, "payout", many);
  EXPECT_EQ(loop.run(store->close_slice(slice(run, "payout", {}))).missed, 3000);
  EXPECT_EQ(value("SELECT count(*) FROM affsync.absence"), "1300");  // 1,000 plus a tenth of 3,000
  auto const closed = close_pass(run, "payout");
  EXPECT_EQ(closed.would_delete, 3000);
  EXPECT_EQ(closed.deleted, 0);
}

TEST_F(Absence, OfAnotherStreamIsNoneOfThis) {
  auto const other = begin("other");
  write(other, "payout", {{"b", {{"amount", "1"}}}});
  end(other);
  sweep({"a", "b"});
  sweep({"a"});
  EXPECT_EQ(value("SELECT string_agg(stream || ' ' || external_id, ',') FROM affsync.absence"),
            "feed b");
}

}  // namespace
}  // namespace affsync::schema::test::absence_test
