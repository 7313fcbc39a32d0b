// Which days a pass reads if some are no longer available, are in doubt, or are too many at once.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::days_of_pass_test {
namespace {

using std::chrono::days;
using Days = std::vector<std::string>;

Day day(char const* text) {
  return *parse_day(text);
}

// One row per day, all on one page, with a count that can be wrong.
class DayServer {
 public:
  Day oldest = day("2000-01-01");  // earlier days are refused
  int longest = 10'000;            // a longer window is refused
  bool says_too_long = true;       // … with a code that the connector knows
  bool broken = false;             // everything is refused
  std::set<Day> miscounted;        // a window with one of these days has a wrong count
  Days asked, refused;             // "from to" of each request

  std::optional<Error> refusal(HttpRequest const& request) {
    auto const [from, to] = days_of(request);
    auto const span = format_day(from) + " " + format_day(to);
    std::optional<Error> error;
    if ((to - from).count() + 1 > longest) {
      error = Error(says_too_long ? ErrorCode::window_too_large : ErrorCode::bad_request, "long");
    }
    if (broken || from < oldest) error = Error(ErrorCode::bad_request, "from is too early");
    // Requests for the same days are further pages of one window.
    auto& list = error ? refused : asked;
    if (list.empty() || list.back() != span) list.push_back(span);
    return error;
  }
  Answer answer(HttpRequest const& request) {
    auto const [from, to] = days_of(request);
    std::string text = R"({"data":[)";
    std::int64_t count = 0;
    bool wrong = false;
    for (auto at = from; at <= to; at += days(1)) {
      text += (count++ > 0 ? "," : "") + ListServer::row("r" + format_day(at));
      wrong = wrong || miscounted.contains(at);
    }
    text += R"(],"totals":{"count":)" + std::to_string(count + (wrong ? 1 : 0)) + "}}";
    Answer out;
    out.body = parse_json(text).value();
    return out;
  }

 private:
  static std::pair<Day, Day> days_of(HttpRequest const& request) {
    auto const query = query_of(request);
    return {*parse_day(query.at("date_from")), *parse_day(query.at("date_to"))};
  }
};

struct Read {
  std::vector<SliceEnd> ends;
  std::vector<DaySpan> lost;  // at the begin and during the pass
  std::string cursor;
  std::optional<Error> error;
  std::optional<DaySpan> covered;
  bool full = false;

