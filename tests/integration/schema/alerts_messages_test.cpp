// Messages reach each receiver in their order, once taken by one sender at a time, again after a
// failure or a crash with the same key, and never more than the bound of an hour.
#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_messages_test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class AlertMessages : public AlertsTest {
 protected:
  // Each of these streams has rows put aside: that is one message each.
  void causes(int first, int last) {
    for (int i = first; i <= last; ++i) {
      auto const stream = "s" + std::to_string(100 + i);
      feed(stream, "commission");
      run_sql(
          "INSERT INTO affsync.quarantine (source_id, stream, run_id, received_at,"
          " first_received_at, external_id, reason, raw, fingerprint) VALUES (" +
          std::to_string(source) + ", '" + stream + "', 1, " + at() + ", " + at(hours(9)) +
          ", '1', 'flaw', '{}', md5('1')::uuid)");
    }
    judge();
  }
  static std::string row_of(int i) {
    return "1 row of broker-1/s" + std::to_string(100 + i) + " could not be stored\n";
  }
  std::vector<AlertMessage> take_as(std::string const& sender, PgSession& on, int most = 1) {
    TakeMessages wanted;
    wanted.receiver = "ops";
    wanted.now = now;
    wanted.token = sender;
    wanted.per_hour = per_hour;
    wanted.most = most;
    return take_messages(on, wanted);
  }
  std::string const other_token = "22222222-2222-2222-2222-222222222222";
};

TEST_F(AlertMessages, NoneIsTakenWhileAnEarlierOneIsBeingSentOrWaits) {
  causes(1, 3);
  auto const first = take();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].title + "\n", row_of(1));
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(
      note_failed(session(), first[0].message_id, token, failed("500", now + minutes(5)), now),
      AlertAttempt::again);
  pass(minutes(4));
  EXPECT_TRUE(take().empty());
  pass(minutes(1));
  auto const again = take();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].message_id, first[0].message_id);
  EXPECT_EQ(again[0].key, first[0].key);
  EXPECT_EQ(again[0].attempts, 1);
  EXPECT_TRUE(note_sent(session(), again[0].message_id, token, now));
  EXPECT_EQ(told(), row_of(2) + row_of(3));
}

TEST_F(AlertMessages, AReceiverThatIsDownHoldsUpNoOther) {
  policy.receivers = {"ops", "phone"};
  causes(1, 2);
  auto const stuck = take("ops");
  ASSERT_EQ(stuck.size(), 1U);
  EXPECT_EQ(told("phone"), row_of(1) + row_of(2));
}

TEST_F(AlertMessages, WhatASenderTookBeforeItDiedIsSentAgainWithTheSameKey) {
  causes(1, 1);
  auto const first = take();
  ASSERT_EQ(first.size(), 1U);
  PgSession other(options_for(url));
  pass(seconds(59));
  EXPECT_TRUE(take_as(other_token, other).empty());
  pass(seconds(1));
  auto const again = take_as(other_token, other);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].key, first[0].key);
  // The first one was only slow.
  EXPECT_FALSE(note_sent(session(), first[0].message_id, token, now));
  EXPECT_EQ(note_failed(session(), first[0].message_id, token, failed("late", now), now),
            AlertAttempt::lease_lost);
  EXPECT_TRUE(note_sent(other, again[0].message_id, other_token, now));
  EXPECT_EQ(told(), "");
}

TEST_F(AlertMessages, AMessageThatMayHaveArrivedIsNotChangedAnyMore) {
  causes(1, 1);
  ASSERT_EQ(take().size(), 1U);
  pass(minutes(5));
  run_sql("DELETE FROM affsync.quarantine");
  judge();
  EXPECT_EQ(told(), row_of(1) + "Over: " + row_of(1));
}

TEST_F(AlertMessages, ItIsGivenUpAfterADayAndTheNextOneIsTried) {
  causes(1, 2);
  for (int hour = 0; hour < 24; ++hour) {
    auto const messages = take();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].title + "\n", row_of(1));
    EXPECT_EQ(
        note_failed(session(), messages[0].message_id, token, failed("down", now + hours(1)), now),
        AlertAttempt::again);
    pass(hours(1));
  }
  auto const messages = take();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(
      note_failed(session(), messages[0].message_id, token, failed("down", now + hours(1)), now),
      AlertAttempt::given_up);
  auto const queues = read_alert_queues(session(), now);
  ASSERT_EQ(queues.size(), 1U);
  EXPECT_EQ(queues[0].waiting, 1);
  EXPECT_EQ(queues[0].given_up, 1);
  EXPECT_EQ(told(), row_of(2));
}

