// Which requests may be sent ahead: for each kind of paging, for slices and parts, and after the
// list turned out to be another than expected.
#include <gtest/gtest.h>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::foresee_test {
namespace {

Day day(char const* text) {
  return *parse_day(text);
}
TimePoint const noon = at("2026-06-15");

StreamReader reader_of(StreamPlan const& plan, std::string cursor = {}) {
  ReaderStart start;
  start.now = noon;
  start.cursor = std::move(cursor);
  return StreamReader(std::make_shared<StreamPlan const>(plan), start);
}

// The value of one query parameter in each request.
std::vector<std::string> values(std::vector<HttpRequest> const& requests, std::string const& name) {
  std::vector<std::string> out;
  for (auto const& request : requests) {
    auto const query = query_of(request);
    out.push_back(query.contains(name) ? query.at(name) : "");
  }
  return out;
}

using Texts = std::vector<std::string>;

// Gives the reader the answers to the next requests.
template <class Server>
std::string read_pages(StreamReader& reader, Server& server, int pages) {
  std::string checkpoint;
  for (int i = 0; i < pages; ++i) {
    auto const request = reader.next_request();
    auto page = reader.on_answer(server.answer(*request), noon);
    EXPECT_TRUE(page) << page.error().message;
    checkpoint = page->checkpoint;
  }
  return checkpoint;
}

Answer answer_of(std::string const& text) {
  Answer out;
  out.body = parse_json(text).value();
  return out;
}

// A list of `count` rows in numbered pages of ten.
struct NumberedServer {
  int count = 45;
  std::string beside = R"(,"totals":{"count":45})";

