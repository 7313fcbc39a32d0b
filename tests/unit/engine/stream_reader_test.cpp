// Windows, checkpoints, answers and requests of a whole reader. Paging has its own test file.
#include "connectors/engine/stream_reader.hpp"

#include <gtest/gtest.h>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::stream_reader_test {
namespace {

using std::chrono::hours;

Day day(char const* text) {
  return *parse_day(text);
}
TimePoint const noon = at("2026-06-15");

// `per_day` rows per day, named day/number. Counts the requests per window.
struct DayServer : ListServer {
  int per_day = 2;
  std::function<bool(Day, Day)> refuses;

  Answer answer(HttpRequest const& request) {
    auto const query = query_of(request);
    ids.clear();
    for (Day d = *parse_day(query.at("date_from")); d <= *parse_day(query.at("date_to"));
         d += std::chrono::days(1)) {
      for (int i = 0; i < per_day; ++i) ids.push_back(format_day(d) + "/" + std::to_string(i));
    }
    return ListServer::answer(request);
  }
};

ReaderStart start_at(TimePoint now, std::string cursor = {}) {
  ReaderStart start;
  start.now = now;
  start.cursor = std::move(cursor);
  return start;
}

StreamReader reader_of(StreamPlan const& plan, ReaderStart const& start) {
  return StreamReader(std::make_shared<StreamPlan const>(plan), start);
}

std::vector<Slice> slices_of(Pass const& pass) {
  std::vector<Slice> slices;
  for (auto const& end : pass.ends) slices.push_back(end.slice);
  return slices;
}

Answer answer_of(std::string_view text) {
  Answer out;
  out.body = parse_json(text).value();
  return out;
}

TEST(StreamReader, AFirstLoadReadsEverySliceOldestFirst) {
  DayServer server;
  auto const plan = windowed_plan(100, 1, day("2026-04-01"), 31);
  auto reader = reader_of(plan, start_at(noon));
  EXPECT_TRUE(reader.is_full_pass());
  EXPECT_EQ(reader.window(), (Slice{day("2026-04-01"), day("2026-06-15")}));
  auto const pass = run(reader, server, noon);
  EXPECT_EQ(slices_of(pass), (std::vector<Slice>{{day("2026-04-01"), day("2026-05-01")},
                                                 {day("2026-05-02"), day("2026-06-01")},
                                                 {day("2026-06-02"), day("2026-06-15")}}));
  EXPECT_EQ(pass.rows_read, 76 * 2);
  EXPECT_EQ(pass.ends.at(0).scope_column, "occurred_on");
  EXPECT_EQ(pass.ends.at(1).seen_keys.size(), 62u);
  EXPECT_TRUE(pass.ends.at(1).markable);
}

TEST(StreamReader, TheNextPassReadsTheLookbackOnly) {
  DayServer server;
  auto const plan = windowed_plan(100, 1, day("2026-04-01"), 31);
  auto first = reader_of(plan, start_at(noon));
  run(first, server, noon);
  auto second = reader_of(plan, start_at(noon + hours(24), first.final_checkpoint()));
  EXPECT_FALSE(second.is_full_pass());
  EXPECT_EQ(second.window(), (Slice{day("2026-06-09"), day("2026-06-16")}));

  auto full = start_at(noon + hours(24), first.final_checkpoint());
  full.mode = ReadMode::full;
  EXPECT_TRUE(reader_of(plan, full).is_full_pass());
}

TEST(StreamReader, AWindowWithoutAKnownColumnIsNeverMarkable) {
  DayServer server;
  auto plan = windowed_plan(100, 1, day("2026-06-10"), 31);
  plan.spec->window->column.clear();
  auto const pass = read_all(plan, server);
  EXPECT_FALSE(pass.ends.at(0).markable);
  EXPECT_FALSE(pass.ends.at(0).doubt);
}

TEST(StreamReader, SinceAndUntilDoNotClaimDaysThatWereNotRead) {
  DayServer server;
  auto const plan = windowed_plan(100, 1, day("2026-04-01"), 31);
  auto start = start_at(noon);
  start.since = day("2026-06-01");
  auto ranged = reader_of(plan, start);
  EXPECT_FALSE(ranged.is_full_pass());
  run(ranged, server, noon);
  // No day before June was read, so the next pass begins at the start.
  auto next = reader_of(plan, start_at(noon, ranged.final_checkpoint()));
  EXPECT_EQ(next.window().from, day("2026-04-01"));

  // After a full history, a range of old days does not move the cursor in either direction.
  run(next, server, noon);
  auto old_days = start_at(noon, next.final_checkpoint());
  old_days.since = day("2026-04-10");
  old_days.until = day("2026-04-12");
  auto again = reader_of(plan, old_days);
  auto const pass = run(again, server, noon);
  EXPECT_EQ(slices_of(pass), (std::vector<Slice>{{day("2026-04-10"), day("2026-04-12")}}));
  auto last = reader_of(plan, start_at(noon, again.final_checkpoint()));
  EXPECT_EQ(last.window(), (Slice{day("2026-06-09"), day("2026-06-15")}));
}

TEST(StreamReader, UntilOfAFirstLoadLeavesTheRestToTheNextPass) {
  DayServer server;
  auto const plan = windowed_plan(100, 1, day("2026-04-01"), 31);
  auto start = start_at(noon);
  start.until = day("2026-05-20");
  auto reader = reader_of(plan, start);
  EXPECT_FALSE(reader.is_full_pass());
  run(reader, server, noon);
  auto next = reader_of(plan, start_at(noon, reader.final_checkpoint()));
  EXPECT_EQ(next.window(), (Slice{day("2026-05-14"), day("2026-06-15")}));
}

TEST(StreamReader, AStateFromTheFutureSkipsNothing) {
  DayServer server;
  auto const plan = windowed_plan(1000, 1, day("2026-04-01"), 500);
  auto wrong = reader_of(plan, start_at(at("2026-12-01")));
  run(wrong, server, at("2026-12-01"));
  auto reader = reader_of(plan, start_at(noon, wrong.final_checkpoint()));
  EXPECT_EQ(reader.window(), (Slice{day("2026-04-01"), day("2026-06-15")}));
}

TEST(StreamReader, NothingToReadAsksForNothing) {
  auto const plan = windowed_plan(100, 1, day("2027-01-01"), 31);
  auto reader = reader_of(plan, start_at(noon));
  EXPECT_FALSE(reader.next_request());
  EXPECT_EQ(reader.window(), Slice{});
  EXPECT_FALSE(reader.is_full_pass());
  EXPECT_FALSE(reader.on_answer(answer_of(R"({"data":[]})"), noon));
}

TEST(StreamReader, ATooLargeWindowIsHalvedAndStaysSo) {
  DayServer server;
  auto const plan = windowed_plan(100, 1, day("2026-05-16"), 31);
  auto reader = reader_of(plan, start_at(noon));
  Error const refusal(ErrorCode::window_too_large, "at most ten days");
  Pass pass;
  while (auto const request = reader.next_request()) {
    auto const query = query_of(*request);
    if (*parse_day(query.at("date_to")) - *parse_day(query.at("date_from")) >=
        std::chrono::days(10)) {
      ASSERT_TRUE(reader.on_refusal(refusal));
      continue;
    }
    auto page = reader.on_answer(server.answer(*request), noon);
    ASSERT_TRUE(page);
    take(pass, *page);
  }
  EXPECT_EQ(pass.ids().size(), 62u);
  EXPECT_EQ(pass.ends.front().slice, (Slice{day("2026-05-16"), day("2026-05-22")}));
  EXPECT_EQ(pass.ends.size(), 5u);
}

TEST(StreamReader, ADayThatIsStillTooLargeAndOtherRefusalsAreFinal) {
  auto const plan = windowed_plan(100, 1, day("2026-06-15"), 31);
  auto reader = reader_of(plan, start_at(noon));
  EXPECT_FALSE(reader.on_refusal(Error(ErrorCode::window_too_large, "no")));
  auto const wide = windowed_plan(100, 1, day("2026-06-01"), 31);
  EXPECT_FALSE(reader_of(wide, start_at(noon)).on_refusal(Error(ErrorCode::not_found, "no")));
  // Days may be refused because they are too many or too old. Before that is an error, a single day
  // and the newest day are tried.
  auto asked = reader_of(wide, start_at(noon));
  EXPECT_TRUE(asked.on_refusal(Error(ErrorCode::bad_request, "no")));
  EXPECT_TRUE(asked.on_refusal(Error(ErrorCode::bad_request, "no")));
  EXPECT_FALSE(asked.on_refusal(Error(ErrorCode::bad_request, "no")));
  auto unwindowed = reader_of(list_plan(100, 1), start_at(noon));
  EXPECT_FALSE(unwindowed.on_refusal(Error(ErrorCode::window_too_large, "no")));
}

TEST(StreamReader, ResumesWithinASliceFromItsAnchor) {
  auto server = ListServer::with(500);
  auto const plan = list_plan(100, 2);
  auto killed = reader_of(plan, start_at(noon));
  auto const before = run(killed, server, noon, 3);
  server.offsets.clear();

  auto reader = reader_of(plan, start_at(noon + hours(1), before.checkpoints.back()));
  auto const after = run(reader, server, noon + hours(1));
  EXPECT_EQ(server.offsets.front(), 294);  // 100 + 98 + 98, minus the overlap
  auto all = before.ids();
  all.merge(after.ids());
  EXPECT_EQ(all.size(), 500u);
  ASSERT_EQ(after.ends.size(), 1u);
  EXPECT_TRUE(after.ends[0].resumed);
  EXPECT_FALSE(after.ends[0].markable);
  EXPECT_FALSE(after.ends[0].doubt);
  EXPECT_EQ(after.ends[0].broker_count, 500);
  EXPECT_EQ(after.rows_read, 500 - before.rows_read);
}

TEST(StreamReader, AnySingleKillLosesNoRow) {
  for (int kill_after = 1; kill_after <= 6; ++kill_after) {
    auto server = ListServer::with(450);
    auto const plan = list_plan(100, 1);
    auto killed = reader_of(plan, start_at(noon));
    auto const before = run(killed, server, noon, kill_after);
    auto reader = reader_of(plan, start_at(noon, before.checkpoints.back()));
    auto const after = run(reader, server, noon);
    auto all = before.ids();
    all.merge(after.ids());
    EXPECT_EQ(all.size(), 450u) << kill_after;
    // The page at the end of a slice does not close it: the page is read again.
    ASSERT_EQ(after.ends.size(), 1u) << kill_after;
  }
}

TEST(StreamReader, TheEndOfASliceIsFoundAgainHoweverOftenItIsInterruptedThere) {
  auto server = ListServer::with(450);
  auto const plan = list_plan(100, 1);
  auto first = reader_of(plan, start_at(noon));
  auto checkpoint = run(first, server, noon).checkpoints.back();
  for (int i = 0; i < 3; ++i) {
    server.offsets.clear();
    auto reader = reader_of(plan, start_at(noon, checkpoint));
    auto const again = run(reader, server, noon);
    EXPECT_EQ(server.offsets, std::vector<std::int64_t>{449}) << i;
    ASSERT_EQ(again.ends.size(), 1u) << i;
    EXPECT_FALSE(again.ends[0].doubt) << i;
    checkpoint = again.checkpoints.back();
  }
}

TEST(StreamReader, AShiftDuringTheInterruptionReadsTheSliceAgainFromItsFirstRow) {
  auto server = ListServer::with(500);
  auto const plan = list_plan(100, 1);
  auto killed = reader_of(plan, start_at(noon));
  auto const before = run(killed, server, noon, 3);
  server.ids.erase(server.ids.begin(), server.ids.begin() + 40);
  server.offsets.clear();

  auto reader = reader_of(plan, start_at(noon, before.checkpoints.back()));
  auto const after = run(reader, server, noon);
  ASSERT_EQ(after.ends.size(), 1u);
  EXPECT_EQ((std::vector<std::int64_t>{server.offsets.at(0), server.offsets.at(1)}),
            (std::vector<std::int64_t>{297, 0}));
  EXPECT_EQ(std::count(server.offsets.begin(), server.offsets.end(), 0), 1);
  EXPECT_FALSE(after.ends[0].resumed);
  EXPECT_TRUE(after.ends[0].markable);
  EXPECT_EQ(after.ids(), (std::set<std::string>{server.ids.begin(), server.ids.end()}));
}

TEST(StreamReader, AResumedSliceWhoseCountDisagreesIsSweptWhole) {
  auto server = ListServer::with(500);
  auto const plan = list_plan(100, 1);
  auto killed = reader_of(plan, start_at(noon));
  auto const before = run(killed, server, noon, 3);
  // The anchor row matches; then a row is inserted at the front, and only the count shows it.
  server.requests = 0;
  server.before_answer = [&](int request) {
    if (request == 2) server.ids.insert(server.ids.begin(), "new");
  };
  auto reader = reader_of(plan, start_at(noon, before.checkpoints.back()));
  auto const after = run(reader, server, noon);
  ASSERT_EQ(after.ends.size(), 1u);
  EXPECT_FALSE(after.ends[0].resumed);
  EXPECT_FALSE(after.ends[0].doubt);
  EXPECT_TRUE(after.ids().contains("new"));
}

TEST(StreamReader, AnOldCheckpointRestartsItsSlice) {
  auto server = ListServer::with(500);
  auto const plan = list_plan(100, 1);
  auto killed = reader_of(plan, start_at(noon));
  auto const before = run(killed, server, noon, 3);
  auto const offset_after = [&](Duration age) {
    auto reader = reader_of(plan, start_at(noon + age, before.checkpoints.back()));
    return query_of(*reader.next_request()).at("offset");
  };
  EXPECT_EQ(offset_after(hours(5)), "297");
  EXPECT_EQ(offset_after(hours(7)), "0");
  EXPECT_EQ(offset_after(-hours(1)), "0");  // written with a clock that was ahead
}

TEST(StreamReader, AnInterruptedFullPassGoesOnAsTheFullPass) {
  DayServer server;
  auto const plan = windowed_plan(100, 1, day("2026-01-01"), 31);
  auto complete = reader_of(plan, start_at(noon));
  run(complete, server, noon);

  auto start = start_at(noon, complete.final_checkpoint());
  start.mode = ReadMode::full;
  auto killed = reader_of(plan, start);
  auto const before = run(killed, server, noon, 2);
  ASSERT_EQ(before.ends.size(), 2u);

  auto reader = reader_of(plan, start_at(noon + hours(24), before.checkpoints.back()));
  EXPECT_TRUE(reader.is_full_pass());
  EXPECT_EQ(reader.window(), (Slice{day("2026-01-01"), day("2026-06-16")}));
  auto const after = run(reader, server, noon + hours(24));
  // The slice of the last checkpoint is closed again; the first slice is not read again.
  EXPECT_EQ(after.ends.front().slice.from, day("2026-02-01"));
  EXPECT_EQ(after.ends.back().slice.to, day("2026-06-16"));
}

TEST(StreamReader, AnInterruptedIncrementalPassDoesNotServeAsAFullOne) {
  DayServer server;
  auto const plan = windowed_plan(5, 1, day("2026-01-01"), 31);
  auto complete = reader_of(plan, start_at(noon));
  run(complete, server, noon);
  auto killed = reader_of(plan, start_at(noon, complete.final_checkpoint()));
  auto const before = run(killed, server, noon, 1);
  auto start = start_at(noon, before.checkpoints.back());
  start.mode = ReadMode::full;
  EXPECT_EQ(reader_of(plan, start).window().from, day("2026-01-01"));
  EXPECT_EQ(query_of(*reader_of(plan, start).next_request()).at("offset"), "0");
}

TEST(StreamReader, AnInterruptedRangeIsLeftBehindByAPlainRun) {
  DayServer server;
  auto const plan = windowed_plan(5, 1, day("2026-01-01"), 31);
  auto complete = reader_of(plan, start_at(noon));
  run(complete, server, noon);
  auto range = start_at(noon, complete.final_checkpoint());
  range.since = day("2026-02-01");
  auto killed = reader_of(plan, range);
  auto const before = run(killed, server, noon, 1);
  auto reader = reader_of(plan, start_at(noon, before.checkpoints.back()));
  EXPECT_EQ(reader.window(), (Slice{day("2026-06-09"), day("2026-06-15")}));
}

TEST(StreamReader, AnInterruptedFirstLoadKeepsWhatItCovered) {
  DayServer server;
  auto const plan = windowed_plan(1000, 1, day("2026-01-01"), 31);
  auto killed = reader_of(plan, start_at(noon));
  auto const before = run(killed, server, noon, 3);
  // A pass that cannot be resumed (another range was requested) still knows January and February.
  auto range = start_at(noon, before.checkpoints.back());
  range.since = day("2026-06-01");
  auto ranged = reader_of(plan, range);
  run(ranged, server, noon);
  auto reader = reader_of(plan, start_at(noon, ranged.final_checkpoint()));
  EXPECT_EQ(reader.window().from, day("2026-02-25"));  // the third slice was not closed
}

TEST(StreamReader, UnreadableAndForeignCheckpointsAreIgnored) {
  auto server = ListServer::with(300);
  auto const plan = windowed_plan(100, 1, day("2026-04-01"), 31);
  DayServer days;
  auto good_reader = reader_of(plan, start_at(noon));
  auto const good = run(good_reader, days, noon, 1).checkpoints.back();
  std::vector<std::string> cursors = {
      "",
      "{",
      "null",
      "[]",
      "{}",
      "17",
      "\"x\"",
      R"({"v":1})",
      R"({"v":2,"stream":"rewards"})",
      good.substr(0, good.size() / 2),
      std::string("\0", 1),
  };
  // Every member in turn with another type, and missing.
  auto const json = parse_json(good).value();
  for (auto const& member : json.members()) {
    for (auto const* other : {"-5", "\"zz\"", "[]", "{}", "99999999999999999999", "true"}) {
      Json::Object members;
      for (auto const& copy : json.members()) {
        members.push_back(
            {copy.name, copy.name == member.name ? parse_json(other).value() : copy.value});
      }
      cursors.push_back(Json::object(std::move(members)).dump());
    }
  }
  for (auto const& member : json.find("pass")->members()) {
    for (auto const* other :
         {"-5", "\"zz\"", "[7]", "{}", "99999999999999999999", "\"0001-01-01\""}) {
      auto text = good;
      auto const old = "\"" + member.name + "\":" + member.value.dump();
      text.replace(text.find(old), old.size(), "\"" + member.name + "\":" + other);
      cursors.push_back(text);
    }
  }
  for (auto const& cursor : cursors) {
    auto reader = reader_of(plan, start_at(noon, cursor));
    auto const pass = run(reader, days, noon);
    EXPECT_FALSE(pass.error) << cursor;
    EXPECT_EQ(reader.window().from, day("2026-04-01")) << cursor;
    EXPECT_EQ(pass.ends.back().slice.to, day("2026-06-15")) << cursor;
  }
}

TEST(StreamReader, ACheckpointOfAnotherFilterOrPathStartsAnew) {
  DayServer server;
  auto plan = windowed_plan(100, 1, day("2026-04-01"), 31);
  auto reader = reader_of(plan, start_at(noon));
  run(reader, server, noon);
  auto const cursor = reader.final_checkpoint();
  auto filtered = plan;
  filtered.spec->request.query.emplace_back("status", "paid");
  EXPECT_TRUE(reader_of(filtered, start_at(noon, cursor)).is_full_pass());
  auto moved = plan;
  moved.spec->request.path = "/api/v2/rewards/";
  EXPECT_TRUE(reader_of(moved, start_at(noon, cursor)).is_full_pass());
  auto larger_pages = plan;
  larger_pages.spec->page.size->rows = 500;
  EXPECT_FALSE(reader_of(larger_pages, start_at(noon, cursor)).is_full_pass());
}

TEST(StreamReader, AStreamWithoutWindowsIsAlwaysReadWhole) {
  auto server = ListServer::with(30);
  auto const plan = list_plan(100, 1);
  auto reader = reader_of(plan, start_at(noon));
  EXPECT_TRUE(reader.is_full_pass());
  EXPECT_EQ(reader.window(), Slice{});
  run(reader, server, noon);
  auto next = reader_of(plan, start_at(noon, reader.final_checkpoint()));
  EXPECT_TRUE(next.is_full_pass());
  auto const pass = run(next, server, noon);
  EXPECT_EQ(pass.rows_read, 30);
  EXPECT_EQ(pass.ends.at(0).scope_column, "");
}

TEST(StreamReader, RequestsAreEncodedAndInOrder) {
  auto plan = windowed_plan(50, 1, day("2026-06-10"), 31);
  plan.spec->request.path = "/api/reports/rewards/";
  plan.spec->request.query = {
      {"ordering", "-reward_date,id"}, {"tags", "a|b c+d&e=ü"}, {"limit", "7"}};
  plan.spec->request.headers = {{"Accept", "application/json"}};
  auto reader = reader_of(plan, start_at(noon));
  auto const request = *reader.next_request();
  EXPECT_EQ(request.target,
            "/api/reports/rewards/?ordering=-reward_date%2Cid&tags=a%7Cb%20c%2Bd%26e%3D%C3%BC"
            "&date_from=2026-06-10&date_to=2026-06-15&limit=50&offset=0");
  EXPECT_EQ(request.method, Method::get);
  EXPECT_EQ(request.headers.find("accept"), "application/json");
  // Calling again before an answer gives the same request.
  EXPECT_EQ(reader.next_request()->target, request.target);

  plan.spec->request.path = "api/a b?x=1";
  EXPECT_TRUE(reader_of(plan, start_at(noon))
                  .next_request()
                  ->target.starts_with("/api/a%20b?x=1&ordering="));
}

TEST(StreamReader, AnAnswerOfAnotherShapeNamesThePathsAndKinds) {
  auto plan = list_plan(100, 1);
  plan.spec->records.emplace_back("results");
  for (auto const* text :
       {R"({"data":"secret-value"})", R"("secret-value")", "[]", R"({"data":null})"}) {
    auto reader = reader_of(plan, start_at(noon));
    auto const page = reader.on_answer(answer_of(text), noon);
    ASSERT_FALSE(page) << text;
    EXPECT_EQ(page.error().code, ErrorCode::malformed_answer);
    EXPECT_NE(page.error().message.find("data"), std::string::npos);
    EXPECT_NE(page.error().message.find("results"), std::string::npos);
    EXPECT_EQ(page.error().message.find("secret-value"), std::string::npos);
  }
}

TEST(StreamReader, AnObjectIsOneRow) {
  auto plan = list_plan(100, 1);
  plan.spec->page.kind = SingleAnswer{};
  auto reader = reader_of(plan, start_at(noon));
  auto const page = reader.on_answer(answer_of(R"({"data":{"id":5,"reward":1}})"), noon);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->batches.at(0).size(), 1u);
  EXPECT_STREQ(page->batches[0].external_id(0), "5");
}

