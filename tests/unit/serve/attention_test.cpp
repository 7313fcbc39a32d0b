// What needs attention: each problem with its reason and the command that mends it.
#include "daemon/serve/attention.hpp"

#include <gtest/gtest.h>

namespace affsync::serve::attention_test {
namespace {

using namespace std::chrono_literals;

TimePoint const now = TimePoint(1'700'000'000s);

StreamView stream(std::string const& source, std::string const& name) {
  StreamView view;
  view.health.source = source;
  view.health.stream = name;
  view.health.connector = "exness";
  view.health.ended_status = "succeeded";
  view.health.last_success_at = now - 10min;
  view.every = 15min;
  return view;
}

PageState state_of_streams(std::vector<StreamView> streams) {
  PageState state;
  state.now = now;
  state.streams = std::move(streams);
  return state;
}

std::vector<Concern> of(std::vector<StreamView> streams,
                        std::vector<QuarantineReason> const& reasons = {},
                        std::vector<OpenAlert> const& alerts = {}) {
  return concerns(state_of_streams(std::move(streams)), reasons, alerts);
}

using Texts = std::vector<std::string>;

TEST(Attention, NothingStandsAgainstAStreamThatIsWell) {
  EXPECT_TRUE(of({stream("main", "rewards")}).empty());
}

// A pass over a source of files reads nothing anew.
TEST(Attention, WhatAFileSaidIsMendedByAnotherFile) {
  auto view = stream("portal", "commissions");
  view.health.of_files = true;
  view.health.unreconciled = 1;
  view.health.doubtful_days = 1;
  auto const all = of({view});
  ASSERT_EQ(all.size(), 2U);
  for (auto const& one : all) {
    EXPECT_EQ(one.command, "affsync import FILE --source portal --stream commissions") << one.kind;
  }
}

TEST(Attention, AFolderIsReadAgainWhenItIsMended) {
  auto view = stream("portal", "commissions");
  view.health.of_files = true;
  view.health.ended_status = "failed";
  auto const all = of({view});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].command, "affsync sync --source portal --stream commissions");
}

TEST(Attention, AStreamOfAnotherDaemonIsNotOurs) {
  auto view = stream("main", "rewards");
  view.health.ended_status = "failed";
  view.every.reset();
  EXPECT_TRUE(of({view}).empty());
}

TEST(Attention, StreamsThatFailForTheSameReasonAreOne) {
  auto one = stream("main", "rewards"), two = stream("main", "clients");
  auto three = stream("main", "payouts");
  for (auto* view : {&one, &two, &three}) view->health.ended_status = "failed";
  one.health.last_error = "main/rewards: POST /auth: refused. Check the password.";
  two.health.last_error = "main/clients: POST /auth: refused. Check the password.";
  three.health.last_error = "main/payouts: GET /payouts: not found.";
  auto const all = of({one, two, three});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0].bad);
  EXPECT_EQ(all[0].kind, "failed");
  EXPECT_EQ(all[0].streams, (Texts{"rewards", "clients"}));
  EXPECT_EQ(all[0].reasons, (Texts{"POST /auth: refused. Check the password."}));
  EXPECT_EQ(all[0].command, "affsync check --source main");
  EXPECT_EQ(all[1].streams, (Texts{"payouts"}));
}

TEST(Attention, ABlockedSourceIsOneWhateverItsStreamsSay) {
  auto one = stream("main", "rewards"), two = stream("main", "clients");
  for (auto* view : {&one, &two}) {
    view->health.ended_status = "failed";
    view->health.blocked_until = now + 6h;
    view->health.blocked_code = "auth_invalid";
    view->health.blocked_reason = "wrong password";
  }
  auto const all = of({one, two});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].kind, "blocked");
  EXPECT_EQ(all[0].title,
            "Nothing is sent to the source until 2023-11-15T04:13:20Z, in 6 h (auth_invalid)");
  EXPECT_EQ(all[0].reasons, Texts{"wrong password"});
  EXPECT_EQ(all[0].command, "systemctl reload affsync");
  // A pause that the broker asked for ends by itself.
  for (auto* view : {&one, &two}) view->health.blocked_code = "throttled";
  EXPECT_EQ(of({one, two}).at(0).command, "");
}

TEST(Attention, QuarantineNamesItsReasons) {
  auto view = stream("main", "rewards");
  view.health.quarantined = 1234;
  QuarantineReason const first{"main", "rewards", "amount: \"x\" is not a number", 1200};
  QuarantineReason const other{"main", "clients", "no key", 7};
  auto const all = of({view}, {first, other});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_FALSE(all[0].bad);
  EXPECT_EQ(all[0].title, "1,234 rows are in quarantine");
  EXPECT_EQ(all[0].reasons, Texts{"1,200 rows: amount: \"x\" is not a number"});
  EXPECT_EQ(all[0].command, "affsync quarantine --source main --stream rewards");
}

TEST(Attention, TotalsSayBothFiguresAndSinceWhen) {
  auto view = stream("main", "rewards");
  view.health.unreconciled = 1;
  schema::StandingDifference difference;
  difference.metric = "sum of amount";
  difference.broker_value = "100.50";
  difference.our_value = "90.25";
  difference.difference = "-10.25";
  difference.from = parse_day("2023-11-01");
  difference.to = parse_day("2023-11-14");
  difference.since = now - 2h;
  view.health.differences.push_back(difference);
  auto const all = of({view});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].title, "1 total of the broker differs from the stored rows");
  EXPECT_EQ(all[0].reasons,
            Texts{"sum of amount, 2023-11-01 to 2023-11-14: the broker says 100.50, "
                  "the rows give 90.25 (-10.25)"});
  EXPECT_EQ(all[0].since, now - 2h);
  EXPECT_EQ(all[0].command, "affsync sync --source main --stream rewards --full");
}

