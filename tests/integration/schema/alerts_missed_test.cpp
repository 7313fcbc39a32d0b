// What a receiver missed is told to it once it takes messages again, and to others once it is no
// longer configured; nobody hears the end of what he was never told.
#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_missed_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class AlertsMissed : public AlertsTest {
 protected:
  // So many rows of a stream are put aside, for hours already.
  void aside(std::string const& stream, int count) {
    if (value("SELECT count(*) FROM affsync.stream WHERE stream = '" + stream + "'") == "0") {
      feed(stream, "commission");
    }
    run_sql("DELETE FROM affsync.quarantine WHERE stream = '" + stream + "'");
    run_sql(
        "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at,"
        " first_received_at, external_id, reason, raw, fingerprint) SELECT " +
        std::to_string(source) + ", '" + stream + "', 1, " + at() + ", " + at(hours(9)) +
        ", i::text, 'flaw', '{}', md5(i::text)::uuid FROM generate_series(1, " +
        std::to_string(count) + ") i");
  }
  // All that may be sent now fails; returns the titles of it.
  std::string fail(std::string const& receiver = "ops") {
    std::string titles;
    for (auto messages = take(receiver); !messages.empty(); messages = take(receiver)) {
      titles += messages[0].title + "\n";
      note_failed(session(), messages[0].message_id, token, failed("503", now + minutes(15)), now);
    }
    return titles;
  }
  static std::string rows_of(std::string const& stream) {
    return "1 row of broker-1/" + stream + " could not be stored\n";
  }
  // Its message is given up.
  void miss() {
    fail();
    pass(hours(24) + minutes(12));
    fail();
  }
};

TEST_F(AlertsMissed, WhatWasGivenUpIsToldInOneOnceTheReceiverTakesMessagesAgain) {
  aside("clients", 1);
  judge();
  aside("rewards", 1);
  judge();
  fail();
  pass(hours(24) + minutes(12));
  EXPECT_EQ(fail(), rows_of("clients") + rows_of("rewards"));
  judge();
  EXPECT_EQ(told(), "1 row of broker-1/clients could not be stored, and 1 more\n");
  pass(hours(48));
  judge();
  EXPECT_EQ(told(), "");
  aside("rewards", 0);
  aside("clients", 0);
  judge();
  EXPECT_EQ(told(), "Over: " + rows_of("clients") + "Over: " + rows_of("rewards"));
}

TEST_F(AlertsMissed, ItIsTriedOnceAnHourAndWhenAnotherMessageWasTaken) {
  aside("rewards", 1);
  judge();
  miss();
  judge();
  EXPECT_EQ(fail(), rows_of("rewards"));
  pass(minutes(59));
  EXPECT_EQ(fail(), "");
  pass(minutes(1));
  EXPECT_EQ(fail(), rows_of("rewards"));
  // Others do not wait for it; that they are taken says that it will be.
  aside("clients", 1);
  judge();
  EXPECT_EQ(told(), rows_of("clients") + rows_of("rewards"));
}

TEST_F(AlertsMissed, ItIsToldAfterAWeekTooAndWhatStandsIsSaidMeanwhile) {
  aside("rewards", 1);
  judge();
  miss();
  for (int day = 0; day < 7; ++day) {
    judge();
    fail();
    pass(hours(25));
    fail();
    auto const queues = read_alert_queues(session(), now);
    ASSERT_EQ(queues.size(), 1U);
    EXPECT_EQ(queues[0].given_up, 1);
  }
  judge();
  EXPECT_EQ(read_alert_queues(session(), now)[0].missed, 1);
  EXPECT_EQ(told(), rows_of("rewards"));
  EXPECT_EQ(read_alert_queues(session(), now)[0].missed, 0);
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsMissed, WhatIsOverBeforeItCouldBeToldIsSaidToBe) {
  aside("rewards", 1);
  judge();
  miss();
  judge();
  aside("rewards", 0);
  judge();
  EXPECT_EQ(told(), "Was, and is over: " + rows_of("rewards"));
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsMissed, TheEndOfWhatWasGivenUpIsNotTold) {
  aside("rewards", 1);
  judge();
  miss();
  aside("rewards", 0);
  judge();
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsMissed, OnlyTheReceiverThatMissedItIsTold) {
  policy.receivers = {"ops", "phone"};
  aside("rewards", 1);
  judge();
  EXPECT_EQ(told("phone"), rows_of("rewards"));
  miss();
  judge();
  EXPECT_EQ(told("phone"), "");
  EXPECT_EQ(told("ops"), rows_of("rewards"));
}