TEST_F(AlertMessages, NoMoreThanTheBoundOfAnHourAndTheLastSaysHowManyWereHeldBack) {
  per_hour = 5;
  causes(1, 12);
  EXPECT_EQ(told(),
            row_of(1) + row_of(2) + row_of(3) + row_of(4) + "8 more messages were held back\n");
  auto const body = value("SELECT body FROM affsync.alert_message WHERE kind = 'held_back'");
  EXPECT_EQ(body,
            "So many came within an hour that the rest is told in one:\n"
            "- 1 row of broker-1/s105 could not be stored\n"
            "- 1 row of broker-1/s106 could not be stored\n"
            "- 1 row of broker-1/s107 could not be stored\n"
            "- 1 row of broker-1/s108 could not be stored\n"
            "- 1 row of broker-1/s109 could not be stored\n"
            "- 1 row of broker-1/s110 could not be stored\n"
            "- 1 row of broker-1/s111 could not be stored\n"
            "- 1 row of broker-1/s112 could not be stored\n"
            "All of them: affsync alerts --all");
  EXPECT_EQ(value("SELECT cardinality(alert_ids) || ' ' || held_back || ' ' ||"
                  " jsonb_array_length(document -> 'alerts') FROM affsync.alert_message"
                  " WHERE kind = 'held_back'"),
            "8 8 8");
  pass(minutes(59));
  causes(13, 14);
  EXPECT_EQ(told(), "");
  pass(minutes(1));
  EXPECT_EQ(told(), row_of(13) + row_of(14));
}

TEST_F(AlertMessages, WhatIsHeldBackAgainIsCountedAsWhatItStandsFor) {
  per_hour = 2;
  causes(1, 4);
  auto const first = take();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_TRUE(note_sent(session(), first[0].message_id, token, now));
  // The second of this hour stands for three messages; before it is sent, two more come.
  EXPECT_EQ(take()[0].held_back, 3);
  pass(hours(2));
  causes(5, 6);
  EXPECT_EQ(told(), "3 more messages were held back\n2 more messages were held back\n");
}

TEST_F(AlertMessages, WithABoundOfOneAllIsToldInOne) {
  per_hour = 1;
  causes(1, 3);
  EXPECT_EQ(told(), "3 more messages were held back\n");
  causes(4, 4);
  EXPECT_EQ(told(), "");
  pass(hours(1));
  EXPECT_EQ(told(), row_of(4));
}

TEST_F(AlertMessages, TheBoundHoldsAfterAReceiverWasDownForAnHour) {
  per_hour = 5;
  for (int i = 1; i <= 12; ++i) {
    causes(i, i);
    auto const messages = take();
    for (auto const& message : messages) {
      note_failed(session(), message.message_id, token, failed("refused", now + minutes(5)), now);
    }
    pass(minutes(5));
  }
  EXPECT_EQ(told(),
            row_of(1) + row_of(2) + row_of(3) + row_of(4) + "8 more messages were held back\n");
}

// One that is too long for its receiver, say. Those behind it waited for a day before.
TEST_F(AlertMessages, OneThatIsRefusedAgainAndAgainLetsOthersPast) {
  causes(1, 3);
  for (int attempt = 1; attempt <= attempts_in_order; ++attempt) {
    auto const messages = take();
    ASSERT_EQ(messages.size(), 1U) << attempt;
    ASSERT_EQ(messages[0].title + "\n", row_of(1));
    note_failed(session(), messages[0].message_id, token,
                failed("too long", now + minutes(15), true), now);
    if (attempt < attempts_in_order) {
      EXPECT_TRUE(take().empty()) << attempt;
      pass(minutes(15));
    }
  }
  EXPECT_EQ(told(), row_of(2) + row_of(3));
  pass(minutes(15));
  auto const again = take();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].title + "\n", row_of(1));
  // Down, and not refused any more: the order holds again.
  causes(4, 4);
  note_failed(session(), again[0].message_id, token, failed("down", now + minutes(15)), now);
  EXPECT_EQ(told(), "");
  pass(minutes(15));
  EXPECT_EQ(told(), row_of(1) + row_of(4));
}

TEST_F(AlertMessages, QuietHoursHoldForWhatHasWaited) {
  policy.quiet = QuietHours();
  policy.quiet->from = 60;
  policy.quiet->to = 7 * 60;
  causes(1, 1);  // at midnight: not yet quiet
  auto const messages = take();
  ASSERT_EQ(messages.size(), 1U);
  note_failed(session(), messages[0].message_id, token, failed("refused", now + minutes(70)), now);
  pass(minutes(70));
  EXPECT_EQ(told(), "");
  pass(hours(6));
  EXPECT_EQ(told(), row_of(1));
}

}  // namespace
}  // namespace affsync::schema::test::alerts_messages_test
