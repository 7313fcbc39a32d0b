// Lists whose pages are told by headers of the answers, and refusals that end a list.
#include <gtest/gtest.h>

#include "connectors/engine/answer/link_header.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::header_paging_test {
namespace {

StreamPlan plan_with(std::string const& page) {
  auto const manifest = parse_manifest(
      "name: one\nbase_url: https://b.example/api\nauth: {type: none}\nstreams:\n"
      "  s: {table: payout, path: /rows, records: $, key: id, map: {amount: a}, page: {" +
          page + "}}\n",
      "one.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "main";
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return *plan->streams.at(0);
}

Answer rows(int first, int count, Headers headers = {}) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += (i > 0 ? "," : "") + std::string(R"({"id": )") + std::to_string(first + i) + "}";
  }
  Answer answer;
  answer.body = parse_json("[" + text + "]").value();
  answer.headers = std::move(headers);
  return answer;
}

Headers with(std::string const& name, std::string const& value) {
  Headers headers;
  headers.add(name, value);
  return headers;
}

struct Done {
  std::vector<std::string> targets;
  std::optional<SliceEnd> end;
};

Done read(StreamPlan const& plan, std::vector<Answer> const& answers) {
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
  Done done;
  for (auto const& answer : answers) {
    auto const request = reader.next_request();
    if (!request) break;
    done.targets.push_back(request->target);
    auto page = reader.on_answer(answer, start.now).value();
    if (page.slice_end) done.end = std::move(page.slice_end);
  }
  EXPECT_FALSE(reader.next_request());
  return done;
}

TEST(HeaderPaging, ATotalInAHeaderCountsTheList) {
  auto const plan = plan_with(
      "type: page, parameter: page, limit: per_page, size: 2, total: {header: X-Total-Count}");
  auto const done =
      read(plan, {rows(1, 2, with("x-total-count", "3")), rows(3, 1, with("X-Total-Count", "3"))});
  EXPECT_EQ(done.targets,
            (std::vector<std::string>{"/rows?per_page=2&page=1", "/rows?per_page=2&page=2"}));
  ASSERT_TRUE(done.end);
  EXPECT_EQ(done.end->broker_count, 3);
  EXPECT_EQ(done.end->proof, CountProof::number);
}

TEST(HeaderPaging, ATotalThatIsMissingIsTold) {
  auto const plan = plan_with("type: page, size: 2, limit: n, total: {header: X-Total}");
  auto const done = read(plan, {rows(1, 1), rows(2, 0)});
  ASSERT_TRUE(done.end);
  EXPECT_EQ(done.end->missing_totals, (std::vector<std::string>{"header X-Total"}));
  EXPECT_FALSE(done.end->broker_count);
}

TEST(HeaderPaging, PagesInAHeaderAreAllRead) {
  auto const plan = plan_with("type: page, total_pages: {header: X-WP-TotalPages}");
  auto const pages = with("X-WP-TotalPages", "3");
  auto const done = read(plan, {rows(1, 2, pages), rows(3, 2, pages), rows(5, 1, pages)});
  EXPECT_EQ(done.targets.size(), 3U);
}

TEST(HeaderPaging, AnEmptyNextPageIsTheEnd) {
  auto const plan = plan_with("type: page, more: {header: X-Next-Page}");
  auto const done =
      read(plan, {rows(1, 2, with("X-Next-Page", "2")), rows(3, 2, with("X-Next-Page", ""))});
  EXPECT_EQ(done.targets.size(), 2U);
}

TEST(HeaderPaging, ACursorMayBeAHeader) {
  auto const plan = plan_with("type: cursor, parameter: after, next: {header: X-Cursor}");
  auto const done = read(plan, {rows(1, 2, with("X-Cursor", "c=2")), rows(3, 2)});
  EXPECT_EQ(done.targets, (std::vector<std::string>{"/rows", "/rows?after=c%3D2"}));
}

TEST(HeaderPaging, ALinkHeaderIsFollowedUnderTheBaseUrl) {
  auto const plan = plan_with("type: link, next: {header: Link}");
  auto const link =
      with("Link",
           "<https://b.example/api/rows?page=1>; rel=\"first\", "
           "<https://b.example/api/rows?a=x,y&page=2>; title=\"a, <b>\"; rel=\"last next\"");
  auto const done = read(plan, {rows(1, 2, link), rows(3, 1)});
  EXPECT_EQ(done.targets, (std::vector<std::string>{"/rows", "/rows?a=x,y&page=2"}));
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
  auto const elsewhere = with("Link", "<https://evil.example/api/rows?page=2>; rel=next");
  auto const refused = reader.on_answer(rows(1, 2, elsewhere), start.now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::paging_broken);
}

