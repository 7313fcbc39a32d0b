// Rules about how reading goes: each fires on its cause, and stays quiet on what only looks like
// it.
#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_streams_test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

class AlertsOfStreams : public AlertsTest {
 protected:
  AlertsOfStreams() { feed("rewards", "commission"); }

  std::string id() const { return std::to_string(source); }
  void block(std::string const& code, Duration since, Duration until) {
    run_sql("DELETE FROM affsync.source_block");
    run_sql("INSERT INTO affsync.source_block VALUES (" + id() + ", '" + code +
            "', 'wrong password', " + at(since) + ", " + at(-until) + ", 3, 'x')");
  }
  // The daemon runs the stream hourly, since so long ago.
  void hourly(Duration since) {
    SourceNow::Stream stream;
    stream.name = "rewards";
    stream.interval = hours(1);
    stream.since = now - since;
    SourceNow one;
    one.name = "broker-1";
    one.streams.push_back(stream);
    policy.sources = {one};
  }
  void quarantine(std::string const& key, Duration since) {
    run_sql(
        "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at,"
        " first_received_at, external_id, reason, raw, fingerprint) VALUES (" +
        id() + ", 'rewards', 1, " + at() + ", " + at(since) + ", '" + key +
        "', 'flaw', '{}', md5('" + key + "')::uuid)");
  }
  void compare(std::string const& metric, std::string const& broker, std::string const& ours,
               bool matched, Duration ago) {
    run_sql(
        "INSERT INTO affsync.reconciliation (source_id, run_id, stream, metric, window_from,"
        " window_to, broker_value, our_value, difference, matched, compared_at) VALUES (" +
        id() + ", 1, 'rewards', '" + metric + "', '2026-02-01', '2026-02-28', " + broker + ", " +
        ours + ", " + ours + " - " + broker + ", " + (matched ? "true" : "false") + ", " + at(ago) +
        ")");
  }
  void cover(std::string const& from, std::string const& to, std::string const& state) {
    run_sql("INSERT INTO affsync.coverage VALUES (" + id() + ", 'rewards', '" + from + "', '" + to +
            "', '" + state + "', 1, " + at(hours(1)) + ")");
  }
};

TEST_F(AlertsOfStreams, SourceBlockedTellsOfARefusedLogin) {
  block("auth_invalid", minutes(5), hours(1));
  judge();
  EXPECT_EQ(open("source_blocked"), "broker-1 refuses the login");
  EXPECT_EQ(text_of_open("source_blocked"),
            "Refused 3 times since 28 Feb 23:55 UTC. Nothing is read until it works. It is tried"
            " again at 1 Mar 01:00 UTC.");
  // Until it works, also when the pause has passed.
  pass(hours(3));
  judge();
  EXPECT_EQ(open("source_blocked"), "broker-1 refuses the login");
  run_sql("DELETE FROM affsync.source_block");
  judge();
  EXPECT_EQ(open("source_blocked"), "");
}

TEST_F(AlertsOfStreams, SourceBlockedIsQuietAboutAShortPause) {
  block("throttled", minutes(1), minutes(20));
  judge();
  EXPECT_EQ(open("source_blocked"), "");
  block("throttled", minutes(1), hours(4));
  judge();
  EXPECT_EQ(open("source_blocked"), "broker-1 asked for a long pause");
  // A source that is no longer configured is nobody's trouble.
  run_sql("UPDATE affsync.source SET retired_at = " + at());
  judge();
  EXPECT_EQ(open("source_blocked"), "");
}

TEST_F(AlertsOfStreams, StreamFailingTellsOfFailuresThatGoOn) {
  state("rewards", "consecutive_failures = 4, last_success_at = " + at(hours(5)) +
                       ", last_error_code = 'timeout', last_error = 'no answer within 30 s'");
  judge();
  EXPECT_EQ(open("stream_failing"), "broker-1/rewards cannot be read");
  EXPECT_EQ(text_of_open("stream_failing"),
            "4 runs have failed since the last success 5 h ago. no answer within 30 s");
}

