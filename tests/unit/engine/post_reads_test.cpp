// Reads by POST: what the body holds, where page and window go, and how a connector file has to say
// that a POST only reads.
#include <gtest/gtest.h>

#include "connectors/engine/request/body.hpp"
#include "tests/unit/engine/reader_fixture.hpp"

namespace affsync::engine::post_reads_test {
namespace {

std::string file_with(std::string const& words) {
  return "name: one\nbase_url: https://b.example\nsettings: {zone: {default: Z1}}\n"
         "auth: {type: none}\nstreams:\n  s:\n    table: commission\n    path: /r\n" +
         words + "    records: data\n    key: id\n    map: {amount: a, occurred_on: d}\n";
}

std::shared_ptr<StreamPlan const> plan_with(std::string const& words) {
  auto const manifest = parse_manifest(file_with(words), "one.yaml");
  if (!manifest) throw Failure(manifest.error());
  SourceSettings settings;
  settings.name = "main";
  auto const plan = make_source_plan(*manifest, settings);
  if (!plan) throw Failure(plan.error());
  return plan->streams.at(0);
}

Answer rows(int first, int count, std::string const& more = "") {
  std::string text = R"({"data": [)";
  for (int i = 0; i < count; ++i) {
    text += (i > 0 ? "," : "") + std::string(R"({"id": )") + std::to_string(first + i) + "}";
  }
  Answer answer;
  answer.body = parse_json(text + "]" + more + "}").value();
  return answer;
}

// The bodies of a pass whose pages have these numbers of rows.
std::vector<std::string> bodies(std::shared_ptr<StreamPlan const> const& plan,
                                std::vector<Answer> const& answers) {
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader reader(plan, start);
  std::vector<std::string> out;
  for (auto const& answer : answers) {
    auto const request = reader.next_request();
    if (!request) break;
    EXPECT_EQ(request->method, Method::post);
    EXPECT_TRUE(request->only_reads);
    out.push_back(request->body);
    reader.on_answer(answer, start.now).value();
  }
  EXPECT_FALSE(reader.next_request());
  return out;
}

std::string const post = "    method: POST\n    reads: true\n";

TEST(PostReads, PageAndWindowGoIntoTheJsonBody) {
  auto const plan = plan_with(
      post +
      "    body: {json: {zone: \"${settings.zone}\", page: {no: 0}, all: true, none: null,\n"
      "                  list: [1, \"2\"]}}\n"
      "    page: {type: page, parameter: page.no, limit: page.size, size: 2, in: body}\n"
      "    window: {from: filter.from, to: filter.to, start: 2026-06-14, in: body}\n");
  auto const sent = bodies(plan, {rows(1, 2), rows(3, 1), rows(4, 0)});
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0],
            R"({"zone":"Z1","page":{"no":1,"size":2},"all":true,"none":null,"list":[1,"2"],)"
            R"("filter":{"from":"2026-06-14","to":"2026-06-15"}})");
  EXPECT_NE(sent[1].find(R"("page":{"no":2,"size":2})"), std::string::npos) << sent[1];
}

// A text or a number in the template decides how the value is sent.
TEST(PostReads, TheTemplateDecidesTheKindOfAValue) {
  auto const plan =
      plan_with(post +
                "    body: {json: {pageNo: \"1\", since: \"\", until: 0, last: \"\"}}\n"
                "    page: {type: id, parameter: last, id: id, limit: pageNo, size: 2, in: body}\n"
                "    window: {from: since, to: until, form: epoch_seconds, last: exclusive, "
                "start: 2026-06-15, in: body}\n");
  auto const sent = bodies(plan, {rows(11, 2), rows(13, 0)});
  ASSERT_EQ(sent.size(), 2U);
  // date -ud 2026-06-15 and a day later
  EXPECT_EQ(sent[0], R"({"pageNo":"2","since":"1781481600","until":1781568000,"last":""})");
  EXPECT_EQ(sent[1], R"({"pageNo":"2","since":"1781481600","until":1781568000,"last":"12"})");
}