  Answer answer(HttpRequest const& request) const {
    auto const query = query_of(request);
    int const begin = query.contains("page") ? (std::stoi(query.at("page")) - 1) * 10 : 0;
    std::string text = R"({"data":[)";
    for (int i = begin; i < std::min(count, begin + 10); ++i) {
      text += (i > begin ? "," : "") + ListServer::row("r" + std::to_string(i));
    }
    return answer_of(text + "]" + beside + "}");
  }
};

StreamPlan numbered_plan() {
  auto plan = list_plan(10, 1);
  plan.spec->page.kind = NumberPaging{};
  return plan;
}

TEST(Foresee, NothingBeforeTheFirstAnswer) {
  EXPECT_TRUE(reader_of(list_plan(10, 1)).foresee(8).empty());
  EXPECT_TRUE(reader_of(windowed_plan(10, 1, day("2026-01-01"), 10)).foresee(8).empty());
}

TEST(Foresee, OnePageUntilTheBrokerHasShownThatItPages) {
  auto server = ListServer::with(100);
  auto reader = reader_of(list_plan(10, 1));
  read_pages(reader, server, 1);
  EXPECT_EQ(values(reader.foresee(8), "offset"), Texts({"18"}));

  server.ignores_offset = true;
  read_pages(reader, server, 1);
  EXPECT_TRUE(reader.foresee(8).empty());
}

TEST(Foresee, OffsetsUpToTheTotal) {
  auto server = ListServer::with(45);
  auto reader = reader_of(list_plan(10, 1));
  read_pages(reader, server, 2);
  EXPECT_EQ(query_of(*reader.next_request()).at("offset"), "18");
  EXPECT_EQ(values(reader.foresee(8), "offset"), Texts({"27", "36"}));
  EXPECT_EQ(values(reader.foresee(1), "offset"), Texts({"27"}));
  read_pages(reader, server, 2);
  EXPECT_TRUE(reader.foresee(8).empty());
  read_pages(reader, server, 1);
  EXPECT_FALSE(reader.next_request());
}

// The page at 36 is full: it is followed by one more request, which its answer calls for.
TEST(Foresee, NothingBehindTheTotal) {
  auto server = ListServer::with(46);
  auto reader = reader_of(list_plan(10, 1));
  read_pages(reader, server, 2);
  EXPECT_EQ(values(reader.foresee(8), "offset"), Texts({"27", "36"}));
}

TEST(Foresee, OffsetsFollowTheLargestPageThatTheBrokerGives) {
  auto server = ListServer::with(30);
  server.cap = 6;
  auto reader = reader_of(list_plan(10, 2));
  read_pages(reader, server, 2);
  EXPECT_EQ(query_of(*reader.next_request()).at("offset"), "8");
  EXPECT_EQ(values(reader.foresee(8), "offset"), Texts({"12", "16", "20", "24"}));
}

TEST(Foresee, OffsetsFollowTheTotalAsItChanges) {
  auto server = ListServer::with(45);
  std::int64_t total = 45;
  server.total_of = [&](std::int64_t) { return total; };
  auto reader = reader_of(list_plan(10, 1));
  read_pages(reader, server, 2);
  total = 29;
  read_pages(reader, server, 1);  // up to row 28
  EXPECT_TRUE(reader.foresee(8).empty());
  total = 60;
  read_pages(reader, server, 1);  // up to row 37
  EXPECT_EQ(values(reader.foresee(8), "offset"), Texts({"45", "54"}));
}

TEST(Foresee, NothingWithoutATotal) {
  auto server = ListServer::with(100);
  server.tells_total = false;
  for (int const overlap : {0, 1}) {
    auto reader = reader_of(list_plan(10, overlap));
    read_pages(reader, server, 3);
    EXPECT_TRUE(reader.foresee(8).empty()) << overlap;
  }
}

// Five pages of ten: the last one has a row or more.
TEST(Foresee, OffsetsUpToTheLastPageIfPagesShareRows) {
  for (int const overlap : {0, 1}) {
    auto plan = list_plan(10, overlap);
    plan.spec->page.total.reset();
    plan.spec->page.kind = OffsetPaging{.overlap = overlap, .total_pages = JsonPath("pages")};
    auto reader = reader_of(plan);
    for (int begin : {0, 10 - overlap}) {
      std::string text = R"({"pages":5,"data":[)";
      for (int i = begin; i < begin + 10; ++i) {
        text += (i > begin ? "," : "") + ListServer::row("r" + std::to_string(i));
      }
      reader.next_request();
      ASSERT_TRUE(reader.on_answer(answer_of(text + "]}"), noon));
    }
    auto const wanted = overlap == 0 ? Texts() : Texts({"27", "36"});
    EXPECT_EQ(values(reader.foresee(8), "offset"), wanted) << overlap;
  }
}

TEST(Foresee, NothingAfterAPageThatDidNotFit) {
  auto server = ListServer::with(100);
  auto reader = reader_of(list_plan(10, 1));
  read_pages(reader, server, 2);
  EXPECT_FALSE(reader.foresee(8).empty());
  server.ids.erase(server.ids.begin(), server.ids.begin() + 3);
  read_pages(reader, server, 1);  // the page at 18 starts with a row that was not seen
  EXPECT_EQ(query_of(*reader.next_request()).at("offset"), "9");
  EXPECT_TRUE(reader.foresee(8).empty());
  // The list has shifted once, so from now on pages share four rows.
  read_pages(reader, server, 1);
  EXPECT_EQ(query_of(*reader.next_request()).at("offset"), "15");
  EXPECT_EQ(values(reader.foresee(2), "offset"), Texts({"21", "27"}));
}

TEST(Foresee, NothingOfTheNextSweep) {
  auto server = ListServer::with(19);
  server.total_of = [](std::int64_t) { return 21; };
  auto reader = reader_of(list_plan(10, 1));
  read_pages(reader, server, 3);
  EXPECT_EQ(query_of(*reader.next_request()).at("offset"), "0");
  EXPECT_TRUE(reader.foresee(8).empty());
}

TEST(Foresee, AfterARestartOnlyBehindItsFirstPage) {
  auto server = ListServer::with(100);
  auto const plan = list_plan(10, 1);
  auto first = reader_of(plan);
  auto const cursor = read_pages(first, server, 4);
  auto reader = reader_of(plan, cursor);
  EXPECT_EQ(query_of(*reader.next_request()).at("offset"), "36");
  EXPECT_TRUE(reader.foresee(8).empty());
  read_pages(reader, server, 1);
  EXPECT_EQ(values(reader.foresee(8), "offset"), Texts({"54"}));
  read_pages(reader, server, 1);
  EXPECT_EQ(values(reader.foresee(3), "offset"), Texts({"63", "72", "81"}));
}

TEST(Foresee, NumbersUpToTheTotal) {
  NumberedServer server;
  auto reader = reader_of(numbered_plan());
  read_pages(reader, server, 2);
  EXPECT_EQ(query_of(*reader.next_request()).at("page"), "3");
  EXPECT_EQ(values(reader.foresee(8), "page"), Texts({"4", "5"}));
  read_pages(reader, server, 2);
  EXPECT_TRUE(reader.foresee(8).empty());
}

TEST(Foresee, NumbersAfterARestart) {
  NumberedServer server;
  auto const plan = numbered_plan();
  auto first = reader_of(plan);
  auto const cursor = read_pages(first, server, 2);
  auto reader = reader_of(plan, cursor);
  EXPECT_TRUE(reader.foresee(8).empty());
  read_pages(reader, server, 2);  // the second page again, then the third
  EXPECT_EQ(query_of(*reader.next_request()).at("page"), "4");
  EXPECT_EQ(values(reader.foresee(8), "page"), Texts({"5"}));
}

// If a row is inserted at the front between two answers that the broker forms in another order, a
// row that stays is in neither, and the number of pages does not show it.
TEST(Foresee, NoNumbersWithoutACountOfRows) {
  NumberedServer server;
  server.beside = R"(,"pages":5)";
  auto plan = numbered_plan();
  plan.spec->page.total.reset();
  plan.spec->page.kind = NumberPaging{.total_pages = JsonPath("pages")};
  auto reader = reader_of(plan);
  read_pages(reader, server, 3);
  EXPECT_TRUE(reader.foresee(8).empty());
}

TEST(Foresee, NothingOfListsWhoseWayOnIsInTheAnswer) {
  PagingKind const kinds[] = {CursorPaging{.next = JsonPath("next")},
                              LinkPaging{.next = JsonPath("next")}, IdPaging{.id = JsonPath("id")}};
  for (auto const& kind : kinds) {
    auto plan = list_plan(10, 1);
    plan.spec->page.kind = kind;
    plan.base_url = "https://broker.example";
    auto reader = reader_of(plan);
    for (int page = 0; page < 3; ++page) {
      std::string text = R"({"totals":{"count":100},"next":"/p)" + std::to_string(page) + "\",";
      text += R"("data":[)";
      for (int i = 0; i < 10; ++i) {
        text += (i > 0 ? "," : "") + ListServer::row("r" + std::to_string(10 * page + i));
      }
      reader.next_request();
      ASSERT_TRUE(reader.on_answer(answer_of(text + "]}"), noon));
    }
    EXPECT_TRUE(reader.foresee(8).empty()) << kind.index();
  }
}