  Days slices() const {
    Days all;
    for (auto const& end : ends)
      all.push_back(format_day(*end.slice.from) + " " + format_day(*end.slice.to));
    return all;
  }
};

Read read(StreamPlan const& plan, DayServer& server, std::string const& today,
          std::string cursor = {}, std::vector<DaySpan> again = {}, int most = 1000,
          std::optional<Day> since = {}) {
  ReaderStart start;
  start.since = since;
  start.now = at(today);
  start.cursor = std::move(cursor);
  start.again = std::move(again);
  StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
  Read result;
  result.lost = reader.lost();
  result.covered = reader.covered();
  server.asked.clear();
  server.refused.clear();
  bool ended = false;
  for (int i = 0; i < most; ++i) {
    auto const request = reader.next_request();
    ended = !request;
    if (ended) break;
    if (auto error = server.refusal(*request)) {
      if (reader.on_refusal(*error)) continue;
      result.error = error;
      break;
    }
    auto page = reader.on_answer(server.answer(*request), start.now).value();
    result.cursor = page.checkpoint;
    for (auto const& span : page.lost) {
      // Lost days from the begin are reported with the first page too.
      if (std::ranges::find(result.lost, span) == result.lost.end()) result.lost.push_back(span);
    }
    if (page.slice_end) result.ends.push_back(std::move(*page.slice_end));
  }
  for (auto const& span : reader.lost()) {
    if (std::ranges::find(result.lost, span) == result.lost.end()) result.lost.push_back(span);
  }
  if (ended) result.cursor = reader.final_checkpoint();
  result.full = reader.is_full_pass();
  return result;
}

// A plan whose pages hold all rows.
StreamPlan plan_of(char const* start, int span = 31) {
  return windowed_plan(1000, 1, day(start), span);
}

std::vector<DaySpan> spans(char const* from, char const* to) {
  return {DaySpan{day(from), day(to)}};
}

// What the broker changed between the begin of a pass and its end days later is read by the next.
TEST(Lookback, CountsFromTheDayOnWhichAnInterruptedPassBegan) {
  DayServer server;
  auto plan = plan_of("2026-01-01", 10);
  plan.spec->window->lookback_days = 60;
  auto const first = read(plan, server, "2026-04-24");
  auto const broken = read(plan, server, "2026-04-25", first.cursor, {}, 4);
  EXPECT_EQ(server.asked, (Days{"2026-02-24 2026-03-05", "2026-03-06 2026-03-15"}));
  auto const later = read(plan, server, "2026-04-27", broken.cursor, {}, 4);
  auto const ended = read(plan, server, "2026-04-29", later.cursor);
  EXPECT_EQ(server.asked.back(), "2026-04-25 2026-04-29");
  auto const next = read(plan, server, "2026-04-30", ended.cursor);
  EXPECT_EQ(server.asked.front().substr(0, 10), "2026-02-25");
  read(plan, server, "2026-05-01", next.cursor);
  EXPECT_EQ(server.asked.front().substr(0, 10), "2026-03-02");
}

TEST(Lookback, APassSinceADayLeavesTheDaysBeforeToTheNext) {
  DayServer server;
  auto plan = plan_of("2026-01-01");
  plan.spec->window->lookback_days = 60;
  auto const first = read(plan, server, "2026-04-24");
  auto cursor = first.cursor;
  for (auto const* today : {"2026-04-29", "2026-04-30"}) {
    cursor = read(plan, server, today, cursor, {}, 1000, day("2026-04-20")).cursor;
    EXPECT_EQ(server.asked.front().substr(0, 10), "2026-04-20");
  }
  auto const next = read(plan, server, "2026-05-01", cursor);
  EXPECT_EQ(server.asked.front().substr(0, 10), "2026-02-24");
  read(plan, server, "2026-05-02", next.cursor);
  EXPECT_EQ(server.asked.front().substr(0, 10), "2026-03-03");
}

TEST(Keeps, NothingOlderIsAskedFor) {
  DayServer server;
  auto plan = plan_of("2025-01-01");
  plan.spec->keeps_days = 30;
  auto const first = read(plan, server, "2026-06-30");
  EXPECT_EQ(server.asked, (Days{"2026-06-01 2026-06-30"}));
  EXPECT_TRUE(first.lost.empty()) << "days that were never available are not lost";
  EXPECT_TRUE(first.full);
  EXPECT_EQ(first.ends.at(0).keeps_from, day("2026-06-01"));
  // The next pass, after a pause shorter than the broker's retention.
  auto const second = read(plan, server, "2026-07-20", first.cursor);
  EXPECT_EQ(server.asked, (Days{"2026-06-24 2026-07-20"}));
  EXPECT_TRUE(second.lost.empty());
}

TEST(Keeps, APauseThatIsTooLongLosesDaysAndTheMarkMovesOn) {
  DayServer server;
  auto plan = plan_of("2026-01-01");
  plan.spec->keeps_days = 30;
  auto const first = read(plan, server, "2026-01-20");
  auto const second = read(plan, server, "2026-04-30", first.cursor);
  EXPECT_EQ(second.covered, (DaySpan{day("2026-01-01"), day("2026-01-20")}));
  EXPECT_EQ(second.lost, spans("2026-01-21", "2026-03-31"));
  EXPECT_EQ(server.asked, (Days{"2026-04-01 2026-04-30"}));
  auto const third = read(plan, server, "2026-05-01", second.cursor);
  EXPECT_TRUE(third.lost.empty());
  EXPECT_EQ(server.asked, (Days{"2026-04-24 2026-05-01"}));
}

TEST(TooOld, ARefusedWindowMovesOnToWhatTheBrokerStillGives) {
  DayServer server;
  auto const plan = plan_of("2026-01-01");
  auto const first = read(plan, server, "2026-01-20");
  server.oldest = day("2026-03-02");
  auto const second = read(plan, server, "2026-03-31", first.cursor);
  EXPECT_FALSE(second.error);
  EXPECT_EQ(second.lost, spans("2026-01-21", "2026-03-01"));
  EXPECT_EQ(second.slices(), (Days{"2026-03-02 2026-03-31"}));
  EXPECT_LE(server.asked.size() + server.refused.size(), 12U);
  // A day later the reach of the broker is known.
  server.oldest = day("2026-03-03");
  auto const third = read(plan, server, "2026-04-01", second.cursor);
  EXPECT_TRUE(server.refused.empty());
  EXPECT_EQ(third.slices(), (Days{"2026-03-25 2026-04-01"}));
}

TEST(TooOld, DaysThatWereReadBeforeAreNotLost) {
  DayServer server;
  auto plan = plan_of("2026-01-01");
  plan.spec->window->lookback_days = 45;
  auto const first = read(plan, server, "2026-03-30");
  server.oldest = day("2026-03-02");
  auto const second = read(plan, server, "2026-03-31", first.cursor);
  EXPECT_FALSE(second.error);
  EXPECT_TRUE(second.lost.empty());
  EXPECT_EQ(second.slices(), (Days{"2026-03-02 2026-03-31"}));
  server.oldest = day("2026-03-03");
  auto const third = read(plan, server, "2026-04-01", second.cursor);
  EXPECT_TRUE(server.refused.empty()) << "the limit is not determined again each time";
  EXPECT_EQ(third.slices(), (Days{"2026-03-03 2026-04-01"}));
}

TEST(TooOld, AFirstLoadBeginsWhereTheBrokerDoes) {
  DayServer server;
  server.oldest = day("2026-05-05");
  auto const first = read(plan_of("2020-01-01"), server, "2026-06-15");
  EXPECT_EQ(first.lost, spans("2020-01-01", "2026-05-04"));
  EXPECT_EQ(first.slices(), (Days{"2026-05-05 2026-06-04", "2026-06-05 2026-06-15"}));
  EXPECT_LE(server.asked.size() + server.refused.size(), 20U);
}

TEST(TooOld, ABrokerThatRefusesEverythingIsAnErrorSoon) {
  DayServer server;
  server.broken = true;
  auto const pass = read(plan_of("2026-01-01"), server, "2026-06-15");
  ASSERT_TRUE(pass.error);
  EXPECT_EQ(pass.error->code, ErrorCode::bad_request);
  EXPECT_TRUE(pass.lost.empty());
  EXPECT_LE(server.refused.size(), 3U);
}

TEST(TooOld, AWindowThatIsOnlyTooLongIsHalvedThoughTheConnectorHasNoRuleForIt) {
  DayServer server;
  server.longest = 7;
  server.says_too_long = false;
  auto const pass = read(plan_of("2026-06-01"), server, "2026-06-15");
  EXPECT_FALSE(pass.error);
  EXPECT_TRUE(pass.lost.empty());
  EXPECT_EQ(pass.slices().front(), "2026-06-01 2026-06-07");
  EXPECT_EQ(pass.slices().back(), "2026-06-15 2026-06-15");
}

TEST(InDoubt, DaysAreAskedForAgainBehindThePass) {
  DayServer server;
  auto const plan = plan_of("2026-01-01");
  auto const first = read(plan, server, "2026-06-14");
  auto const second =
      read(plan, server, "2026-06-15", first.cursor, spans("2026-02-01", "2026-03-10"));
  EXPECT_EQ(second.slices(),
            (Days{"2026-06-08 2026-06-15", "2026-02-01 2026-03-03", "2026-03-04 2026-03-10"}));
  EXPECT_FALSE(second.full);
  EXPECT_EQ(second.ends.back().seen_keys.size(), 7U);
  EXPECT_TRUE(second.ends.back().markable);
  // Days that the pass reads anyway. A full pass reads all.
  read(plan, server, "2026-06-15", first.cursor, spans("2026-06-09", "2026-06-10"));
  EXPECT_EQ(server.asked, (Days{"2026-06-08 2026-06-15"}));
}

TEST(InDoubt, APassThatStopsAmongThemGoesOnWithThem) {
  DayServer server;
  auto const plan = plan_of("2026-01-01");
  auto const first = read(plan, server, "2026-06-14");
  auto const doubtful = spans("2026-02-01", "2026-02-09");
  auto const stopped = read(plan, server, "2026-06-15", first.cursor, doubtful, 2);
  ASSERT_EQ(stopped.slices().size(), 2U);
  auto const rest = read(plan, server, "2026-06-15", stopped.cursor, doubtful);
  EXPECT_EQ(rest.slices().front(), "2026-02-01 2026-02-09");
  // On the next day nothing is missing.
  auto const next = read(plan, server, "2026-06-16", rest.cursor);
  EXPECT_EQ(next.slices(), (Days{"2026-06-09 2026-06-16"}));
}

TEST(InDoubt, DaysThatAreRefusedByThenAreLost) {
  DayServer server;
  auto const plan = plan_of("2026-01-01");
  auto const first = read(plan, server, "2026-06-14");
  server.oldest = day("2026-05-01");
  auto const second =
      read(plan, server, "2026-06-15", first.cursor, spans("2026-02-01", "2026-02-10"));
  EXPECT_FALSE(second.error);
  EXPECT_EQ(second.lost, spans("2026-02-01", "2026-02-10"));
}

TEST(InDoubt, AWholeListInDoubtIsReadAgainWhole) {
  auto plan = list_plan(10, 1);
  plan.spec->page.until_known = true;
  auto server = ListServer::with(30);
  server.total_of = [](std::int64_t count) { return count + 1; };
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader first(std::make_shared<StreamPlan const>(plan), start);
  ASSERT_TRUE(run(first, server, start.now).ends.at(0).doubt);
  start.cursor = first.final_checkpoint();
  EXPECT_TRUE(StreamReader(std::make_shared<StreamPlan const>(plan), start).is_full_pass());
}

// A server may cap a list without pages, so one answer proves nothing without a count.
TEST(SingleAnswer, IsProvenByTheBrokersCountAlone) {
  for (bool const tells_total : {true, false}) {
    auto plan = list_plan(10, 0);
    plan.spec->page.kind = SingleAnswer{};
    if (!tells_total) plan.spec->page.total.reset();
    auto server = ListServer::with(3);
    server.tells_total = tells_total;
    server.ignores_limit = server.ignores_offset = true;
    ReaderStart start;
    start.now = at("2026-06-15");
    StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
    ASSERT_TRUE(reader.next_request());
    HttpRequest whole;
    whole.target = "/api/rewards/?limit=3&offset=0";
    auto const page = reader.on_answer(server.answer(whole), start.now).value();
    ASSERT_TRUE(page.slice_end);
    EXPECT_EQ(page.slice_end->proof, tells_total ? CountProof::rows : CountProof::nothing);
    EXPECT_TRUE(page.slice_end->markable);
    EXPECT_FALSE(page.slice_end->doubt);
  }
}

StreamPlan changes_plan(int lookback) {
  auto plan = plan_of("2026-01-01");
  plan.spec->window->changes = true;
  plan.spec->window->lookback_days = lookback;
  plan.spec->window->column.clear();
  return plan;
}

class ChangeServer : public DayServer {
 public:
  // The request for the whole list has no days.
  std::optional<Error> refusal(HttpRequest const& request) {
    if (query_of(request).contains("date_from")) return DayServer::refusal(request);
    asked.push_back("all");
    return std::nullopt;
  }
  Answer answer(HttpRequest const& request) {
    if (query_of(request).contains("date_from")) return DayServer::answer(request);
    Answer out;
    out.body = parse_json(R"({"data":[],"totals":{"count":0}})").value();
    return out;
  }
};

// Like read(), with a server that also has a whole list.
Days changes(StreamPlan const& plan, ChangeServer& server, std::string const& today,
             std::string& cursor, int most = 1000) {
  ReaderStart start;
  start.now = at(today);
  start.cursor = cursor;
  StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
  server.asked.clear();
  for (int i = 0; i < most; ++i) {
    auto const request = reader.next_request();
    if (!request) break;
    if (auto error = server.refusal(*request)) {
      EXPECT_TRUE(reader.on_refusal(*error));
      continue;
    }
    cursor = reader.on_answer(server.answer(*request), start.now).value().checkpoint;
  }
  if (!reader.next_request()) cursor = reader.final_checkpoint();
  return server.asked;
}

TEST(WindowOfChanges, OneThatIsTooLongIsReadToItsEndInPieces) {
  auto const plan = changes_plan(7);
  ChangeServer server;
  std::string cursor;
  EXPECT_EQ(changes(plan, server, "2026-05-16", cursor), (Days{"all"}));
  server.longest = 7;
  // No pass for 30 days.
  auto const pieces = changes(plan, server, "2026-06-15", cursor);
  EXPECT_EQ(pieces.front().substr(0, 10), "2026-05-09");
  EXPECT_EQ(pieces.back().substr(11), "2026-06-15");
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    EXPECT_EQ(day(pieces[i].substr(0, 10).c_str()) - day(pieces[i - 1].substr(11).c_str()),
              days(1));
  }
  // The mark is the time at which the pass began.
  EXPECT_EQ(changes(plan, server, "2026-06-16", cursor).front().substr(0, 10), "2026-06-08");
}

