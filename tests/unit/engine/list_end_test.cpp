// How lists end: capped counts, cursors that never become null, pages after the last.
#include <gtest/gtest.h>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::list_end_test {
namespace {

// Answers each request by a function of its number, from 1, and its query.
struct ScriptServer {
  std::function<std::string(int, std::map<std::string, std::string> const&)> body;
  std::vector<std::string> targets;
  Answer answer(HttpRequest const& request) {
    targets.push_back(request.target);
    Answer out;
    out.body = parse_json(body(static_cast<int>(targets.size()), query_of(request))).value();
    return out;
  }
};

std::string rows(int from, int to) {
  std::string text = "[";
  for (int i = from; i < to; ++i) {
    text += (i > from ? "," : "") + ListServer::row("r" + std::to_string(i));
  }
  return text + "]";
}

// A size of 0: the broker decides the page size.
StreamPlan plan_of(PagingKind kind, int size) {
  auto plan = list_plan(size > 0 ? size : 10, 0);
  plan.base_url = "https://broker.example";
  auto& page = plan.spec->page;
  page = PageSpec{};
  page.kind = std::move(kind);
  if (size > 0) page.size = PageSize{.rows = size};
  return plan;
}

CursorPaging by_cursor() {
  return {.next = JsonPath("next")};
}

// 57 rows in numbered pages of ten, and a given count.
std::string numbered(std::map<std::string, std::string> const& query, std::string const& count) {
  int const page = std::stoi(query.at("page"));
  int const begin = (page - 1) * 10;
  return R"({"data":)" + rows(begin, std::max(begin, std::min(57, begin + 10))) + count + "}";
}

TEST(ListEnd, AFullPageIsFollowedByAnotherRequestWhateverTheCountSays) {
  for (int const size : {0, 10, 100}) {
    for (auto const* count : {R"(,"n":30)", R"(,"n":10)", R"(,"n":0)"}) {
      ScriptServer server;
      server.body = [&](int, auto const& query) { return numbered(query, count); };
      auto plan = plan_of(NumberPaging{}, size);
      plan.spec->page.total = JsonPath("n");
      auto const pass = read_all(plan, server);
      ASSERT_FALSE(pass.error) << pass.error->to_line();
      EXPECT_EQ(pass.ids().size(), 57U) << size << count;
      ASSERT_TRUE(pass.ends.at(0).doubt) << count;
      EXPECT_FALSE(pass.ends[0].markable);
      EXPECT_EQ(pass.ends[0].proof, CountProof::nothing);
    }
  }
}

TEST(ListEnd, ACountOfPagesMayHaveACeilingToo) {
  ScriptServer server;
  server.body = [&](int, auto const& query) { return numbered(query, R"(,"pages":3)"); };
  auto const plan = plan_of(NumberPaging{.total_pages = JsonPath("pages")}, 10);
  EXPECT_EQ(read_all(plan, server).ids().size(), 57U);
}

TEST(ListEnd, AnIdBehindACountThatIsTooLow) {
  ScriptServer server;
  server.body = [&](int, auto const& query) {
    int const begin = query.contains("before") ? std::stoi(query.at("before").substr(1)) + 1 : 0;
    return R"({"n":20,"data":)" + rows(begin, std::min(57, begin + 10)) + "}";
  };
  auto plan = plan_of(IdPaging{.id = JsonPath("id")}, 10);
  plan.spec->page.total = JsonPath("n");
  EXPECT_EQ(read_all(plan, server).ids().size(), 57U);
}

// A server that caps pages at fifty and reports the count of the page.
TEST(ListEnd, ACountOfThePageBehindASilentCap) {
  ScriptServer server;
  server.body = [&](int, auto const& query) {
    int const begin = std::stoi(query.at("offset"));
    int const end = std::max(begin, std::min(120, begin + 50));
    return R"({"n":)" + std::to_string(end - begin) + R"(,"data":)" + rows(begin, end) + "}";
  };
  auto plan = list_plan(100, 1);
  plan.spec->page.total = JsonPath("n");
  EXPECT_EQ(read_all(plan, server).ids().size(), 120U);
}

TEST(ListEnd, ALastPageThatComesAgainBehindItselfIsTheEnd) {
  ScriptServer server;  // a page after the last repeats the last
  server.body = [&](int, auto const& query) {
    int const page = std::min(3, std::stoi(query.at("page")));
    return R"({"n":30,"pages":3,"data":)" + rows((page - 1) * 10, page * 10) + "}";
  };
  for (auto const* path : {"n", "pages"}) {
    NumberPaging paging;
    std::optional<JsonPath> total;
    (std::string_view(path) == "n" ? total : paging.total_pages) = JsonPath(path);
    auto plan = plan_of(paging, 10);
    plan.spec->page.total = total;
    server.targets.clear();
    auto const pass = read_all(plan, server);
    ASSERT_FALSE(pass.error) << pass.error->to_line();
    EXPECT_EQ(pass.ids().size(), 30U);
    EXPECT_FALSE(pass.ends.at(0).doubt);
    EXPECT_EQ(server.targets.size(), 4U);
  }
}

// One page per cursor: its rows and its next cursor.
struct Step {
  std::string data;
  std::string next;
};

Pass walk(std::map<std::string, Step> const& steps, ScriptServer& server,
          PagingKind const& kind = by_cursor()) {
  server.body = [&steps](int, auto const& query) {
    auto const& step = steps.at(query.contains("cursor") ? query.at("cursor") : "");
    return R"({"data":)" + step.data + R"(,"next":)" + step.next + "}";
  };
  return read_all(plan_of(kind, 0), server);
}

TEST(ListEnd, ALastPageMayRepeatItsOwnCursor) {
  ScriptServer server;
  auto const pass = walk({{"", {rows(0, 10), R"("a")"}},
                          {"a", {rows(10, 20), R"("b")"}},
                          {"b", {rows(20, 25), R"("b")"}}},
                         server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_EQ(pass.ids().size(), 25U);
  EXPECT_EQ(server.targets.size(), 3U);
  ASSERT_EQ(pass.ends.size(), 1U);
  EXPECT_FALSE(pass.ends[0].doubt);
}

TEST(ListEnd, AFullLastPageThatRepeatsItsOwnCursorCostsOneMoreRequest) {
  ScriptServer server;
  auto const pass = walk({{"", {rows(0, 10), R"("a")"}}, {"a", {rows(10, 20), R"("a")"}}}, server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_EQ(pass.ids().size(), 20U);
  EXPECT_EQ(server.targets.size(), 3U);
}

TEST(ListEnd, OneNameForTheWholeWalkIsFollowedToItsEnd) {
  ScriptServer server;
  server.body = [](int request, auto const&) {
    int const begin = (request - 1) * 10;
    return R"({"next":"scroll","data":)" + rows(begin, std::max(begin, std::min(40, begin + 10))) +
           "}";
  };
  auto const pass = read_all(plan_of(by_cursor(), 0), server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_EQ(pass.ids().size(), 40U);
  EXPECT_EQ(server.targets.size(), 5U);
}

TEST(ListEnd, AnEmptyPageWithoutANewCursorIsTheEnd) {
  for (auto const* last : {R"("b")", R"("a")", "null", R"("")", "false", "0"}) {
    ScriptServer server;
    auto const pass =
        walk({{"", {rows(0, 10), R"("a")"}}, {"a", {rows(10, 20), R"("b")"}}, {"b", {"[]", last}}},
             server);
    ASSERT_FALSE(pass.error) << last << pass.error->to_line();
    EXPECT_EQ(pass.ids().size(), 20U) << last;
    EXPECT_EQ(server.targets.size(), 3U) << last;
    EXPECT_FALSE(pass.ends.at(0).doubt) << last;
  }
}

TEST(ListEnd, EmptyPagesWithNewCursorsAreGoneThrough) {
  ScriptServer server;
  auto const pass = walk({{"", {"[]", R"("a")"}},
                          {"a", {"[]", R"("b")"}},
                          {"b", {"[]", R"("c")"}},
                          {"c", {rows(0, 10), R"("d")"}},
                          {"d", {"[]", R"("e")"}},
                          {"e", {"[]", R"("f")"}},
                          {"f", {rows(10, 13), "null"}}},
                         server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_EQ(pass.ids().size(), 13U);
}

TEST(ListEnd, ACursorThatNeverBecomesNullEndsWithinABound) {
  ScriptServer server;
  server.body = [](int request, auto const&) {
    return R"({"data":)" + (request <= 3 ? rows(request * 10, request * 10 + 10) : "[]") +
           R"(,"next":"c)" + std::to_string(request) + "\"}";
  };
  auto const pass = read_all(plan_of(by_cursor(), 0), server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_EQ(pass.ids().size(), 30U);
  EXPECT_EQ(pass.ends.size(), 1U);
  EXPECT_LE(server.targets.size(), 3U + 25U);
}

TEST(ListEnd, ACircleThatBringsNewRowsEndsTheListAndIsTold) {
  ScriptServer server;
  auto const pass = walk({{"", {rows(0, 10), R"("a")"}},
                          {"a", {rows(10, 20), R"("b")"}},
                          {"b", {rows(20, 30), R"("a")"}}},
                         server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_EQ(pass.ids().size(), 30U);
  ASSERT_TRUE(pass.ends.at(0).doubt);
  EXPECT_FALSE(pass.ends[0].markable);
}

TEST(ListEnd, ALinkToItselfOnTheLastPage) {
  ScriptServer server;
  auto const pass = walk({{"", {rows(0, 10), R"("/api/rewards/?cursor=a")"}},
                          {"a", {rows(10, 14), R"("/api/rewards/?cursor=a")"}}},
                         server, LinkPaging{.next = JsonPath("next")});
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_EQ(pass.ids().size(), 14U);
}

// Reads numbered pages of ten from a list that ends at `count`; later pages are refused.
struct Refusing {
  int count;
  ErrorCode code = ErrorCode::not_found;
  std::string signs;
  Pass pass;
  bool ended = false;

  void run(StreamPlan const& plan) {
    StreamReader reader(std::make_shared<StreamPlan const>(plan), {});
    for (int i = 0; i < 2000; ++i) {
      auto const request = reader.next_request();
      if (!request) return;
      auto const query = query_of(*request);
      int const begin = query.contains("page") ? (std::stoi(query.at("page")) - 1) * 10
                                               : std::stoi(query.at("offset"));
      Answer answer;
      if (begin >= count && begin > 0) {
        Error const refusal(code, "no such page");
        ended = reader.ends_at_refusal(refusal);
        if (!ended) return;
        answer.no_rows = true;
      } else {
        answer.body =
            parse_json(R"({"data":)" + rows(begin, std::min(count, begin + 10)) + signs + "}")
                .value();
      }
      auto page = reader.on_answer(answer, at("2026-06-15"));
      ASSERT_TRUE(page) << page.error().to_line();
      take(pass, *page);
    }
  }
};

TEST(ListEnd, ARefusalBehindAFullLastPageIsTheEnd) {
  for (auto const code : {ErrorCode::not_found, ErrorCode::bad_request}) {
    for (bool const by_offset : {false, true}) {
      auto plan = plan_of(NumberPaging{}, 10);
      if (by_offset) {
        plan = list_plan(10, 0);
        plan.spec->page.total.reset();
      }
      Refusing list{40, code, "", {}, false};
      list.run(plan);
      EXPECT_TRUE(list.ended) << by_offset;
      EXPECT_EQ(list.pass.ids().size(), 40U);
      ASSERT_EQ(list.pass.ends.size(), 1U);
      EXPECT_FALSE(list.pass.ends[0].doubt);
    }
  }
}

TEST(ListEnd, ARefusalIsAnErrorWhereMoreRowsWereSaidToFollow) {
  auto plan = plan_of(NumberPaging{}, 10);
  plan.spec->page.total = JsonPath("n");
  Refusing counted{20, ErrorCode::not_found, R"(,"n":57)", {}, false};
  counted.run(plan);
  EXPECT_FALSE(counted.ended);

  plan = plan_of(NumberPaging{.more = JsonPath("more")}, 10);
  Refusing promised{20, ErrorCode::not_found, R"(,"more":true)", {}, false};
  promised.run(plan);
  EXPECT_FALSE(promised.ended);

  for (auto const code : {ErrorCode::permission_denied, ErrorCode::refused}) {
    Refusing forbidden{20, code, "", {}, false};
    forbidden.run(plan_of(NumberPaging{}, 10));
    EXPECT_FALSE(forbidden.ended);
  }
}

TEST(ListEnd, ARefusalBehindARoundThousandIsTold) {
  Refusing deep{2000, ErrorCode::bad_request, "", {}, false};
  deep.run(plan_of(NumberPaging{}, 10));
  EXPECT_TRUE(deep.ended);
  EXPECT_EQ(deep.pass.ids().size(), 2000U);
  ASSERT_TRUE(deep.pass.ends.at(0).doubt);
  EXPECT_FALSE(deep.pass.ends[0].markable);
}

// Rows are taken out of a page after it was cut, or a page behind the last one is refused.
TEST(ListEnd, AShortPageIsNotTheEndWhereTheBrokerCountsMore) {
  std::vector<int> const begins{0, 10, 17, 27, 37, 40};
  ScriptServer server;
  server.body = [&](int, auto const& query) {
    auto const page = static_cast<std::size_t>(std::stoi(query.at("page"))) - 1;
    bool const is_there = page + 1 < begins.size();
    return R"({"n":40,"data":)" +
           (is_there ? rows(begins[page], begins[page + 1]) : std::string("[]")) + "}";
  };
  auto plan = plan_of(NumberPaging{}, 10);
  plan.spec->page.total = JsonPath("n");
  auto const pass = read_all(plan, server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_EQ(pass.ids().size(), 40U);
  EXPECT_FALSE(pass.ends.at(0).doubt);
  EXPECT_EQ(server.targets.size(), 5U);
}

TEST(ListEnd, AnEmptyPageThatWasPromisedIsInDoubtUnlessACursorLeadsToIt) {
  ScriptServer server;
  std::string last;
  server.body = [&](int request, auto const&) {
    if (request % 2 == 1) return R"({"more":true,"next":"c","data":)" + rows(0, 10) + "}";
    return R"({"data":[],"next":null)" + last + "}";
  };
  auto const doubt_of = [&](PagingKind const& kind) {
    server.targets.clear();
    auto const pass = read_all(plan_of(kind, 10), server);
    EXPECT_FALSE(pass.error) << pass.error->to_line();
    EXPECT_EQ(pass.ids().size(), 10U);
    return pass.ends.at(0).doubt ? pass.ends[0].doubt->text : std::string("none");
  };
  std::string const words =
      "after 10 rows the broker said that more follow (`more`), but the next page is empty";
  JsonPath const more("more");
  EXPECT_EQ(doubt_of(NumberPaging{.more = more}), words);
  EXPECT_EQ(doubt_of(IdPaging{.id = JsonPath("id"), .more = more}), words);
  EXPECT_EQ(doubt_of(CursorPaging{.next = JsonPath("next"), .more = more}), "none");
  // A broker whose `more` says that a page is full.
  last = R"(,"more":false)";
  EXPECT_EQ(doubt_of(NumberPaging{.more = more}), "none");
  EXPECT_EQ(doubt_of(IdPaging{.id = JsonPath("id"), .more = more}), "none");
  last = R"(,"more":true)";
  EXPECT_EQ(doubt_of(CursorPaging{.next = JsonPath("next"), .more = more}), words);
}

}  // namespace
}  // namespace affsync::engine::list_end_test