TEST(Attention, DaysThatAreLostAreNotThoseInDoubt) {
  auto view = stream("main", "rewards");
  view.health.lost_days = 31;
  view.health.doubtful_days = 1;
  schema::CoverageSpan lost, doubtful;
  lost.state = schema::DayState::lost;
  lost.from = *parse_day("2023-01-01");
  lost.to = *parse_day("2023-01-31");
  doubtful.state = schema::DayState::doubtful;
  doubtful.from = doubtful.to = *parse_day("2023-11-13");
  view.health.gaps = {lost, doubtful};
  auto const all = of({view});
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].kind, "days_lost");
  EXPECT_EQ(all[0].title, "31 days are lost");
  EXPECT_EQ(all[0].reasons, Texts{"lost: 2023-01-01 to 2023-01-31"});
  EXPECT_EQ(all[0].command, "affsync import FILE --source main --stream rewards");
  EXPECT_EQ(all[1].title, "1 day is in doubt");
  EXPECT_EQ(all[1].reasons, Texts{"in doubt: 2023-11-13"});
  EXPECT_EQ(all[1].command, "affsync sync --source main --stream rewards");
}

TEST(Attention, LateSkippedWordsAndClocksHaveTheirCommands) {
  auto late = stream("a", "s"), skipped = stream("b", "s"), words = stream("c", "s"),
       clock = stream("d", "s");
  late.late = true;
  skipped.health.ended_status = "skipped";
  skipped.health.last_error_code = "permission_denied";
  words.health.unknown_words.push_back({"weird", 3});
  clock.health.clock_skew_seconds = -301;
  auto const all = of({late, skipped, words, clock});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].command, "affsync sync --source a --stream s");
  EXPECT_EQ(all[1].command, "affsync check --source b");
  EXPECT_EQ(all[1].reasons, Texts{"permission_denied"});
  EXPECT_EQ(all[2].command, "affsync inspect c s");
  EXPECT_EQ(all[2].reasons, Texts{"3 rows: \"weird\""});
  EXPECT_EQ(all[3].command, "timedatectl");
}

TEST(Attention, TheWorstComesFirst) {
  auto warned = stream("a", "s"), failed = stream("b", "s");
  warned.health.quarantined = 1;
  failed.health.ended_status = "failed";
  auto state = state_of_streams({warned, failed});
  state.problem = Error(ErrorCode::database_unavailable, "refused", "Start it.");
  state.notes = {"The configuration could not be reloaded"};
  auto const all = concerns(state, {}, {});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].kind, "database");
  EXPECT_EQ(all[0].remedy, "Start it.");
  EXPECT_EQ(all[1].kind, "daemon");
  EXPECT_EQ(all[2].kind, "failed");
  EXPECT_EQ(all[3].kind, "quarantine");
}

TEST(Attention, OpenAlertsAreListedUnlessTheStreamSaysSo) {
  auto failed = stream("main", "rewards");
  failed.health.ended_status = "failed";
  OpenAlert same, other_stream, money;
  same.rule = other_stream.rule = "stream_failing";
  same.source = other_stream.source = money.source = "main";
  same.stream = "rewards";
  other_stream.stream = "clients";
  money.rule = "commission_lowered";
  money.severity = "urgent";
  money.title = "main took back 12.00 USD";
  money.remedy = "Ask the broker.";
  money.opened_at = now - 1h;
  auto const all = of({failed}, {}, {same, other_stream, money});
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].kind, "failed");
  EXPECT_EQ(all[1].kind, "alert");
  EXPECT_EQ(all[1].title, "main took back 12.00 USD");
  EXPECT_EQ(all[1].since, now - 1h);
  EXPECT_EQ(all[2].streams, Texts{"clients"});
}

// A command that a remedy names can be copied as those of other concerns.
TEST(Attention, TheCommandInTheRemedyOfAnAlertIsToBeCopied) {
  auto const command_of = [](std::string const& remedy) {
    OpenAlert alert;
    alert.rule = "payout_overdue";
    alert.source = "main";
    alert.remedy = remedy;
    auto const concern = of({}, {}, {alert}).at(0);
    return concern.command + " | " + concern.remedy;
  };
  for (std::string const after : {" shows all", " shows it", " shows more", "", "; or ask"}) {
    auto const remedy = "Ask the broker; affsync report payouts --source main" + after;
    EXPECT_EQ(command_of(remedy), "affsync report payouts --source main | " + remedy);
  }
  EXPECT_EQ(command_of("Correct the key, then: affsync sync --source main --retry-login"),
            "affsync sync --source main --retry-login | "
            "Correct the key, then: affsync sync --source main --retry-login");
  EXPECT_EQ(command_of("affsync check --source main"), "affsync check --source main | ");
  EXPECT_EQ(command_of("Add the word to the connector, or update affsync"),
            " | Add the word to the connector, or update affsync");
  EXPECT_EQ(command_of("Ask those who run affsync there"), " | Ask those who run affsync there");
}

TEST(Attention, AReplicaThatIsAwayIsNotTheDatabase) {
  PageState state;
  state.now = now;
  state.problem = Error(ErrorCode::database_unavailable, "no connection", "Look at it.");
  state.replica_is_away = true;
  EXPECT_EQ(concerns(state, {}, {}).at(0).title,
            "The replica for reports (database.read_url) does not answer");
  state.replica_is_away = false;
  EXPECT_EQ(concerns(state, {}, {}).at(0).title, "The database does not answer");
}

}  // namespace
}  // namespace affsync::serve::attention_test