TEST_F(AlertsOfStreams, StreamFailingIsQuietAboutMaintenance) {
  state("rewards", "consecutive_failures = 8, last_success_at = " + at(minutes(100)));
  judge();
  EXPECT_EQ(open("stream_failing"), "");
  // One failure of a stream that is read once a day.
  state("rewards", "consecutive_failures = 1, last_success_at = " + at(hours(25)));
  judge();
  EXPECT_EQ(open("stream_failing"), "");
  // The login is refused: that is told, and not its streams.
  block("login_refused", hours(9), hours(1));
  state("rewards", "consecutive_failures = 8, last_success_at = " + at(hours(9)));
  judge();
  EXPECT_EQ(open("stream_failing"), "");
}

TEST_F(AlertsOfStreams, StreamLateTellsOfAStreamThatIsNotRead) {
  hourly(days(3));
  state("rewards", "last_success_at = " + at(hours(4)));
  judge();
  EXPECT_EQ(open("stream_late"), "broker-1/rewards is late");
  EXPECT_EQ(text_of_open("stream_late"),
            "It was read to its end last 4 h ago, and is to be read every 1 h. ");
}

TEST_F(AlertsOfStreams, StreamLateIsQuietAfterThePowerWasOff) {
  hourly(minutes(10));
  state("rewards", "last_success_at = " + at(hours(12)));
  judge();
  EXPECT_EQ(open("stream_late"), "");
  // A pass that takes half a day, and moves on.
  hourly(days(3));
  state("rewards", "last_status = 'continued', running = true, cursor_at = " + at(minutes(2)));
  judge();
  EXPECT_EQ(open("stream_late"), "");
  // Rows of it are put aside: rows_quarantined tells.
  state("rewards",
        "running = false, last_error_code = 'rows_quarantined', last_status = 'partial'");
  judge();
  EXPECT_EQ(open("stream_late"), "");
}

// It is not read to its end because the daemon was started again, or because a pass began.
TEST_F(AlertsOfStreams, ALateStreamStaysLateUntilItHasBeenRead) {
  hourly(days(3));
  state("rewards", "last_success_at = " + at(hours(4)));
  judge();
  EXPECT_EQ(told(), "broker-1/rewards is late\n");
  hourly(minutes(1));
  judge();
  state("rewards", "running = true, last_started_at = " + at());
  judge();
  block("throttled", minutes(1), minutes(20));
  judge();
  EXPECT_EQ(open("stream_late"), "broker-1/rewards is late");
  EXPECT_EQ(told(), "");
  run_sql("DELETE FROM affsync.source_block");
  state("rewards", "running = false, last_success_at = " + at());
  judge();
  EXPECT_EQ(told(), "Over: broker-1/rewards is late\n");
}

// What another rule goes on to tell is not told to be over.
TEST_F(AlertsOfStreams, ALateStreamThatFailsAndIsRefusedIsOverOnceItIsRead) {
  hourly(days(3));
  state("rewards", "last_success_at = " + at(hours(4)));
  judge();
  EXPECT_EQ(told(), "broker-1/rewards is late\n");
  pass(hours(1));
  state("rewards", "consecutive_failures = 3, last_error_code = 'timeout'");
  judge();
  EXPECT_EQ(told(), "broker-1/rewards cannot be read\n");
  EXPECT_EQ(open("stream_late"), "");
  pass(hours(1));
  block("throttled", minutes(1), minutes(20));
  judge();
  EXPECT_EQ(open("stream_failing"), "broker-1/rewards cannot be read");
  EXPECT_EQ(told(), "");
  block("auth_invalid", minutes(1), hours(1));
  judge();
  EXPECT_EQ(told(), "broker-1 refuses the login\n");
  EXPECT_EQ(open("stream_failing"), "");
  pass(hours(1));
  run_sql("DELETE FROM affsync.source_block");
  state("rewards", "consecutive_failures = 0, last_error_code = NULL, last_success_at = " + at());
  judge();
  EXPECT_EQ(told(), "Over: broker-1 refuses the login\n");
}