TEST(HeaderPaging, LinkHeadersAreReadAsTheRfcSays) {
  auto const next = [](std::vector<std::string> const& values) {
    Headers headers;
    for (auto const& value : values) headers.add("Link", value);
    auto const found = next_link_in(headers, "link");
    return found ? *found : std::string(to_string(found.error().code));
  };
  EXPECT_EQ(next({"</a>; rel=next"}), "/a");
  EXPECT_EQ(next({"</a>;rel=\"NEXT\""}), "/a");
  EXPECT_EQ(next({"</a>; rel=prev", "</b> ; rel = next"}), "/b");
  EXPECT_EQ(next({"</a>; rel=\"prev\"; rel=\"next\""}), "") << "only the first rel counts";
  EXPECT_EQ(next({"</a>; anchor=\"rel=next\"; rel=prev,</b>; rel=next"}), "/b");
  EXPECT_EQ(next({"</a>, </b>; rel=next"}), "/b");
  EXPECT_EQ(next({"</a>; rel"}), "");
  EXPECT_EQ(next({"</a>; rel=\"next"}), "/a");
  EXPECT_EQ(next({"<>; rel=next"}), "");
  EXPECT_EQ(next({"</a>; title=\"the \\\"2nd\\\", of 3\"; rel=\"next\""}), "/a");
  EXPECT_EQ(next({"</a>; title=\"\\\\\"; rel=next"}), "/a");
  EXPECT_EQ(next({"</a>; rel=\"ne\\xt\""}), "/a");
  EXPECT_EQ(next({",, </a>; rel=prev, ,\t,</b>;;rel=next,"}), "/b");
  EXPECT_EQ(next({"</a>; rel=\"last\tnext\""}), "/a");
  EXPECT_EQ(next({"</a>; rel='next'"}), "/a");
  EXPECT_EQ(next({"</a>; title='b, </c>; rel=next"}), "/c");
  EXPECT_EQ(next({"", "</a>; rel=next"}), "/a");
  EXPECT_EQ(next({" , "}), "");
  EXPECT_EQ(next({"</a>; rel=prev,"}), "");
  EXPECT_EQ(next({""}), "");
  EXPECT_EQ(next({}), "");
  EXPECT_EQ(next({" https://b.example/rows?page=2 "}), "https://b.example/rows?page=2");
}

TEST(HeaderPaging, ALinkHeaderThatCannotBeReadIsNotAbsent) {
  auto const next = [](std::vector<std::string> const& values) {
    Headers headers;
    for (auto const& value : values) headers.add("Link", value);
    auto const found = next_link_in(headers, "link");
    return found ? *found : std::string(to_string(found.error().code));
  };
  for (auto const* broken :
       {"<a", "<", "</a>; title=\"open; rel=\"next\"", "</a>; title=\"b\"c\"; rel=next",
        "</a> rel=next", "</a>; rel=prev, </b> rel=next", "</a>; rel=prev, b; rel=next",
        "</a>; title=\"open"}) {
    EXPECT_EQ(next({broken}), "paging_broken") << broken;
    EXPECT_EQ(next({broken, "</b>; rel=next"}), "/b") << broken;
  }
}

// The answer that a session makes of a refusal with the class end_of_list.
Answer end_of_list() {
  Answer answer;
  answer.no_rows = true;
  answer.refusal = Error(ErrorCode::bad_request, "no such page");
  return answer;
}

TEST(EndOfList, OnlyBehindTheFirstPage) {
  ReaderStart start;
  start.now = at("2026-06-15");
  for (std::string const page :
       {"type: page, limit: n, size: 2", "type: offset, size: 2, overlap: 0"}) {
    StreamReader reader(std::make_shared<StreamPlan const>(plan_with(page)), start);
    EXPECT_FALSE(reader.ends_list()) << page;
    EXPECT_FALSE(reader.on_answer(rows(1, 2), start.now).value().slice_end) << page;
    EXPECT_TRUE(reader.ends_list()) << page;
    auto const last = reader.on_answer(end_of_list(), start.now).value();
    ASSERT_TRUE(last.slice_end) << page;
    EXPECT_FALSE(last.slice_end->doubt) << page;
    EXPECT_FALSE(reader.next_request()) << page;
  }
}

// A list that ends before the broker's count is read once more and is in doubt.
TEST(EndOfList, DoesNotOutweighTheCount) {
  ReaderStart start;
  start.now = at("2026-06-15");
  auto const plan = plan_with("type: page, limit: n, size: 2, total: {header: T}");
  StreamReader reader(std::make_shared<StreamPlan const>(plan), start);
  std::optional<SliceEnd> end;
  for (int i = 0; i < 10 && !end; ++i) {
    ASSERT_TRUE(reader.next_request());
    reader.on_answer(rows(1, 2, with("T", "5")), start.now).value();
    end = reader.on_answer(end_of_list(), start.now).value().slice_end;
  }
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->doubt);
}

struct Mistake {
  char const* page;
  char const* line;
};
class HeaderMistake : public testing::TestWithParam<Mistake> {};

TEST_P(HeaderMistake, IsToldWithItsPlace) {
  try {
    plan_with(GetParam().page);
    FAIL() << "no error";
  } catch (Failure const& failure) {
    EXPECT_EQ(failure.error().to_line(), "one.yaml:5:" + std::string(GetParam().line));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Words, HeaderMistake,
    testing::Values(
        Mistake{"type: page, total: {header: X Y}",
                "109: \"X Y\" is not the name of an HTTP header"},
        Mistake{"type: page, total: {heder: X}",
                "101: unknown key \"heder\" in a header of the answer. Did you mean `header`?"},
        Mistake{"type: page, end_status: 200",
                "105: expected a whole number from 400 to 499, found \"200\""}));

}  // namespace
}  // namespace affsync::engine::header_paging_test