TEST(StreamReader, AnAnswerThatMeansNoRowsEndsTheSlice) {
  auto reader = reader_of(list_plan(100, 1), start_at(noon));
  Answer answer = answer_of(R"({"detail":"nothing found"})");
  answer.no_rows = true;
  auto const page = reader.on_answer(answer, noon);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->slice_end);
  EXPECT_FALSE(reader.next_request());
}

TEST(StreamReader, NoRowsAtAllIsDoubtedOfDaysThatShouldHaveSomeByNow) {
  auto const today = std::chrono::floor<std::chrono::days>(noon);
  auto plan = windowed_plan(100, 1, today - std::chrono::days(4), 1);
  plan.spec->window->max_span_days = 1;
  plan.spec->window->may_be_empty_days = 2;
  auto const doubts_of = [&](StreamPlan const& one) {
    auto reader = reader_of(one, start_at(noon));
    std::vector<std::string> doubts;
    while (reader.next_request()) {
      Answer answer = answer_of(R"({"detail":"not found"})");
      answer.no_rows = true;
      auto const page = reader.on_answer(answer, noon);
      if (!page || !page->slice_end) break;
      auto const& doubt = page->slice_end->doubt;
      doubts.emplace_back(doubt ? to_string(doubt->code) : "none");
    }
    return doubts;
  };
  EXPECT_EQ(doubts_of(plan),
            (std::vector<std::string>{"not_found", "not_found", "none", "none", "none"}));
  plan.spec->window->may_be_empty_days.reset();
  EXPECT_EQ(doubts_of(plan), std::vector<std::string>(5, "none"));
}

