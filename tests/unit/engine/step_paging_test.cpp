// Page numbers, cursors, links and ids: reads an in-memory list that is served with each kind of
// paging and misbehaves on demand.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::step_paging_test {
namespace {

// Serves `ids` in pages of `size`, by whichever paging parameter the request has.
class StepServer {
 public:
  std::vector<std::string> ids;
  std::size_t size = 10;
  bool tells_total = false;
  bool tells_more = true;
  bool ignores_parameter = false;
  bool repeats_next = false;
  std::string link_to = "/base/api/rewards/?";
  std::function<void(int)> before_answer;
  std::vector<std::string> targets;

  static StepServer with(int count) {
    StepServer server;
    for (int i = 0; i < count; ++i) server.ids.push_back("r" + std::to_string(i));
    return server;
  }

  Answer answer(HttpRequest const& request) {
    targets.push_back(request.target);
    if (before_answer) before_answer(static_cast<int>(targets.size()));
    auto const query = query_of(request);
    std::size_t begin = 0;
    if (!ignores_parameter) {
      if (query.contains("page")) begin = (std::stoul(query.at("page")) - 1) * size;
      if (query.contains("cursor")) begin = std::stoul(query.at("cursor").substr(1));
      if (query.contains("before")) begin = place_of(query.at("before")) + 1;
    }
    auto const end = std::min(ids.size(), begin + size);
    std::string text = R"({"data":[)";
    for (auto i = begin; i < end; ++i) text += (i > begin ? "," : "") + ListServer::row(ids[i]);
    text += "]";
    bool const more = end < ids.size();
    auto const next = std::to_string(repeats_next ? 10 : end);
    if (tells_more) text += more ? R"(,"more":true)" : R"(,"more":false)";
    text += more ? R"(,"cursor":"c)" + next + R"(","link":")" + link_to + "cursor=c" + next + "\""
                 : R"(,"cursor":null,"link":null)";
    if (tells_total) text += R"(,"total":)" + std::to_string(ids.size());
    Answer out;
    out.body = parse_json(text + "}").value();
    return out;
  }

 private:
  std::size_t place_of(std::string const& id) const {
    return static_cast<std::size_t>(std::ranges::find(ids, id) - ids.begin());
  }
};

StreamPlan plan_of(PagingKind kind) {
  auto plan = list_plan(10, 0);
  plan.base_url = "https://broker.example/base";
  plan.spec->page = PageSpec{};
  plan.spec->page.kind = std::move(kind);
  return plan;
}

CursorPaging by_cursor() {
  return {.next = JsonPath("cursor")};
}
LinkPaging by_link() {
  return {.next = JsonPath("link")};
}

PagingKind kind_named(std::string_view word) {
  if (word == "page") return NumberPaging{};
  if (word == "cursor") return by_cursor();
  if (word == "link") return by_link();
  return IdPaging{.id = JsonPath("id")};
}

class EveryKind : public testing::TestWithParam<std::string_view> {};