TEST_F(AlertsMissed, WhatIsMutedIsToldWhenTheMuteEnds) {
  aside("rewards", 1);
  judge();
  miss();
  AlertMute mute;
  mute.rule = "rows_quarantined";
  mute.now = now;
  mute_alerts(session(), mute);
  judge();
  EXPECT_EQ(told(), "");
  unmute_alerts(session(), mute);
  judge();
  EXPECT_EQ(told(), rows_of("rewards"));
}

TEST_F(AlertsMissed, WhatWaitsForAReceiverThatIsGoneIsToldToTheOthers) {
  aside("rewards", 1);
  judge();
  fail();
  policy.receivers = {"ops2"};
  judge();
  EXPECT_EQ(told("ops2"), rows_of("rewards"));
  EXPECT_EQ(value("SELECT given_up_at IS NOT NULL || ' ' || last_error"
                  " FROM affsync.alert_message WHERE receiver = 'ops'"),
            "true the receiver is no longer configured");
  judge();
  EXPECT_EQ(told("ops2"), "");
}

TEST_F(AlertsMissed, WhatOnlyAReceiverThatIsGoneWasToldIsToldToTheOthers) {
  aside("rewards", 1);
  judge();
  EXPECT_EQ(told(), rows_of("rewards"));
  policy.receivers = {"ops2", "phone"};
  pass(hours(1));
  judge();
  EXPECT_EQ(told("ops2"), rows_of("rewards"));
  EXPECT_EQ(told("phone"), rows_of("rewards"));
}

TEST_F(AlertsMissed, AReceiverThatIsNewHearsNoEndOfWhatItWasNotTold) {
  aside("rewards", 1);
  judge();
  EXPECT_EQ(told(), rows_of("rewards"));
  policy.receivers = {"ops", "phone"};
  pass(hours(1));
  judge();
  EXPECT_EQ(told("phone"), "");
  aside("rewards", 0);
  judge();
  EXPECT_EQ(told("ops"), "Over: " + rows_of("rewards"));
  EXPECT_EQ(told("phone"), "");
}

TEST_F(AlertsMissed, MessagesOfAnotherDaemonAreLeftAlone) {
  aside("rewards", 1);
  judge();
  fail();
  SourceNow mine;
  mine.name = "another";
  policy.sources = {mine};
  policy.receivers = {"theirs"};
  judge();
  EXPECT_EQ(told("theirs"), "");
  pass(minutes(15));
  EXPECT_EQ(told("ops"), rows_of("rewards"));
}

TEST_F(AlertsMissed, WhatWaitsForTheEndOfQuietHoursIsToldOnceThereAreNone) {
  policy.quiet = QuietHours();
  policy.quiet->from = 22 * 60;
  policy.quiet->to = 7 * 60;
  aside("rewards", 1);  // at midnight
  judge();
  EXPECT_EQ(told(), "");
  policy.quiet.reset();
  judge();
  EXPECT_EQ(told(), rows_of("rewards"));
}

class AlertsOfAnEvent : public AlertsMissed {
 protected:
  AlertsOfAnEvent() {
    policy.settle = seconds(60);
    feed("payouts", "payout");
  }
  void refuse(std::string const& id, std::string const& amount) {
    TestRow row;
    row.key = id;
    row.values = {{"amount", amount},
                  {"currency", "USD"},
                  {"status", "rejected"},
                  {"requested_at", format_time(now - hours(5))},
                  {"rejected_at", format_time(now)}};
    row.raw = "{\"id\": \"" + id + "\"}";
    store_rows("payouts", "payout", {row});
    judge();
  }
};

TEST_F(AlertsOfAnEvent, FurtherCausesWaitForAQuarterOfAnHourAfterTheLastMessage) {
  refuse("P1", "20.00");
  pass(seconds(60));
  EXPECT_EQ(told(), "broker-1 refused to pay 20.00 USD\n");
  pass(minutes(1));
  refuse("P2", "30.00");
  pass(minutes(10));
  refuse("P3", "10.00");
  pass(minutes(3));
  EXPECT_EQ(told(), "");
  pass(minutes(1));
  EXPECT_EQ(told(), "broker-1 refused to pay 30.00 USD, and 1 more\n");
  // Long after the last one they are gathered as the first ones are.
  pass(hours(2));
  refuse("P4", "1.00");
  EXPECT_EQ(told(), "");
  pass(seconds(60));
  EXPECT_EQ(told(), "broker-1 refused to pay 1.00 USD\n");
}