TEST(StreamReader, ABadRowGoesToQuarantineAndCountsAsSeen) {
  auto reader = reader_of(list_plan(100, 1), start_at(noon));
  auto const page = reader.on_answer(
      answer_of(R"({"data":[{"id":"a","reward":"1"},{"id":"b","reward":"much"},{"reward":"3"},7],
                    "totals":{"count":4}})"),
      noon);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->batches.at(0).size(), 1u);
  ASSERT_EQ(page->quarantined.size(), 3u);
  EXPECT_EQ(page->quarantined[0].external_id, "b");
  EXPECT_EQ(page->quarantined[0].reason,
            "amount: \"much\" in the field \"reward\" is not a number");
  EXPECT_EQ(page->quarantined[0].raw, R"({"id":"b","reward":"much"})");
  EXPECT_EQ(page->quarantined[1].external_id, "");
  EXPECT_EQ(page->quarantined[2].raw, "7");
  EXPECT_EQ(page->rows_read, 4);
  ASSERT_TRUE(page->slice_end);
  // The row is in the list, so it must not be marked as deleted.
  auto const& keys = page->slice_end->seen_keys;
  EXPECT_TRUE(std::binary_search(keys.begin(), keys.end(), hash_key("b")));
  EXPECT_TRUE(page->slice_end->markable);
}

