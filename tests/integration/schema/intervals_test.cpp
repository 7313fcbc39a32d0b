// Intervals from relative times ("3 weeks ago"): when they become narrower, and what happens to an
// interval that a wrong clock has spoiled.
#include "tests/integration/schema/fixture.hpp"

namespace affsync::schema::test::intervals_test {
namespace {

class Intervals : public StoreTest {
 protected:
  // Reads the row once in its own run; returns how many readings contradict the stored one.
  std::int64_t read(char const* from, char const* to) {
    auto const run = begin();
    auto const written =
        write(run, "commission", {{"r", {{"occurred_from", from}, {"occurred_to", to}}}});
    EXPECT_EQ(written.updated, 0);
    end(run);
    return written.contradicting;
  }
  std::string stored() {
    return value(
        "SELECT to_char(occurred_from AT TIME ZONE 'UTC', 'MM-DD HH24:MI') || ' '"
        " || to_char(occurred_to AT TIME ZONE 'UTC', 'MM-DD HH24:MI') FROM affsync.commission");
  }
  std::string version() { return value("SELECT ctid || ' ' || xmin FROM affsync.commission"); }
  std::string contradictions() { return value("SELECT count(*) FROM affsync.contradiction"); }
};

TEST_F(Intervals, LessThanATenthIsNotWorthAWrite) {
  read("2026-01-01T00:00:00Z", "2026-01-11T00:00:00Z");
  auto const before = version();
  read("2026-01-01T23:59:00Z", "2026-01-11T23:59:00Z");
  read("2025-12-31T00:00:00Z", "2026-01-10T00:01:00Z");
  EXPECT_EQ(version(), before);
  read("2026-01-02T00:00:00Z", "2026-01-12T00:00:00Z");
  EXPECT_EQ(stored(), "01-02 00:00 01-11 00:00");
  EXPECT_EQ(value("SELECT count(*) FROM affsync.record_change"), "0");
}

TEST_F(Intervals, WhatSettlesTheDayIs) {
  read("2026-01-01T23:59:00Z", "2026-01-02T20:00:00Z");
  read("2026-01-02T00:01:00Z", "2026-01-02T21:00:00Z");
  EXPECT_EQ(stored(), "01-02 00:01 01-02 20:00");
  auto const before = version();
  read("2026-01-02T00:31:00Z", "2026-01-02T21:00:00Z");  // the day is already known
  EXPECT_EQ(version(), before);
}

TEST_F(Intervals, OneContradictionChangesNothing) {
  read("2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z");
  auto const before = version();
  EXPECT_EQ(read("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"), 1);
  EXPECT_EQ(version(), before);
  // The next reading agrees with the stored interval, so the contradicting one was wrong.
  EXPECT_EQ(read("2026-01-01T01:00:00Z", "2026-01-08T01:00:00Z"), 0);
  EXPECT_EQ(contradictions(), "0");
  EXPECT_EQ(read("2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"), 1);
  EXPECT_EQ(stored(), "01-01 00:00 01-08 00:00");
}

TEST_F(Intervals, TwoThatAgreeReplaceWhatIsStored) {
  read("2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z");
  EXPECT_EQ(read("2026-02-01T00:00:00Z", "2026-02-03T00:00:00Z"), 1);
  EXPECT_EQ(read("2026-02-02T00:00:00Z", "2026-02-04T00:00:00Z"), 1);
  EXPECT_EQ(stored(), "02-02 00:00 02-03 00:00");
  EXPECT_EQ(contradictions(), "0");
  EXPECT_EQ(read("2026-02-02T00:00:00Z", "2026-02-04T00:00:00Z"), 0);
  EXPECT_EQ(value("SELECT revision FROM affsync.commission"), "1");
}

TEST_F(Intervals, TwoThatDisagreeWithEachOtherDoNot) {
  read("2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z");
  EXPECT_EQ(read("2026-02-01T00:00:00Z", "2026-02-03T00:00:00Z"), 1);
  EXPECT_EQ(read("2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z"), 1);
  EXPECT_EQ(stored(), "01-01 00:00 01-08 00:00");
  EXPECT_EQ(read("2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z"), 1);
  EXPECT_EQ(stored(), "03-01 00:00 03-03 00:00");
}

TEST_F(Intervals, TheSameRunIsOneReading) {
  read("2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z");
  auto const run = begin();
  for (int page = 0; page < 2; ++page) {
    write(run, "commission",
          {{"r",
            {{"occurred_from", "2026-02-01T00:00:00Z"}, {"occurred_to", "2026-02-03T00:00:00Z"}}}});
  }
  EXPECT_EQ(stored(), "01-01 00:00 01-08 00:00");
}

TEST_F(Intervals, AHashOfAnOlderVersionIsRenewedOnce) {
  std::vector<TestRow> const same{{"r", {{"amount", "5.00"}}, R"({"a": "5.00"})"}};
  write(begin(), "commission", same);
  auto const hash = value("SELECT content_hash FROM affsync.commission");
  rows("UPDATE affsync.commission SET content_hash = gen_random_uuid() RETURNING 1");
  EXPECT_EQ(write(begin(), "commission", same).unchanged, 1);
  EXPECT_EQ(value("SELECT content_hash FROM affsync.commission"), hash);
  EXPECT_EQ(value("SELECT revision || ' ' || (SELECT count(*) FROM affsync.record_change)"
                  " FROM affsync.commission"),
            "1 0");
  auto const before = version();
  EXPECT_EQ(
      write(begin(), "commission", {{"r", {{"amount", "5.0"}}, R"({"a": "5.00"})"}}).unchanged, 1);
  EXPECT_EQ(version(), before);
}

}  // namespace
}  // namespace affsync::schema::test::intervals_test
