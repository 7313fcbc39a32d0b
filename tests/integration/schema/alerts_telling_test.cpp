// What is told of causes: once, at least once, together if they are one event, not when it is quiet
// or muted, and not again and again.
#include <future>
#include <pqxx/transaction>

#include "tests/integration/schema/alerts_fixture.hpp"

namespace affsync::schema::test::alerts_telling_test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class AlertsTold : public AlertsTest {
 protected:
  // Rows put aside are the simplest cause: so many of a stream, for hours already.
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
  void fail_streams(std::vector<std::string> const& streams) {
    for (auto const& stream : streams) {
      feed(stream, "commission");
      state(stream, "consecutive_failures = 5, last_success_at = " + at(hours(6)));
    }
  }
  std::string rows_of(std::string const& stream, int count) {
    return std::to_string(count) + (count == 1 ? " row of broker-1/" : " rows of broker-1/") +
           stream + " could not be stored\n";
  }
  std::string count_of(std::string const& table) {
    return value("SELECT count(*) FROM affsync." + table);
  }
};

TEST_F(AlertsTold, ACauseIsToldOnceWhenItOpensAndOnceWhenItIsOver) {
  aside("rewards", 3);
  auto const changes = judge();
  EXPECT_EQ(changes.opened.size(), 1U);
  EXPECT_EQ(changes.messages, 1);
  EXPECT_EQ(told(), rows_of("rewards", 3));
  for (int i = 0; i < 5; ++i) {
    pass(minutes(10));
    EXPECT_FALSE(judge().any());
  }
  EXPECT_EQ(told(), "");
  pass(hours(2));
  aside("rewards", 0);
  EXPECT_EQ(judge().closed.size(), 1U);
  auto const messages = take();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].title, "Over: 3 rows of broker-1/rewards could not be stored");
  EXPECT_EQ(messages[0].body, "It lasted 2 h 50 min.");
  EXPECT_EQ(messages[0].kind, "closed");
}

TEST_F(AlertsTold, AMessageSaysWhatWhereHowMuchAndWhatToDo) {
  aside("rewards", 3);
  judge();
  auto const messages = take();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].body,
            "They are in no sum and no report, the first since 28 Feb 15:00 UTC.\n"
            "affsync quarantine --source broker-1 --stream rewards says why");
  auto const document = value("SELECT document - 'alerts' FROM affsync.alert_message");
  EXPECT_EQ(document,
            R"({"key": ")" + messages[0].key +
                R"(", "kind": "opened", "text": )"
                R"("They are in no sum and no report, the first since 28 Feb 15:00 UTC.\n)"
                R"(affsync quarantine --source broker-1 --stream rewards says why", )"
                R"("title": "3 rows of broker-1/rewards could not be stored", "version": 1, )"
                R"("held_back": 0, "written_at": "2026-03-01T00:00:00Z"})");
  EXPECT_EQ(
      value("SELECT document #>> '{alerts,0,rule}' || ' ' || (document #>> '{alerts,0,state}')"
            " || ' ' || (document #>> '{alerts,0,figures,rows}') FROM affsync.alert_message"),
      "rows_quarantined open 3");
}

TEST_F(AlertsTold, ItIsToldAgainOnceItHasDoubled) {
  aside("rewards", 3);
  judge();
  EXPECT_EQ(told(), rows_of("rewards", 3));
  pass(hours(1));
  aside("rewards", 5);
  EXPECT_TRUE(judge().grown.empty());
  EXPECT_EQ(told(), "");
  pass(hours(1));
  aside("rewards", 6);
  EXPECT_EQ(judge().grown.size(), 1U);
  EXPECT_EQ(told(), "Has grown: " + rows_of("rewards", 6));
  pass(hours(1));
  aside("rewards", 11);
  judge();
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsTold, ABrokerThatIsDownWithAllItsStreamsIsOneMessage) {
  policy.settle = seconds(60);
  fail_streams({"rewards", "clients"});
  judge();
  EXPECT_EQ(told(), "");
  pass(seconds(30));
  fail_streams({"payouts"});
  judge();
  pass(seconds(31));
  judge();
  EXPECT_EQ(told(), "broker-1: 3 streams cannot be read\n");
  // One that comes later is told too, after a while, in case there are more of them.
  fail_streams({"wallet"});
  judge();
  EXPECT_EQ(told(), "");
  pass(minutes(15));
  judge();
  EXPECT_EQ(told(), "broker-1/wallet cannot be read\n");
  // It is over when all are.
  state("rewards", "consecutive_failures = 0");
  pass(minutes(1));
  judge();
  state("clients", "consecutive_failures = 0");
  state("payouts", "consecutive_failures = 0");
  state("wallet", "consecutive_failures = 0");
  pass(minutes(1));
  judge();
  pass(minutes(1));
  EXPECT_EQ(told(), "Over: broker-1: 4 streams cannot be read\n");
}