TEST(StreamReader, ABadRowInTheOverlapIsQuarantinedOnce) {
  struct Bad : ListServer {
    Answer answer(HttpRequest const& request) {
      auto out = ListServer::answer(request);
      std::string text = out.body.dump();
      for (std::size_t spot; (spot = text.find("1.50")) != std::string::npos;)
        text.replace(spot, 4, "x");
      out.body = parse_json(text).value();
      return out;
    }
  } server;
  server.ids = ListServer::with(30).ids;
  server.total_of = [](std::int64_t count) {
    return count + 1;
  };  // so that the list is swept twice
  auto const pass = read_all(list_plan(10, 1), server);
  EXPECT_EQ(pass.quarantined.size(), 30u);
}

TEST(StreamReader, OfTheSameKeyInOnePageTheLastCounts) {
  auto reader = reader_of(list_plan(100, 1), start_at(noon));
  auto const page = reader.on_answer(
      answer_of(
          R"({"data":[{"id":"a","reward":"1"},{"id":"b","reward":"2"},{"id":"a","reward":"3"}]})"),
      noon);
  ASSERT_TRUE(page);
  auto const& batch = page->batches.at(0);
  ASSERT_EQ(batch.size(), 2u);
  auto const amount = *batch.table().index_of("amount");
  EXPECT_STREQ(batch.external_id(1), "a");
  EXPECT_STREQ(batch.cell(1, amount), "3");
  EXPECT_EQ(page->rows_read, 2);
}

