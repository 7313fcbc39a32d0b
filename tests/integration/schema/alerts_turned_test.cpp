// What the operator turns is no end of a cause: other settings of a rule, another interval, a
// source or a stream that nobody reads any more. Its alerts end without a word, since nothing is
// mended.
#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_turned_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr auto aside = "3 rows of broker-1/rewards could not be stored\n";

class AlertsTurned : public AlertsTest {
 protected:
  AlertsTurned() { feed("rewards", "commission"); }

  void put_aside(int count) {
    run_sql("DELETE FROM affsync.quarantine");
    run_sql(
        "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at,"
        " first_received_at, external_id, reason, raw, fingerprint) SELECT " +
        std::to_string(source) + ", 'rewards', 1, " + at() + ", " + at(hours(9)) +
        ", i::text, 'flaw', '{}', md5(i::text)::uuid FROM generate_series(1, " +
        std::to_string(count) + ") i");
  }
  void tell_three_rows() {
    put_aside(3);
    judge();
    ASSERT_EQ(told(), aside);
  }
  void read_every(hours interval) {
    SourceNow::Stream stream;
    stream.name = "rewards";
    stream.interval = interval;
    stream.since = now - hours(24 * 30);
    SourceNow one;
    one.name = "broker-1";
    one.streams.push_back(stream);
    policy.sources = {one};
  }
  std::string judge_and_tell() {
    pass(minutes(10));
    judge();
    return told();
  }
};

TEST_F(AlertsTurned, AnotherSettingIsNoEnd) {
  tell_three_rows();
  set("rows_quarantined", "rows", "5");
  EXPECT_EQ(judge_and_tell(), "");
  EXPECT_EQ(open("rows_quarantined"), "");
  put_aside(0);
  EXPECT_EQ(judge_and_tell(), "");
}

TEST_F(AlertsTurned, WhatEndsAfterASettingWasTurnedIsTold) {
  tell_three_rows();
  set("rows_quarantined", "rows", "2");
  EXPECT_EQ(judge_and_tell(), "");
  EXPECT_EQ(open("rows_quarantined") + "\n", aside);
  put_aside(0);
  EXPECT_EQ(judge_and_tell(), std::string("Over: ") + aside);
}

TEST_F(AlertsTurned, ASettingThatIsTurnedBackOpensItAgain) {
  tell_three_rows();
  set("rows_quarantined", "rows", "5");
  EXPECT_EQ(judge_and_tell(), "");
  set("rows_quarantined", "rows", "1");
  EXPECT_EQ(judge_and_tell(), aside);
  put_aside(0);
  EXPECT_EQ(judge_and_tell(), std::string("Over: ") + aside);
}

// Another daemon on the same database, which reads other sources by other settings.
TEST_F(AlertsTurned, SettingsOfAnotherDaemonAreNotItsOwn) {
  read_every(hours(1));
  tell_three_rows();
  auto const own = policy;
  SourceNow other;
  other.name = "another";
  policy.sources = {other};
  set("rows_quarantined", "rows", "5");
  EXPECT_EQ(judge_and_tell(), "");
  policy = own;
  put_aside(0);
  EXPECT_EQ(judge_and_tell(), std::string("Over: ") + aside);
}

TEST_F(AlertsTurned, AnotherRuleThatTakesOverIsNoEnd) {
  read_every(hours(1));
  state("rewards", "consecutive_failures = 4, last_success_at = " + at(hours(5)) +
                       ", last_error_code = 'timeout', last_error = 'no answer'");
  judge();
  EXPECT_EQ(told(), "broker-1/rewards cannot be read\n");
  set("stream_failing", "failures", "9");
  EXPECT_EQ(judge_and_tell(), "broker-1/rewards is late\n");
}

TEST_F(AlertsTurned, AnotherIntervalIsNoEnd) {
  read_every(hours(1));
  state("rewards", "last_success_at = " + at(hours(4)));
  judge();
  EXPECT_EQ(told(), "broker-1/rewards is late\n");
  read_every(hours(24));
  EXPECT_EQ(judge_and_tell(), "");
  EXPECT_EQ(open("stream_late"), "");
}

TEST_F(AlertsTurned, ASourceThatIsNoLongerReadIsNoEnd) {
  tell_three_rows();
  run_sql("UPDATE affsync.source SET retired_at = " + at());
  EXPECT_EQ(judge_and_tell(), "");
  EXPECT_EQ(open("rows_quarantined"), "");
}

TEST_F(AlertsTurned, AStreamThatIsNoLongerReadIsNoEnd) {
  tell_three_rows();
  run_sql("UPDATE affsync.stream SET retired_at = " + at());
  EXPECT_EQ(judge_and_tell(), "");
  EXPECT_EQ(open("rows_quarantined"), "");
}

}  // namespace
}  // namespace affsync::schema::test::alerts_turned_test