TEST_P(EveryKind, BringsEveryRowOnceAndEnds) {
  auto server = StepServer::with(37);
  auto const pass = read_all(plan_of(kind_named(GetParam())), server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_EQ(pass.stored.size(), 37U);
  EXPECT_EQ(pass.ids().size(), 37U);
  EXPECT_EQ(pass.rows_read, 37);
  ASSERT_EQ(pass.ends.size(), 1U);
  EXPECT_TRUE(pass.ends[0].markable);
  EXPECT_EQ(pass.ends[0].proof, CountProof::nothing) << "the answer has no count";
}

TEST_P(EveryKind, EndsOnAFullLastPageAndOnAnEmptyList) {
  auto full = StepServer::with(30);
  EXPECT_EQ(read_all(plan_of(kind_named(GetParam())), full).ids().size(), 30U);
  auto empty = StepServer::with(0);
  auto const pass = read_all(plan_of(kind_named(GetParam())), empty);
  EXPECT_FALSE(pass.error);
  EXPECT_EQ(pass.ends.size(), 1U);
  EXPECT_EQ(empty.targets.size(), 1U);
}

TEST_P(EveryKind, AServerThatSendsTheSamePageForEverIsFoundOutWithinTwoMoreRequests) {
  auto server = StepServer::with(100);
  server.ignores_parameter = true;
  server.repeats_next = true;
  auto const pass = read_all(plan_of(kind_named(GetParam())), server, {});
  ASSERT_TRUE(pass.error);
  EXPECT_EQ(pass.error->code, ErrorCode::paging_broken);
  EXPECT_LE(server.targets.size(), 3U);
}

TEST_P(EveryKind, AListThatLosesRowsIsReadAgainWhenItsCountSaysSo) {
  auto server = StepServer::with(60);
  server.tells_total = true;
  server.before_answer = [&](int request) {
    if (request == 3) server.ids.erase(server.ids.begin(), server.ids.begin() + 5);
  };
  auto plan = plan_of(kind_named(GetParam()));
  plan.spec->page.total = JsonPath("total");
  auto const pass = read_all(plan, server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  EXPECT_FALSE(pass.ends.at(0).doubt);
  for (auto const& id : server.ids) EXPECT_TRUE(pass.ids().contains(id)) << id;
  // Only the id of a row says where to go on whatever has gone before it.
  EXPECT_EQ(pass.ends.at(0).proof, GetParam() == "id" ? CountProof::rows : CountProof::number);
}

TEST_P(EveryKind, GoesOnWhereItWasStopped) {
  auto server = StepServer::with(50);
  auto const plan = std::make_shared<StreamPlan const>(plan_of(kind_named(GetParam())));
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader first(plan, start);
  auto const begun = run(first, server, start.now, 3);
  auto const asked = server.targets.size();
  start.cursor = begun.checkpoints.back();
  StreamReader second(plan, start);
  auto const rest = run(second, server, start.now);
  auto ids = begun.ids();
  ids.merge(rest.ids());
  EXPECT_EQ(ids.size(), 50U);
  EXPECT_LE(server.targets.size() - asked, 4U) << "the list was read from its start";
  EXPECT_TRUE(rest.ends.at(0).resumed);
  EXPECT_FALSE(rest.ends.at(0).markable);
}

INSTANTIATE_TEST_SUITE_P(StepPaging, EveryKind, testing::Values("page", "cursor", "link", "id"),
                         [](auto const& kind) { return std::string(kind.param); });

TEST(StepPaging, AFalseSignThatMoreFollowsEndsTheList) {
  auto server = StepServer::with(20);
  // The link is null on the last page.
  auto const plan = plan_of(NumberPaging{.more = JsonPath("link")});
  EXPECT_EQ(read_all(plan, server).ids().size(), 20U);
  EXPECT_EQ(server.targets.size(), 2U);
}

TEST(StepPaging, AListThatNeverStandsStillIsDoubtedThoughItsCountFits) {
  auto server = StepServer::with(60);
  server.tells_total = true;
  server.before_answer = [&](int) { server.ids.erase(server.ids.begin()); };
  auto plan = plan_of(NumberPaging{});
  plan.spec->page.total = JsonPath("total");
  auto const pass = read_all(plan, server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  ASSERT_TRUE(pass.ends.at(0).doubt);
  EXPECT_FALSE(pass.ends[0].markable);
}

TEST(StepPaging, AShortFirstPageMayBeTheBrokersOwnSize) {
  auto server = StepServer::with(25);
  auto plan = plan_of(NumberPaging{});
  plan.spec->page.size = PageSize{.parameter = "per_page", .rows = 100};  // the server sends 10
  auto const pass = read_all(plan, server);
  EXPECT_EQ(pass.ids().size(), 25U);
  EXPECT_EQ(server.targets[1], "/api/rewards/?per_page=100&page=2");
}

TEST(StepPaging, RowsPutInFrontMeanwhileAreNoLoss) {
  auto server = StepServer::with(40);
  server.before_answer = [&](int request) {
    if (request == 2) {
      for (int i = 0; i < 10; ++i) server.ids.insert(server.ids.begin(), "n" + std::to_string(i));
    }
  };
  auto const pass = read_all(plan_of(NumberPaging{}), server);
  ASSERT_FALSE(pass.error) << pass.error->to_line();
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(pass.ids().contains("r" + std::to_string(i)));
}

TEST(StepPaging, AStoppedListThatMovedIsReadFromItsStart) {
  auto server = StepServer::with(50);
  auto const plan = std::make_shared<StreamPlan const>(plan_of(NumberPaging{}));
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader first(plan, start);
  start.cursor = run(first, server, start.now, 3).checkpoints.back();
  server.ids.erase(server.ids.begin(), server.ids.begin() + 25);
  StreamReader second(plan, start);
  auto const rest = run(second, server, start.now);
  EXPECT_EQ(rest.ids(), std::set<std::string>(server.ids.begin(), server.ids.end()));
  EXPECT_FALSE(rest.ends.at(0).resumed);
}

TEST(StepPaging, ACursorThatTheBrokerNoLongerKnowsMeansTheListFromItsStart) {
  auto server = StepServer::with(50);
  auto const plan = std::make_shared<StreamPlan const>(plan_of(by_cursor()));
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader first(plan, start);
  start.cursor = run(first, server, start.now, 2).checkpoints.back();
  StreamReader second(plan, start);
  ASSERT_EQ(second.next_request()->target, "/api/rewards/?cursor=c20");
  EXPECT_TRUE(second.on_refusal(Error(ErrorCode::bad_request, "no such cursor")));
  EXPECT_EQ(second.next_request()->target, "/api/rewards/");
  EXPECT_FALSE(second.on_refusal(Error(ErrorCode::bad_request, "no")))
      << "a refused first page is an error";
}

struct Link {
  char const* next;
  char const* target;  // nullptr: refused
};

class NextLink : public testing::TestWithParam<Link> {};

TEST_P(NextLink, IsFollowedWithinTheBaseUrlAlone) {
  auto server = StepServer::with(20);
  server.link_to = GetParam().next;
  auto plan = plan_of(by_link());
  StreamReader reader(std::make_shared<StreamPlan const>(plan), {});
  auto page = reader.on_answer(server.answer(*reader.next_request()), at("2026-06-15"));
  if (GetParam().target == nullptr) {
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, ErrorCode::paging_broken);
    EXPECT_EQ(page.error().to_line().find("cursor="), std::string::npos)
        << "the query may contain a token";
  } else {
    ASSERT_TRUE(page) << page.error().to_line();
    EXPECT_EQ(reader.next_request()->target, std::string(GetParam().target) + "cursor=c10");
  }
}

INSTANTIATE_TEST_SUITE_P(
    StepPaging, NextLink,
    testing::Values(Link{"https://broker.example/base/list?", "/list?"},
                    Link{"https://BROKER.example:443/base/list?", "/list?"},
                    Link{"/base/other?", "/other?"}, Link{"?", "/api/rewards/?"},
                    Link{"/base/list?page[size]=4&", "/list?page%5Bsize%5D=4&"},
                    Link{"https://broker.example/base/list?page%5Bsize%5D=4&q=a b|\xC3\xA9&",
                         "/list?page%5Bsize%5D=4&q=a%20b%7C%C3%A9&"},
                    Link{"?rate=5%&", "/api/rewards/?rate=5%25&"},
                    Link{"https://broker.example\\\\@evil.example/base/?", nullptr},
                    Link{"/\\\\evil.example/base/list?", nullptr}, Link{"/base/li\\nst?", nullptr},
                    Link{"https://evil.example/base/list?", nullptr},
                    Link{"http://broker.example/base/list?", nullptr},
                    Link{"https://broker.example:8443/base/list?", nullptr},
                    Link{"//evil.example/base/list?", nullptr},
                    Link{"https://broker.example@evil.example/base/?", nullptr},
                    Link{"https://broker.example/elsewhere?", nullptr},
                    Link{"https://broker.example/base/../admin?", nullptr},
                    Link{"javascript:alert(1)?", nullptr}, Link{"http://[::1?", nullptr}));

// An API behind a TLS proxy writes links with its internal scheme, host and port.
TEST(StepPaging, OnlyThePathOfALinkIsFollowedWhereTheConnectorSaysSo) {
  struct Case {
    char const* link;
    char const* target;
  };
  for (auto const& one :
       {Case{"http://broker.example/base/list?", "/list?"},
        Case{"http://10.0.0.5:8080/base/list?", "/list?"},
        Case{"http://10.0.0.5:8080/list?", "/list?"}, Case{"/base/other?", "/other?"}}) {
    auto server = StepServer::with(20);
    server.link_to = one.link;
    auto plan = plan_of(LinkPaging{.next = JsonPath("link"), .follow_path = true});
    StreamReader reader(std::make_shared<StreamPlan const>(plan), {});
    auto page = reader.on_answer(server.answer(*reader.next_request()), at("2026-06-15"));
    ASSERT_TRUE(page) << page.error().to_line();
    EXPECT_EQ(reader.next_request()->target, std::string(one.target) + "cursor=c10");
  }
  auto server = StepServer::with(20);
  server.link_to = "http://broker.example/base/list?";
  StreamReader reader(std::make_shared<StreamPlan const>(plan_of(by_link())), {});
  auto page = reader.on_answer(server.answer(*reader.next_request()), at("2026-06-15"));
  ASSERT_FALSE(page);
  EXPECT_NE(page.error().hint.find("follow: path"), std::string::npos) << page.error().hint;
}

TEST(StepPaging, ALinkIsJudgedAlsoWhereThePathIsNoAddress) {
  for (auto const* link : {"https://broker.example/base/list?", "?"}) {
    auto server = StepServer::with(20);
    server.link_to = link;
    auto plan = plan_of(by_link());
    plan.spec->request.path = "/api/%zz/";
    StreamReader reader(std::make_shared<StreamPlan const>(plan), {});
    auto page = reader.on_answer(server.answer(*reader.next_request()), at("2026-06-15"));
    if (std::string_view(link) == "?") {
      ASSERT_FALSE(page);
      EXPECT_EQ(page.error().code, ErrorCode::paging_broken);
    } else {
      ASSERT_TRUE(page) << page.error().to_line();
      EXPECT_EQ(reader.next_request()->target, "/list?cursor=c10");
    }
  }
}

TEST(StepPaging, ALinkAboveTheRootIsRefused) {
  for (auto const* link : {"../../../y?", "/../y?", "/%2e%2E/y?", "https://broker.example/../y?"}) {
    auto server = StepServer::with(20);
    server.link_to = link;
    auto plan = plan_of(by_link());
    plan.base_url = "https://broker.example";
    plan.spec->request.path = "/";
    StreamReader reader(std::make_shared<StreamPlan const>(plan), {});
    auto page = reader.on_answer(server.answer(*reader.next_request()), at("2026-06-15"));
    ASSERT_FALSE(page) << link << " gives " << reader.next_request()->target;
    EXPECT_EQ(page.error().code, ErrorCode::paging_broken) << link;
  }
}

// Other hosts whose names or ports begin like the base URL's.
TEST(StepPaging, ALinkToAnAddressWithATailLeadsAway) {
  for (auto const* link : {"//127.0.0.1.example.com/list?", "http://127.0.0.1.example.com/list?",
                           "//127.0.0.1:8080.example.com/list?", "//127.0.0.1x/list?"}) {
    auto server = StepServer::with(20);
    server.link_to = link;
    auto plan = plan_of(by_link());
    plan.base_url = "http://127.0.0.1:8080";
    StreamReader reader(std::make_shared<StreamPlan const>(plan), {});
    auto page = reader.on_answer(server.answer(*reader.next_request()), at("2026-06-15"));
    ASSERT_FALSE(page) << link;
    EXPECT_EQ(page.error().code, ErrorCode::paging_broken) << link;
  }
}

}  // namespace
}  // namespace affsync::engine::step_paging_test