TEST(StreamReader, FillsFurtherTablesFromTheSameRow) {
  auto plan = list_plan(100, 1);
  TableMapping clients;
  clients.table = find_record_table("client");
  clients.key.emplace_back("client");
  clients.columns.push_back(map_column("country", "country", ValueType::text));
  clients.columns.push_back(map_column("volume_lots", "lots", ValueType::decimal));
  plan.spec->also.push_back(clients);
  auto reader = reader_of(plan, start_at(noon));
  auto const page = reader.on_answer(answer_of(R"({"data":[
      {"id":1,"reward":"1","client":"c1","country":"DE"},
      {"id":2,"reward":"1","client":"c1","country":"FR"},
      {"id":3,"reward":"1"},
      {"id":4,"reward":"1","client":"c4","lots":"many"}]})"),
                                     noon);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->batches.size(), 2u);
  EXPECT_EQ(page->batches[0].size(), 4u);
  ASSERT_EQ(page->batches[1].size(), 1u);
  EXPECT_STREQ(page->batches[1].external_id(0), "c1");
  EXPECT_STREQ(page->batches[1].cell(0, *clients.table->index_of("country")), "FR");
  // Without a key of the further table, the row would be missing there silently.
  ASSERT_EQ(page->quarantined.size(), 2u);
  EXPECT_EQ(page->quarantined[0].reason,
            "client: the field \"client\", which belongs to the row's key, is missing");
  EXPECT_TRUE(page->quarantined[1].reason.starts_with("client: volume_lots:"));
}