TEST_F(AlertsOfStreams, AFirstLoadThatMovesAgainIsOverOnceItHasEnded) {
  state("rewards", "last_success_at = NULL, consecutive_failures = 9");
  run_sql("UPDATE affsync.stream SET registered_at = " + at(hours(30)));
  judge();
  EXPECT_EQ(told(), "broker-1/rewards was never read to its end\n");
  state("rewards", "consecutive_failures = 0, last_status = 'continued', cursor_at = " + at());
  judge();
  EXPECT_EQ(told(), "");
  state("rewards", "consecutive_failures = 4, last_status = 'failed'");
  judge();
  EXPECT_EQ(told(), "");
  EXPECT_EQ(open("never_succeeded"), "broker-1/rewards was never read to its end");
  state("rewards", "consecutive_failures = 0, last_success_at = " + at());
  judge();
  EXPECT_EQ(told(), "Over: broker-1/rewards was never read to its end\n");
}

TEST_F(AlertsOfStreams, StreamLateSaysShortIntervalsInSeconds) {
  hourly(days(3));
  policy.sources[0].streams[0].interval = std::chrono::seconds(30);
  state("rewards", "last_success_at = " + at(hours(4)));
  judge();
  EXPECT_EQ(text_of_open("stream_late"),
            "It was read to its end last 4 h ago, and is to be read every 30 s. ");
}

// What fails is told by one of two rules, whatever their settings.
TEST_F(AlertsOfStreams, StreamLateTellsOfFailuresThatStreamFailingIsNotToTell) {
  hourly(days(30));
  state("rewards",
        "consecutive_failures = 5, last_error_code = 'timeout', last_success_at = " + at(hours(9)));
  judge();
  EXPECT_EQ(open("stream_failing"), "broker-1/rewards cannot be read");
  EXPECT_EQ(open("stream_late"), "");
  set("stream_failing", "failures", "10");
  judge();
  EXPECT_EQ(open("stream_failing"), "");
  EXPECT_EQ(open("stream_late"), "broker-1/rewards is late");
  set("stream_failing", "failures", "3");
  judge();
  EXPECT_EQ(open("stream_late"), "");
  set("stream_failing", "after", "86400");
  judge();
  EXPECT_EQ(open("stream_late"), "broker-1/rewards is late");
  set("stream_failing", "after", "7200");
  off("stream_failing");
  judge();
  EXPECT_EQ(open("stream_late"), "broker-1/rewards is late");
}

TEST_F(AlertsOfStreams, NeverSucceededTellsOfAStreamThatNeverWorked) {
  state("rewards",
        "last_success_at = NULL, consecutive_failures = 9,"
        " last_error = 'the broker does not know this path'");
  run_sql("UPDATE affsync.stream SET registered_at = " + at(hours(30)));
  judge();
  EXPECT_EQ(open("never_succeeded"), "broker-1/rewards was never read to its end");
  EXPECT_EQ(text_of_open("never_succeeded"),
            "It was added 30 h ago. the broker does not know this path");
}

TEST_F(AlertsOfStreams, NeverSucceededIsQuietAboutANewSourceAndAFirstLoad) {
  state("rewards", "last_success_at = NULL, consecutive_failures = 3");
  run_sql("UPDATE affsync.stream SET registered_at = " + at(hours(3)));
  judge();
  EXPECT_EQ(open("never_succeeded"), "");
  run_sql("UPDATE affsync.stream SET registered_at = " + at(days(4)));
  state("rewards",
        "consecutive_failures = 0, last_status = 'continued', cursor_at = " + at(minutes(30)));
  judge();
  EXPECT_EQ(open("never_succeeded"), "");
}

TEST_F(AlertsOfStreams, RowsQuarantinedTellsHowMany) {
  quarantine("a", hours(3));
  quarantine("b", hours(2));
  judge();
  EXPECT_EQ(open("rows_quarantined"), "2 rows of broker-1/rewards could not be stored");
  EXPECT_EQ(text_of_open("rows_quarantined"),
            "They are in no sum and no report, the first since 28 Feb 21:00 UTC.");
}