TEST(Foresee, NothingOfAListThatMayEndAtKnownRows) {
  auto server = ListServer::with(100);
  auto plan = list_plan(10, 1);
  plan.spec->page.until_known = true;
  auto full = reader_of(plan);
  read_pages(full, server, 2);
  EXPECT_EQ(values(full.foresee(1), "offset"), Texts({"27"}));
  run(full, server, noon);

  auto reader = reader_of(plan, full.final_checkpoint());
  EXPECT_TRUE(reader.awaits_stored());
  read_pages(reader, server, 2);
  EXPECT_TRUE(reader.foresee(8).empty());
}

// Rows of each day, named day/number; `empty` days have none.
struct DayServer : ListServer {
  int per_day = 1;
  std::function<bool(Day)> is_empty = [](Day) { return false; };

  Answer answer(HttpRequest const& request) {
    auto const query = query_of(request);
    ids.clear();
    for (Day d = *parse_day(query.at("date_from")); d <= *parse_day(query.at("date_to"));
         d += std::chrono::days(1)) {
      for (int i = 0; i < per_day && !is_empty(d); ++i) {
        ids.push_back(format_day(d) + "/" + std::to_string(i));
      }
    }
    return ListServer::answer(request);
  }
};

// Slices of eleven days and as many rows, each one page.
TEST(Foresee, FirstPagesOfTheNextSlices) {
  DayServer server;
  auto reader = reader_of(windowed_plan(100, 1, day("2026-05-01"), 11));
  EXPECT_TRUE(reader.foresee(8).empty());
  read_pages(reader, server, 1);
  EXPECT_EQ(query_of(*reader.next_request()).at("date_from"), "2026-05-12");
  auto const ahead = reader.foresee(8);
  EXPECT_EQ(values(ahead, "date_from"), Texts({"2026-05-23", "2026-06-03", "2026-06-14"}));
  EXPECT_EQ(values(ahead, "date_to"), Texts({"2026-06-02", "2026-06-13", "2026-06-15"}));
  EXPECT_EQ(values(ahead, "offset"), Texts({"0", "0", "0"}));
  read_pages(reader, server, 1);
  // They stay foreseen even if there is less room now.
  EXPECT_EQ(values(reader.foresee(1), "date_from"), Texts({"2026-06-03", "2026-06-14"}));
}