TEST(StreamReader, TotalsAreThoseOfTheLastPage) {
  auto plan = list_plan(2, 1);
  plan.spec->reconcile = {{"amount_usd", "amount_usd", JsonPath("totals.usd"), "0.01", {}},
                          {"rows", "", JsonPath("totals.count"), "0", {}},
                          {"lost", "", JsonPath("totals.none"), "0", {}},
                          {"words", "", JsonPath("totals.words"), "0", {}}};
  auto reader = reader_of(plan, start_at(noon));
  auto first = reader.on_answer(
      answer_of(R"({"data":[{"id":1},{"id":2}],"totals":{"count":3,"usd":"1"}})"), noon);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->slice_end);
  EXPECT_EQ(first->expected_rows, 3);
  auto last = reader.on_answer(
      answer_of(
          R"({"data":[{"id":2},{"id":3}],"totals":{"count":3,"usd":" 12.50","words":"a lot"}})"),
      noon);
  ASSERT_TRUE(last);
  ASSERT_FALSE(last->slice_end);
  last = reader.on_answer(
      answer_of(R"({"data":[{"id":3}],"totals":{"count":3,"usd":" 12.75","words":"a lot"}})"),
      noon);
  ASSERT_TRUE(last && last->slice_end);
  auto const& totals = last->slice_end->totals;
  ASSERT_EQ(totals.size(), 2u);
  EXPECT_EQ(totals[0].metric, "amount_usd");
  EXPECT_EQ(totals[0].column, "amount_usd");
  EXPECT_EQ(totals[0].value, "12.75");
  EXPECT_EQ(totals[0].tolerance, "0.01");
  EXPECT_EQ(totals[1].value, "3");
}