TEST_F(AlertsTold, StreamsThatWorkAgainAreToldAfterAnHourThoughOthersDoNot) {
  fail_streams({"rewards", "clients"});
  judge();
  EXPECT_EQ(told(), "broker-1: 2 streams cannot be read\n");
  state("rewards", "consecutive_failures = 0");
  judge();
  EXPECT_EQ(told(), "");
  pass(hours(1));
  judge();
  EXPECT_EQ(told(), "Over: broker-1/rewards cannot be read\n");
}

TEST_F(AlertsTold, WhatComesAndGoesIsToldAsThat) {
  for (int i = 0; i < 2; ++i) {
    aside("rewards", 1);
    judge();
    EXPECT_EQ(told(), rows_of("rewards", 1));
    pass(minutes(10));
    aside("rewards", 0);
    judge();
    EXPECT_EQ(told(), "Over: " + rows_of("rewards", 1));
    pass(minutes(10));
  }
  aside("rewards", 1);
  judge();
  auto const messages = take();
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].title, "Comes and goes: 1 row of broker-1/rewards could not be stored");
  EXPECT_NE(messages[0].body.find("It has come 3 times within 40 min."), std::string::npos);
  note_sent(session(), messages[0].message_id, token, now);
  for (int i = 0; i < 10; ++i) {
    pass(minutes(10));
    aside("rewards", i % 2);
    judge();
    EXPECT_EQ(told(), "") << i;
  }
  // It stays: i is odd last.
  pass(hours(2));
  judge();
  EXPECT_EQ(told(), rows_of("rewards", 1));
  EXPECT_EQ(count_of("alert"), "1");
  aside("rewards", 0);
  judge();
  EXPECT_EQ(told(), "Over: " + rows_of("rewards", 1));
}

TEST_F(AlertsTold, WhatIsOverBeforeItWasSentIsOneMessage) {
  policy.quiet = QuietHours();
  policy.quiet->from = 22 * 60;
  policy.quiet->to = 7 * 60;
  aside("rewards", 2);  // at midnight
  judge();
  EXPECT_EQ(told(), "");
  pass(hours(3));
  aside("rewards", 0);
  judge();
  pass(hours(4));
  judge();
  EXPECT_EQ(told(), "Was, and is over: " + rows_of("rewards", 2));
  EXPECT_EQ(told(), "");
}

TEST_F(AlertsTold, QuietHoursAreThoseOfTheZoneAndHaveExceptions) {
  policy.quiet = QuietHours();
  policy.quiet->from = 22 * 60;
  policy.quiet->to = 7 * 60;
  policy.quiet->zone = "Europe/Berlin";
  policy.quiet->except = {"stream_failing"};
  // 23:30 in Berlin.
  now = TimePoint(*parse_day("2026-03-01")) + hours(22) + minutes(30);
  aside("rewards", 2);
  fail_streams({"clients"});
  judge();
  EXPECT_EQ(told(), "broker-1/clients cannot be read\n");
  now = TimePoint(*parse_day("2026-03-02")) + hours(5) + minutes(59);  // 6:59
  state("clients", "last_success_at = " + at(hours(9)));
  judge();
  EXPECT_EQ(told(), "");
  pass(minutes(1));
  judge();
  EXPECT_EQ(told(), rows_of("rewards", 2));
  // In summer an hour earlier.
  now = TimePoint(*parse_day("2026-07-01")) + hours(4) + minutes(59);
  aside("payouts", 1);
  state("clients", "last_success_at = " + at(hours(9)));
  judge();
  EXPECT_EQ(told().find("payouts"), std::string::npos);
  pass(minutes(1));
  EXPECT_NE(told().find("payouts"), std::string::npos);
}