TEST_F(AlertsOfStreams, RowsQuarantinedIsQuietAboutAcceptedAndFreshRows) {
  quarantine("a", hours(3));
  quarantine("b", hours(3));
  run_sql("UPDATE affsync.quarantine SET accepted_at = now() WHERE external_id = 'a'");
  run_sql("UPDATE affsync.quarantine SET resolved_at = now() WHERE external_id = 'b'");
  quarantine("c", minutes(20));
  judge();
  EXPECT_EQ(open("rows_quarantined"), "");
}

TEST_F(AlertsOfStreams, TotalsDifferTellsByHowMuch) {
  compare("amount", "120.50", "110.25", false, hours(3));
  judge();
  EXPECT_EQ(open("totals_differ"), "broker-1/rewards: the broker's total differs");
  EXPECT_EQ(text_of_open("totals_differ"),
            "By the broker, amount of 1-28 Feb 2026 is 120.5; the rows that it lists give 110.25,"
            " 10.25 less. It has been so since 28 Feb 21:00 UTC.");
}

TEST_F(AlertsOfStreams, TotalsDifferIsQuietWhileADayRuns) {
  compare("amount", "120.50", "110.25", false, minutes(40));
  judge();
  EXPECT_EQ(open("totals_differ"), "");
  compare("amount", "120.50", "120.50", true, minutes(10));
  pass(hours(9));
  judge();
  EXPECT_EQ(open("totals_differ"), "");
}

TEST_F(AlertsOfStreams, MassDropTellsAndAFailureIsNone) {
  state("rewards", "last_error_code = 'timeout', last_status = 'failed'");
  judge();
  EXPECT_EQ(open("mass_drop"), "");
  state("rewards",
        "last_error_code = 'mass_drop', last_status = 'partial',"
        " last_error = '400 of 1000 rows would be marked'");
  judge();
  EXPECT_EQ(open("mass_drop"), "Many rows of broker-1/rewards have vanished");
  EXPECT_EQ(text_of_open("mass_drop"),
            "So many are no longer in the broker's list that none was marked as deleted: all still"
            " count. 400 of 1000 rows would be marked");
}

TEST_F(AlertsOfStreams, CoverageGapTellsTheDays) {
  cover("2026-02-01", "2026-02-10", "proven");
  cover("2026-02-11", "2026-02-12", "lost");
  judge();
  EXPECT_EQ(open("coverage_gap"), "broker-1/rewards: 2 days are missing");
  EXPECT_EQ(text_of_open("coverage_gap"),
            "11-12 Feb 2026: the broker no longer gives these days, and they were never read to the"
            " end.");
}

TEST_F(AlertsOfStreams, CoverageGapIsQuietAboutWhatABrokerNeverGave) {
  cover("2025-01-01", "2025-12-31", "lost");
  cover("2026-01-01", "2026-02-10", "proven");
  cover("2026-02-11", "2026-02-12", "doubtful");
  judge();
  EXPECT_EQ(open("coverage_gap"), "");
}

TEST_F(AlertsOfStreams, DatabaseNearFullTellsOfTheDiskAndOfABoundOfOnesOwn) {
  policy.disk = DiskNow{60'000'000'000, 100'000'000'000};
  judge();
  EXPECT_EQ(open("database_near_full"), "");
  pass(hours(1));
  policy.disk = DiskNow{9'000'000'000, 100'000'000'000};
  judge();
  EXPECT_EQ(open("database_near_full"), "The disk of the database is nearly full");
  // Elsewhere its size has no bound unless it is given: any database is over a hundredth of a GB.
  pass(hours(1));
  policy.disk.reset();
  judge();
  EXPECT_EQ(open("database_near_full"), "");
  pass(hours(1));
  set("database_near_full", "limit_gb", "1");
  set("database_near_full", "above", "1");
  judge();
  EXPECT_EQ(open("database_near_full"), "The database is nearly as large as it may be");
}

}  // namespace
}  // namespace affsync::schema::test::alerts_streams_test