TEST(StreamReader, ATotalThatIsNoCountIsNoTotal) {
  for (auto const* total : {"null", "-1", "\"many\"", "1.5", "1e300", "[]", "true"}) {
    auto reader = reader_of(list_plan(100, 1), start_at(noon));
    auto const page = reader.on_answer(
        answer_of(std::string(R"({"data":[{"id":1},{"id":2}],"totals":{"count":)") + total + "}}"),
        noon);
    ASSERT_TRUE(page) << total;
    EXPECT_FALSE(page->slice_end) << total;
    EXPECT_FALSE(page->expected_rows) << total;
  }
  auto reader = reader_of(list_plan(100, 1), start_at(noon));
  auto const page =
      reader.on_answer(answer_of(R"({"data":[{"id":1}],"totals":{"count":"1"}})"), noon);
  ASSERT_TRUE(page && page->slice_end);
  EXPECT_EQ(page->slice_end->broker_count, 1);
}

TEST(StreamReader, ObservationsAreTimedByTheBrokersClock) {
  auto plan = list_plan(100, 1);
  plan.spec->map.table = find_record_table("balance");
  auto reader = reader_of(plan, start_at(noon));
  auto answer = answer_of(R"({"data":[{"id":1}],"totals":{"count":1}})");
  answer.server_time = at("2026-06-15", 11);
  auto const page = reader.on_answer(answer, noon);
  ASSERT_TRUE(page);
  EXPECT_STREQ(page->batches.at(0).cell(0, *find_record_table("balance")->index_of("observed_at")),
               "2026-06-15T11:00:00Z");
  EXPECT_EQ(page->slice_end->read_at, noon);
}

// Who goes on behind a page that may lack rows would not know of it.
TEST(StreamReader, ASliceWithACutPageIsReadFromItsStartAfterAStop) {
  auto server = ListServer::with(25);
  server.tells_total = false;
  for (bool const is_cut : {false, true}) {
    ReaderStart start;
    start.now = at("2026-06-15");
    auto const plan = std::make_shared<StreamPlan const>(list_plan(10, 1));
    StreamReader stopped(plan, start);
    auto answer = server.answer(*stopped.next_request());
    if (is_cut) answer.cut = Error(ErrorCode::sweep_unverified, "may be cut");
    start.cursor = stopped.on_answer(answer, start.now).value().checkpoint;
    StreamReader next(plan, start);
    EXPECT_EQ(query_of(*next.next_request()).at("offset"), is_cut ? "0" : "9");
  }
}

}  // namespace
}  // namespace affsync::engine::stream_reader_test