TEST_F(AlertsTold, AZoneThatPostgresDoesNotKnowIsSaidAndNothingIsQuiet) {
  policy.quiet = QuietHours();
  policy.quiet->to = 23 * 60;
  policy.quiet->zone = "Europe/Atlantis";
  aside("rewards", 2);
  auto const changes = judge();
  ASSERT_TRUE(changes.quiet_failed);
  EXPECT_NE(changes.quiet_failed->message.find("Atlantis"), std::string::npos);
  EXPECT_EQ(told(), rows_of("rewards", 2));
}

TEST_F(AlertsTold, AMutedRuleIsListedButNotToldUntilTheMuteEnds) {
  AlertMute mute;
  mute.rule = "rows_quarantined";
  mute.until = now + hours(5);
  mute.system_user = "ada";
  mute.reason = "known";
  mute.now = now;
  EXPECT_GT(mute_alerts(session(), mute), 0);
  EXPECT_EQ(value("SELECT rule || ' ' || reason FROM affsync.alert_mute"),
            "rows_quarantined known");
  EXPECT_EQ(value("SELECT muted_by LIKE 'ada as %' FROM affsync.alert_mute"), "t");
  aside("rewards", 2);
  judge();
  EXPECT_EQ(told(), "");
  auto const lines = list_alerts(session(), AlertFilter(), now);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].muted);
  EXPECT_EQ(lines[0].muted_until, now + hours(5));
  pass(hours(5));
  judge();
  EXPECT_EQ(told(), rows_of("rewards", 2));
}

TEST_F(AlertsTold, AMutedAlertIsNotToldAgainWhenItGrows) {
  aside("rewards", 2);
  aside("clients", 2);
  judge();
  EXPECT_EQ(told(), rows_of("clients", 2) + rows_of("rewards", 2));
  AlertMute mute;
  mute.alert_id = std::stoll(value("SELECT alert_id FROM affsync.alert WHERE stream = 'rewards'"));
  mute.now = now;
  mute_alerts(session(), mute);
  pass(hours(1));
  aside("rewards", 20);
  aside("clients", 20);
  judge();
  EXPECT_EQ(told(), "Has grown: " + rows_of("clients", 20));
  EXPECT_EQ(unmute_alerts(session(), mute), 1);
  EXPECT_EQ(value("SELECT ended_at IS NOT NULL FROM affsync.alert_mute"), "t");
  judge();
  EXPECT_EQ(told(), "Has grown: " + rows_of("rewards", 20));
  mute.alert_id = 4711;
  EXPECT_THROW(mute_alerts(session(), mute), Failure);
  mute.rule = "no_rule";
  EXPECT_THROW(mute_alerts(session(), mute), Failure);
}

TEST_F(AlertsTold, ARuleIsToldToItsReceiversOnlyAndOneThatIsOffToNobody) {
  policy.receivers = {"ops", "phone", "mail"};
  to("rows_quarantined", {"phone", "mail"});
  aside("rewards", 2);
  fail_streams({"clients"});
  judge();
  EXPECT_EQ(told("ops"), "broker-1/clients cannot be read\n");
  EXPECT_EQ(told("phone"), "broker-1/clients cannot be read\n" + rows_of("rewards", 2));
  EXPECT_EQ(told("mail"), "broker-1/clients cannot be read\n" + rows_of("rewards", 2));
  off("rows_quarantined");
  judge();
  EXPECT_EQ(open("rows_quarantined"), "");
  EXPECT_EQ(told("phone"), "");
}

TEST_F(AlertsTold, WhatIsOpenIsToldOnceThereIsSomebodyToTell) {
  policy.receivers = {};
  aside("rewards", 2);
  judge();
  EXPECT_EQ(count_of("alert_message"), "0");
  policy.receivers = {"ops"};
  pass(hours(1));
  judge();
  EXPECT_EQ(told(), rows_of("rewards", 2));
}

TEST_F(AlertsTold, ARuleThatFailsIsNotedAndStopsNoOther) {
  aside("rewards", 2);
  fail_streams({"clients"});
  judge();
  set("rows_quarantined", "rows", "many");
  aside("rewards", 0);
  state("clients", "consecutive_failures = 0");
  pass(minutes(1));
  policy.now = now;
  auto const changes = judge_alerts(session(), policy);
  ASSERT_EQ(changes.failed.size(), 1U);
  EXPECT_EQ(changes.failed[0].rule, "rows_quarantined");
  EXPECT_NE(changes.failed[0].error.message.find("many"), std::string::npos);
  EXPECT_EQ(open("stream_failing"), "");
  EXPECT_NE(open("rows_quarantined"), "");
  EXPECT_EQ(
      value("SELECT string_agg(rule, ' ') FROM affsync.alert_rule WHERE failed_at IS NOT NULL"),
      "rows_quarantined");
  for (auto const& count : count_alerts(session(), now)) {
    EXPECT_EQ(count.failed, count.rule == "rows_quarantined") << count.rule;
  }
  set("rows_quarantined", "rows", "1");
  judge();
  EXPECT_EQ(open("rows_quarantined"), "");
}