// Slices of ten days with 30 rows: four pages each.
TEST(Foresee, PagesOfASliceComeBeforeTheNextSlices) {
  DayServer server;
  server.per_day = 3;
  auto reader = reader_of(windowed_plan(10, 1, day("2026-04-01"), 10));
  read_pages(reader, server, 2);
  auto const ahead = reader.foresee(8);
  EXPECT_EQ(values(ahead, "offset"), Texts({"27", "0", "0"}));
  EXPECT_EQ(values(ahead, "date_from"), Texts({"2026-04-01", "2026-04-11", "2026-04-21"}));
  read_pages(reader, server, 2);
  // Nothing is known of the next slice yet. It probably has four pages as well, so three requests
  // are left for them.
  EXPECT_EQ(query_of(*reader.next_request()).at("date_from"), "2026-04-11");
  EXPECT_EQ(values(reader.foresee(8), "date_from"), Texts({"2026-04-21", "2026-05-01"}));
}

TEST(Foresee, LongerSlicesOnlyWhenTheyAreKnown) {
  DayServer server;
  server.is_empty = [](Day d) { return d < day("2026-03-01"); };
  auto plan = windowed_plan(100, 1, day("2026-01-01"), 10);
  plan.spec->window->max_span_days = 40;
  auto reader = reader_of(plan);
  read_pages(reader, server, 1);  // up to 01-10, empty
  EXPECT_EQ(query_of(*reader.next_request()).at("date_to"), "2026-01-30");
  EXPECT_TRUE(reader.foresee(8).empty());
  read_pages(reader, server, 1);  // up to 01-30, empty
  EXPECT_EQ(query_of(*reader.next_request()).at("date_to"), "2026-03-11");
  EXPECT_TRUE(reader.foresee(8).empty());
  read_pages(reader, server, 1);  // up to 03-11, with rows
  EXPECT_EQ(query_of(*reader.next_request()).at("date_to"), "2026-03-21");
  EXPECT_EQ(values(reader.foresee(2), "date_to"), Texts({"2026-03-31", "2026-04-10"}));
  // These have no rows, but what was requested ahead is of use; then slices grow again.
  server.is_empty = [](Day d) { return d > day("2026-03-15"); };
  read_pages(reader, server, 2);
  EXPECT_EQ(values(reader.foresee(2), "date_to"), Texts());
  EXPECT_EQ(query_of(*reader.next_request()).at("date_to"), "2026-04-10");
  read_pages(reader, server, 1);
  EXPECT_EQ(query_of(*reader.next_request()).at("date_from"), "2026-04-11");
  EXPECT_EQ(query_of(*reader.next_request()).at("date_to"), "2026-05-20");
}

TEST(Foresee, SlicesOfAnotherLengthAfterARefusal) {
  DayServer server;
  server.per_day = 3;
  auto reader = reader_of(windowed_plan(100, 1, day("2026-05-01"), 12));
  read_pages(reader, server, 1);
  EXPECT_EQ(values(reader.foresee(8), "date_to"), Texts({"2026-06-05", "2026-06-15"}));
  reader.next_request();
  ASSERT_TRUE(reader.on_refusal(Error(ErrorCode::window_too_large, "too many rows")));
  EXPECT_EQ(query_of(*reader.next_request()).at("date_to"), "2026-05-18");
  EXPECT_TRUE(reader.foresee(8).empty());
  read_pages(reader, server, 1);
  EXPECT_EQ(query_of(*reader.next_request()).at("date_to"), "2026-05-24");
  EXPECT_EQ(values(reader.foresee(2), "date_to"), Texts({"2026-05-30", "2026-06-05"}));
}

TEST(Foresee, NothingWhileTheOldestDayIsSearched) {
  DayServer server;
  auto reader = reader_of(windowed_plan(100, 1, day("2026-01-01"), 10));
  reader.next_request();
  ASSERT_TRUE(reader.on_refusal(Error(ErrorCode::bad_request, "too old")));
  EXPECT_TRUE(reader.foresee(8).empty());
}

// Rows move from the open ones to the paid ones. If the paid ones were read first, such a row would
// be in neither part.
TEST(Foresee, NothingOfTheNextPart) {
  auto plan = list_plan(10, 1);
  PartSpec open, paid;
  open.query = {{"status", "open"}};
  paid.query = {{"status", "paid"}};
  plan.spec->parts = {open, paid};
  auto server = ListServer::with(25);
  auto reader = reader_of(plan);
  read_pages(reader, server, 1);
  auto const ahead = reader.foresee(8);
  EXPECT_EQ(values(ahead, "offset"), Texts({"18"}));
  EXPECT_EQ(values(ahead, "status"), Texts({"open"}));
  read_pages(reader, server, 2);
  EXPECT_EQ(query_of(*reader.next_request()).at("status"), "paid");
  EXPECT_TRUE(reader.foresee(8).empty());
  read_pages(reader, server, 1);
  EXPECT_EQ(values(reader.foresee(8), "status"), Texts({"paid"}));
}

}  // namespace
}  // namespace affsync::engine::foresee_test