TEST(WindowOfChanges, StoppedBetweenTwoPiecesItGoesOnAndTheMarkDoesNotWalkBack) {
  auto const plan = changes_plan(7);
  ChangeServer server;
  std::string cursor;
  changes(plan, server, "2026-05-16", cursor);
  server.longest = 7;
  changes(plan, server, "2026-06-15", cursor, 6);  // three refusals, and three pieces
  auto const rest = changes(plan, server, "2026-06-15", cursor);
  EXPECT_GT(rest.front(), "2026-05-13");
  EXPECT_EQ(rest.back().substr(11), "2026-06-15");
  EXPECT_EQ(changes(plan, server, "2026-06-15", cursor).front().substr(0, 10), "2026-06-08");
}

TEST(WindowOfChanges, TheLookbackIsCountedFromTheLastPassesDay) {
  ChangeServer server;
  std::string cursor;
  changes(changes_plan(2), server, "2026-06-26", cursor);
  EXPECT_EQ(changes(changes_plan(2), server, "2026-06-26", cursor),
            (Days{"2026-06-24 2026-06-26"}));
  EXPECT_EQ(changes(changes_plan(0), server, "2026-06-26", cursor),
            (Days{"2026-06-26 2026-06-26"}));
}

TEST(WindowOfChanges, AfterAPauseThatTheBrokerDoesNotRememberTheWholeListIsRead) {
  auto const plan = changes_plan(2);
  ChangeServer server;
  std::string cursor;
  changes(plan, server, "2026-01-10", cursor);
  server.oldest = day("2026-05-01");
  EXPECT_EQ(changes(plan, server, "2026-06-15", cursor), (Days{"all"}));
  EXPECT_EQ(changes(plan, server, "2026-06-16", cursor), (Days{"2026-06-13 2026-06-16"}));
}

}  // namespace
}  // namespace affsync::engine::days_of_pass_test