// One who may read could keep all alerts silent otherwise.
TEST_F(AlertsTold, NoLockOfAReaderHoldsThemUp) {
  aside("rewards", 2);
  PgSession other(options_for(url));
  pqxx::work holds(other.connection());
  holds.exec("SET LOCAL ROLE affsync_reader");
  holds.exec(
      "SELECT pg_advisory_xact_lock(5318008172904), pg_advisory_xact_lock(5318008, "
      "hashtext('ops'))");
  holds.exec("LOCK TABLE affsync.alert_rule, affsync.alert_message IN ACCESS SHARE MODE");
  judge();
  EXPECT_EQ(count_of("alert") + " " + count_of("alert_message"), "1 1");
  EXPECT_EQ(take().size(), 1U);
}

TEST_F(AlertsTold, WhoTakesMessagesAndWhoWritesThemDoNotWaitForEachOther) {
  aside("rewards", 2);
  judge();
  aside("clients", 7);
  pqxx::connection taker(url);
  pqxx::work takes(taker);
  takes.exec("LOCK TABLE affsync.alert_message IN SHARE ROW EXCLUSIVE MODE");
  auto judged = std::async(std::launch::async, [&] { judge(); });
  while (sql_value(url, "SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") {
    if (judged.wait_for(std::chrono::milliseconds(10)) == std::future_status::ready) break;
  }
  EXPECT_EQ(takes.exec("SELECT FROM affsync.alert_message FOR UPDATE").size(), 1U);
  takes.commit();
  judged.get();
  EXPECT_EQ(count_of("alert") + " " + count_of("alert_message"), "2 2");
}

TEST_F(AlertsTold, OfTwoJudgesAtOnceOneDoesItAndTheOtherDoesNothing) {
  aside("rewards", 2);
  PgSession other(options_for(url));
  pqxx::work holds(other.connection());
  holds.exec("LOCK TABLE affsync.alert_rule IN SHARE ROW EXCLUSIVE MODE");
  policy.now = now;
  EXPECT_TRUE(judge_alerts(session(), policy).busy);
  EXPECT_EQ(count_of("alert"), "0");
  holds.abort();
  judge();
  // Another one right after it has nothing to do.
  policy.now = now;
  EXPECT_FALSE(judge_alerts(other, policy).any());
  EXPECT_EQ(count_of("alert") + " " + count_of("alert_message"), "1 1");
}

TEST_F(AlertsTold, AnotherDaemonsSourcesAreLeftAlone) {
  aside("rewards", 2);
  judge();
  SourceNow mine;
  mine.name = "another";
  policy.sources = {mine};
  aside("rewards", 0);
  aside("clients", 7);
  judge();
  EXPECT_EQ(open("rows_quarantined"), "2 rows of broker-1/rewards could not be stored");
  policy.sources[0].name = "broker-1";
  judge();
  EXPECT_EQ(open("rows_quarantined"), "7 rows of broker-1/clients could not be stored");
}

TEST_F(AlertsTold, ClosedAlertsAndSentMessagesAreLetGo) {
  now = std::chrono::floor<seconds>(std::chrono::system_clock::now()) - days(500);
  aside("rewards", 2);
  aside("clients", 1);
  judge();
  told();
  aside("rewards", 0);
  judge();
  Retention keep;
  keep.alerts = days(400);
  EXPECT_EQ(loop.run(store->prune(keep, true)).alerts, 3);
  EXPECT_EQ(loop.run(store->prune(keep, false)).alerts, 3);
  EXPECT_EQ(value("SELECT string_agg(stream, ' ') FROM affsync.alert"), "clients");
  // What has not been sent stays.
  EXPECT_EQ(value("SELECT string_agg(kind, ' ') FROM affsync.alert_message"), "closed");
}

}  // namespace
}  // namespace affsync::schema::test::alerts_telling_test