TEST_F(AlertsOfAnEvent, AMuchLargerOneDoesNotWaitThatLong) {
  refuse("P1", "20.00");
  pass(seconds(60));
  EXPECT_EQ(told(), "broker-1 refused to pay 20.00 USD\n");
  refuse("P2", "200.00");
  pass(seconds(60));
  EXPECT_EQ(told(), "broker-1 refused to pay 200.00 USD\n");
}

TEST_F(AlertsOfAnEvent, WhoNeverGotTheFirstMessageDoesNotWaitThatLong) {
  policy.receivers = {"ops", "phone"};
  refuse("P1", "20.00");
  pass(seconds(60));
  EXPECT_EQ(told("ops"), "broker-1 refused to pay 20.00 USD\n");
  fail("phone");
  refuse("P2", "30.00");
  pass(minutes(5));
  EXPECT_EQ(fail("phone"), "");
  pass(minutes(9));
  EXPECT_EQ(told("ops"), "");
  pass(minutes(1));
  EXPECT_EQ(told("phone"),
            "broker-1 refused to pay 20.00 USD\nbroker-1 refused to pay 30.00 USD\n");
  EXPECT_EQ(value("SELECT not_before - created_at FROM affsync.alert_message"
                  " WHERE receiver = 'phone' ORDER BY message_id DESC LIMIT 1"),
            "00:01:00");
}

TEST_F(AlertsOfAnEvent, TheLargestOfSeveralIsNamedFirstAndTheirSumIsSaid) {
  policy.settle = seconds(0);
  std::vector<TestRow> rows;
  for (int i = 0; i < 21; ++i) {
    TestRow row;
    row.key = "P" + std::to_string(i);
    row.values = {{"amount", i < 20 ? "2.00" : "1000000.00"},
                  {"currency", "USD"},
                  {"status", "rejected"},
                  {"requested_at", format_time(now - hours(5))},
                  {"rejected_at", format_time(now)}};
    row.raw = "{\"id\": \"" + row.key + "\"}";
    rows.push_back(row);
  }
  store_rows("payouts", "payout", rows);
  judge();
  auto const messages = take();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].title, "broker-1 refused to pay 1000000.00 USD, and 20 more");
  EXPECT_EQ(messages[0].body.substr(0, messages[0].body.find("\n- broker-1 refused to pay 2.00")),
            "1000040.00 USD in all\n- broker-1 refused to pay 1000000.00 USD");
}

TEST_F(AlertsOfAnEvent, TheCurrencyOfTheLargestIsTheFirstOfTheSums) {
  policy.settle = seconds(0);
  std::vector<TestRow> rows;
  for (auto const* currency : {"AAA", "USD"}) {
    TestRow row;
    row.key = currency;
    row.values = {{"amount", "7.5"},
                  {"currency", currency},
                  {"status", "rejected"},
                  {"requested_at", format_time(now - hours(5))},
                  {"rejected_at", format_time(now)}};
    rows.push_back(row);
  }
  store_rows("payouts", "payout", rows);
  judge();
  auto const messages = take();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].body.substr(0, messages[0].body.find('\n')), "7.50 USD, 7.50 AAA in all");
}

TEST_F(AlertsOfAnEvent, OfMoreCausesThanAreToldTheLargestAre) {
  run_sql(
      "INSERT INTO affsync.payout (source_id, stream, external_id, amount, currency, status,"
      " requested_at, rejected_at, first_seen_at, changed_at, content_hash, revision, run_id, raw)"
      " SELECT " +
      std::to_string(source) + ", 'payouts', 'P' || i, i, 'USD', 'rejected', " + at(hours(5)) +
      ", " + at() + ", " + at() + ", " + at() +
      ", md5('x')::uuid, 1, 1, '{}' FROM generate_series(1, 250) i");
  judge();
  EXPECT_EQ(value("SELECT count(*) || ' ' || min(amount) FROM affsync.alert"
                  " WHERE rule = 'payout_refused' AND amount IS NOT NULL"),
            "200 51");
}

}  // namespace
}  // namespace affsync::schema::test::alerts_missed_test
