#include "daemon/cli/status.hpp"

#include <gtest/gtest.h>

#include "base/json.hpp"

namespace affsync::cli::status_test {
namespace {

using schema::StreamHealth;

TimePoint const noon = Day(std::chrono::year(2026) / 11 / 21) + std::chrono::hours(12);

StreamHealth healthy() {
  StreamHealth stream;
  stream.source = "main";
  stream.connector = "exness";
  stream.stream = "rewards";
  stream.table = "commission";
  stream.last_success_at = noon - std::chrono::seconds(185);
  stream.lag_seconds = 185.4;
  stream.last_status = "succeeded";
  stream.rows = 12345;
  stream.next_run_at = noon + std::chrono::seconds(700);
  return stream;
}

std::vector<DaemonState> one_that_reads(std::string const& source) {
  DaemonState daemon;
  daemon.sources = {"another", source};
  return {daemon};
}

TEST(Status, TableShowsLagAndNextRun) {
  EXPECT_EQ(status_table({healthy()}, noon, "postgresql:///affsync", {}, one_that_reads("main")),
            "source  stream   status     last success (UTC)     lag    rows  quarantined  "
            "broker's totals  next run\n"
            "main    rewards  succeeded  2026-11-21 11:56    3m ago  12,345            0  "
            "none given       in 11m\n"
            "\n"
            "Database, for psql and BI tools:\n"
            "  psql \"postgresql:///affsync\"\n");
}

TEST(Status, TableExplainsWhatNeedsAttention) {
  auto stream = healthy();
  stream.last_status = "failed";
  stream.last_error_code = "auth_invalid";
  stream.last_error = "the broker refuses the password";
  stream.consecutive_failures = 3;
  stream.quarantined = 2;
  auto const text = status_table({stream}, noon, "db", {});
  EXPECT_NE(text.find("\nmain/rewards\n  the broker refuses the password (3 times in a row)\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("affsync quarantine --source main --stream rewards"), std::string::npos);
}

TEST(Status, OneReasonOfSeveralStreamsIsToldOnce) {
  auto one = healthy();
  one.last_status = "failed";
  one.last_error_code = "auth_invalid";
  one.last_error = "main/rewards: POST /login: the broker refuses the password";
  one.consecutive_failures = 2;
  auto two = one;
  two.stream = "wallets";
  auto other = one;
  other.source = "second";
  auto const text = status_table({one, two, other}, noon, "db", {});
  EXPECT_NE(text.find("\nmain/rewards, wallets\n  POST /login: the broker refuses the password (2 "
                      "times in a row)\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("refuses", text.find("refuses") + 1), text.rfind("refuses")) << text;
}

TEST(Status, ABlockedSourceIsToldOnceWithItsEndAndNotAskedSooner) {
  auto one = healthy();
  one.last_status = "failed";
  one.blocked_until = noon + std::chrono::hours(6);
  one.blocked_code = "auth_invalid";
  one.blocked_reason = "the broker refuses the password.";
  auto two = one;
  two.stream = "wallets";
  auto const text = status_table({one, two}, noon, "db", {}, one_that_reads("main"));
  auto const told = text.find(
      "\nmain\n  blocked until 2026-11-21 18:00 UTC (auth_invalid): the "
      "broker refuses the password. Other credentials");
  ASSERT_NE(told, std::string::npos) << text;
  EXPECT_EQ(text.find("blocked until", told + 20), std::string::npos) << text;
  EXPECT_EQ(text.find("in 11m"), std::string::npos) << text;
  EXPECT_NE(text.find("in 6h"), std::string::npos) << text;
}

TEST(Status, AClockThatIsOffIsToldOnceForASource) {
  auto one = healthy();
  one.clock_skew_seconds = -420;
  auto two = one;
  two.stream = "wallets";
  auto const text = status_table({one, two}, noon, "db", {});
  auto const told = text.find("was 7m behind the broker's at the latest run");
  ASSERT_NE(told, std::string::npos) << text;
  EXPECT_EQ(text.find("behind", told + 10), std::string::npos) << text;
  one.clock_skew_seconds = 299;
  EXPECT_EQ(status_table({one}, noon, "db", {}).find("clock"), std::string::npos);
}

TEST(Status, DaysThatAreThereInDoubtAndLostAreNamed) {
  auto stream = healthy();
  stream.proven_days = 320;
  stream.proven_from = parse_day("2026-01-01");
  stream.proven_to = parse_day("2026-11-19");
  schema::CoverageSpan lost;
  lost.state = schema::DayState::lost;
  lost.from = *parse_day("2025-12-01");
  lost.to = *parse_day("2025-12-31");
  schema::CoverageSpan doubtful;
  doubtful.state = schema::DayState::doubtful;
  doubtful.from = doubtful.to = *parse_day("2026-11-20");
  stream.gaps = {lost, doubtful};
  EXPECT_NE(status_table({stream}, noon, "db", {})
                .find("\nDays\n  main/rewards read whole: 320 days, 2026-01-01 to 2026-11-19; in "
                      "doubt, asked for again: 2026-11-20; lost, the broker no longer gives them: "
                      "2025-12-01 to 2025-12-31\n"),
            std::string::npos)
      << status_table({stream}, noon, "db", {});
}

TEST(Status, AcceptedRowsAreToldApart) {
  auto stream = healthy();
  stream.accepted = 4;
  EXPECT_NE(status_table({stream}, noon, "db", {}).find("4 rows in quarantine accepted as known"),
            std::string::npos);
}

TEST(Status, OneMoreDifferenceIsNotSeveral) {
  auto stream = healthy();
  stream.compared = 2;
  stream.unreconciled = 1;
  EXPECT_NE(status_table({stream}, noon, "db", {}).find("1 more total of the broker differs"),
            std::string::npos);
}

TEST(Status, TableSaysWhatDiffersSinceWhen) {
  auto stream = healthy();
  stream.compared = 5;
  stream.unreconciled = 2;
  stream.differences.emplace_back();
  auto& difference = stream.differences.back();
  difference.metric = "amount_usd";
  difference.from = Day(std::chrono::year(2026) / 11 / 1);
  difference.to = Day(std::chrono::year(2026) / 11 / 20);
  difference.broker_value = "100.50";
  difference.our_value = "90.25";
  difference.difference = "-10.25";
  difference.since = noon;
  auto const text = status_table({stream}, noon, "db", {});
  EXPECT_NE(text.find("2 of 5 differ"), std::string::npos) << text;
  std::string words;
  for (char const c : text) words += c == '\n' ? ' ' : c;
  EXPECT_NE(words.find("amount_usd from 2026-11-01 to 2026-11-20: the broker says 100.50, the"),
            std::string::npos)
      << text;
  EXPECT_NE(words.find("(-10.25), since 2026-11-21 12:00 UTC"), std::string::npos) << text;
  EXPECT_NE(words.find("1 more total of the broker differs"), std::string::npos) << text;
  stream.unreconciled = 0;
  stream.differences.clear();
  EXPECT_NE(status_table({stream}, noon, "db", {}).find("5 agree"), std::string::npos);
}

TEST(Status, WordsThatTheConnectorDoesNotKnowAreNamed) {
  auto stream = healthy();
  schema::UnknownWord frozen, unnamed;
  frozen.word = "FROZEN";
  frozen.rows = 1200;
  unnamed.rows = 1;
  stream.unknown_words = {frozen, unnamed};
  auto const text = status_table({stream}, noon, "db", {});
  EXPECT_NE(text.find("1,200 rows have a status that the connector does not know: \"FROZEN\""),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("1 row has a status that the connector does not know;"), std::string::npos)
      << text;
  EXPECT_NE(status_json({stream}, noon, "db")
                .find(R"("unknown_words":[{"word":"FROZEN","rows":1200},{"word":null,"rows":1}])"),
            std::string::npos);
}

TEST(Status, TableOfAStreamThatNeverSucceeded) {
  StreamHealth stream;
  stream.source = "main";
  stream.stream = "rewards";
  auto const text = status_table({stream}, noon, "db", {});
  EXPECT_NE(text.find("never"), std::string::npos);
}

TEST(Status, TableOfAnEmptyDatabaseSaysWhatToDo) {
  EXPECT_NE(status_table({}, noon, "db", {}).find("affsync sync"), std::string::npos);
}

TEST(Status, OverdueRunIsDue) {
  auto stream = healthy();
  stream.next_run_at = noon - std::chrono::seconds(1);
  EXPECT_NE(status_table({stream}, noon, "db", {}, one_that_reads("main")).find("  due\n"),
            std::string::npos);
}

TEST(Status, WhatNoDaemonReadsHasNoNextRun) {
  auto blocked = healthy();
  blocked.blocked_until = noon + std::chrono::minutes(4);
  for (auto const& stream : {healthy(), blocked}) {
    for (auto const& daemons : {std::vector<DaemonState>(), one_that_reads("not-main")}) {
      auto const text = status_table({stream}, noon, "db", {}, daemons);
      EXPECT_EQ(text.find("next run"), std::string::npos) << text;
      auto const json = status_json({stream}, noon, "db", daemons);
      EXPECT_NE(json.find(R"("next_run_at":null)"), std::string::npos) << json;
    }
  }
}

TEST(Status, ADatabaseWithOnlyRemovedSourcesWasReadBefore) {
  auto const text = status_table({}, noon, "db", {}, {}, 5);
  EXPECT_EQ(text.find("Nothing has been read"), std::string::npos) << text;
  EXPECT_NE(text.find("all 5 that the database knows were removed"), std::string::npos) << text;
}

TEST(Status, JsonHasNumbersTimesAndNulls) {
  EXPECT_EQ(
      status_json({healthy()}, noon, "db"),
      R"({"at":"2026-11-21T12:00:00Z","database":"db","streams":[{"source":"main",)"
      R"("connector":"exness","stream":"rewards","table":"commission",)"
      R"("last_success_at":"2026-11-21T11:56:55Z","lag_seconds":185,)"
      R"("last_status":"succeeded","error_code":null,"error":null,)"
      R"("consecutive_failures":0,"rows":12345,"quarantined":0,"compared":0,"unreconciled":0,"differences":[],"unknown_words":[],)"
      R"("next_run_at":null,"ended_status":null,"accepted":0,)"
      R"("blocked_until":null,"blocked_code":null,"blocked_reason":null,"proven_days":0,)"
      R"("proven_from":null,"proven_to":null,"doubtful_days":0,"lost_days":0,"gaps":[],"clock_skew_seconds":null,"lease":null}],"daemons":[]})");
}

TEST(Status, ADaemonWhoseReloadFailedSaysWhatWhereAndWhen) {
  DaemonState well, broken;
  well.instance = "host-a:/etc/affsync/affsync.yaml";
  broken.instance = "host-b:/etc/affsync/affsync.yaml";
  broken.version = "0.1.0";
  broken.reload_failed_at = noon;
  broken.reload_error = "/etc/affsync/affsync.yaml:7:5: unknown key \"strems\".";
  broken.needs_restart = {"http.listen (/etc/affsync/affsync.yaml:3:9)", "log.format"};
  auto const text = status_table({healthy()}, noon, "db", {}, {well, broken});
  EXPECT_NE(text.find("\nDaemon of host-b:/etc/affsync/affsync.yaml\n"
                      "  its configuration could not be reloaded at 2026-11-21 12:00 UTC"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("affsync.yaml:7:5"), std::string::npos) << text;
  EXPECT_NE(text.find("http.listen (/etc/affsync/affsync.yaml:3:9), log.format"), std::string::npos)
      << text;
  EXPECT_EQ(text.find("host-a"), std::string::npos) << text;
  EXPECT_TRUE(status_json({}, noon, "db", {broken})
                  .ends_with(R"("streams":[],"daemons":[{)"
                             R"("instance":"host-b:/etc/affsync/affsync.yaml","version":"0.1.0",)"
                             R"("started_at":null,"seen_at":null,)"
                             R"("reload_failed_at":"2026-11-21T12:00:00Z",)"
                             R"("reload_error":"/etc/affsync/affsync.yaml:7:5: unknown key )"
                             R"(\"strems\".",)"
                             R"x("needs_restart":["http.listen (/etc/affsync/affsync.yaml:3:9)",)x"
                             R"("log.format"]}]})"));
}

TEST(Status, TheCommandForPsqlIsOneWordOfAShell) {
  auto const shown = [](std::string const& database) {
    auto const text = status_table({}, noon, database, {});
    return text.substr(text.find("psql ", text.find("tools:")) + 5);
  };
  EXPECT_EQ(shown("user=a host='/x y'"), R"("user=a host='/x y'")"
                                         "\n");
  EXPECT_EQ(shown(R"(host=/x"y)"), R"('host=/x"y')"
                                   "\n");
}

}  // namespace
}  // namespace affsync::cli::status_test