TEST(PostReads, AFormIsEncoded) {
  auto const plan = plan_with(post +
                              "    body: {form: {a: \"x y&\", from: old}}\n"
                              "    window: {from: from, to: to, start: 2026-06-15, in: body}\n");
  ReaderStart start;
  start.now = at("2026-06-15");
  auto const request = StreamReader(plan, start).next_request().value();
  EXPECT_EQ(request.body, "a=x%20y%26&from=2026-06-15&to=2026-06-15");
  EXPECT_EQ(request.headers.find("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.target, "/r");
}

TEST(PostReads, AGraphqlQueryHasItsVariables) {
  auto const plan = plan_with(
      post +
      "    body:\n      graphql: |\n        query($since: Date!) { rows(since: $since) { id } }\n"
      "      variables: {max: 100}\n"
      "    page: {type: cursor, parameter: variables.after, next: next, in: body}\n"
      "    window: {from: variables.since, to: variables.until, start: 2026-06-15, in: body}\n");
  auto const sent = bodies(plan, {rows(1, 1, R"(, "next": "c2")"), rows(2, 1)});
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0],
            R"({"query":"query($since: Date!) { rows(since: $since) { id } }\n","variables":)"
            R"({"max":100,"since":"2026-06-15","until":"2026-06-15"}})");
  EXPECT_NE(sent[1].find(R"("after":"c2")"), std::string::npos);
}

// Two requests may differ in their bodies alone.
TEST(PostReads, WhatIsForeseenIsToldApartByTheBody) {
  auto const plan = plan_with(
      post +
      "    body: {json: {}}\n"
      "    page: {type: page, parameter: no, limit: size, size: 2, total: total, in: body}\n");
  ReaderStart start;
  start.now = at("2026-06-15");
  StreamReader reader(plan, start);
  auto const first = reader.next_request().value();
  reader.on_answer(rows(1, 2, R"(, "total": 8)"), start.now).value();
  auto const second = reader.next_request().value();
  EXPECT_EQ(first.target, second.target);
  EXPECT_FALSE(first.asks_the_same_as(second));
  auto const ahead = reader.foresee(4);
  ASSERT_EQ(ahead.size(), 1U);
  EXPECT_EQ(ahead[0].body, R"({"size":2,"no":3})");
  reader.on_answer(rows(3, 2, R"(, "total": 8)"), start.now).value();
  EXPECT_TRUE(ahead[0].asks_the_same_as(reader.next_request().value()));
}

// The place of a value within a list is its index; what does not exist is made.
TEST(PostReads, PathsLeadIntoListsAndMakeMembers) {
  BodySpec spec;
  spec.json = parse_json(R"({"filters": [{"value": "a"}, 7], "x": 1})").value();
  HttpRequest request(Method::post, "/");
  set_body(
      request, spec,
      {{"filters.0.value", "b", false}, {"filters.9.value", "c", false}, {"x.y.z", "3", true}});
  EXPECT_EQ(request.body, R"({"filters":[{"value":"b"},7],"x":{"y":{"z":3}}})");
}

struct Mistake {
  char const* words;
  char const* line;
};

class PostMistake : public testing::TestWithParam<Mistake> {};

TEST_P(PostMistake, IsToldWithItsPlace) {
  auto const manifest = parse_manifest(file_with(GetParam().words), "one.yaml");
  ASSERT_FALSE(manifest);
  EXPECT_EQ(manifest.error().to_line(), "one.yaml:" + std::string(GetParam().line));
}

INSTANTIATE_TEST_SUITE_P(
    Words, PostMistake,
    testing::Values(
        Mistake{"    method: POST\n",
                "9:13: a stream is read with GET. A POST could move money. If the broker's "
                "documentation says that this one only reads, add `reads: true`."},
        Mistake{"    method: POST\n    reads: false\n",
                "9:13: a stream is read with GET. A POST could move money. If the broker's "
                "documentation says that this one only reads, add `reads: true`."},
        Mistake{"    method: PUT\n",
                "9:13: \"PUT\" is not a method of a stream. One of: GET, POST."},
        Mistake{"    reads: true\n", "9:12: only a POST has to say that it reads. Remove `reads`."},
        Mistake{"    body: {json: {}}\n",
                "9:11: a GET has no body. Use `method: POST` with `reads: true`."},
        Mistake{"    method: POST\n    reads: true\n    body: {json: {}, form: {}}\n",
                "11:11: a body is one of `json`, `form` and `graphql`"},
        Mistake{"    method: POST\n    reads: true\n    body: {json: {}, variables: {}}\n",
                "11:33: `variables` belong to `graphql`"},
        Mistake{"    method: POST\n    reads: true\n    body: {json: [1]}\n",
                "11:18: the body is not a JSON object"},
        Mistake{"    method: POST\n    reads: true\n    body: {json: {a: \"${token}\"}}\n",
                "11:22: the token cannot be used here. It goes into the `value` of `auth` only."},
        Mistake{"    method: POST\n    reads: true\n    body: {graphql: \"a ${b}\"}\n",
                "11:21: a GraphQL query has no placeholders. Declare a variable, such as $since."},
        Mistake{"    page: {type: offset, in: body}\n",
                "9:11: the stream has no body for `in: body`. Add `method: POST`, `reads: true`, "
                "`body`."}));

}  // namespace
}  // namespace affsync::engine::post_reads_test
