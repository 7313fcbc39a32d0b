// Rows that vanish from a list whose broker gives no count: two sweeps in a row have to miss them.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test {
namespace {

class Absence : public StoreTest {
 protected:
  // One sweep that finds the payouts of these keys.
  SliceClosed sweep(std::vector<std::string> const& keys, bool verified = false) {
    auto const run = begin();
    std::vector<TestRow> payouts;
    for (auto const& key : keys) payouts.push_back({key, {{"amount", "1"}}});
    write(run, "payout", payouts);
    auto close = slice(run, "payout", keys);
    close.verified = verified;
    close.mass_drop_limit = 1;
    auto const closed = loop.run(store->close_slice(close));
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
  EXPECT_EQ(first.missed, 1);
  EXPECT_EQ(live(), "a b c");
  auto const second = sweep({"a", "c"});
  EXPECT_EQ(second.deleted, 1);
  EXPECT_EQ(live(), "a c");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.absence"), "0");
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
  EXPECT_EQ(sweep({"a", "b"}, true).deleted, 1);
  EXPECT_EQ(live(), "a b");
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
}  // namespace affsync::schema::test
