// Envelopes: error rules that compare a member, and what a good answer must contain.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "connectors/engine/answer/classify.hpp"
#include "tests/support/places/places.hpp"

namespace affsync::engine::good_answers_test {
namespace {

HttpResponse good_status(std::string body) {
  HttpResponse response;
  response.status = 200;
  response.body = std::move(body);
  return response;
}

ErrorRule rule_on(std::string_view path) {
  ErrorRule rule;
  rule.json = JsonPath(path);
  return rule;
}

AnswerClass judge(ErrorRule const& rule, std::string body) {
  return classify(good_status(std::move(body)), {rule}, RateSpec(), false, TimePoint())
      .answer_class;
}

TEST(ErrorRules, APathAloneAsksForSomething) {
  auto const rule = rule_on("error");
  for (auto const* nothing : {R"({"error": null})", R"({"error": ""})", R"({"error": " "})",
                              R"({"error": []})", R"({"error": {}})", R"({"error": false})",
                              R"({"error": 0})", R"({"error": 0.0e5})", R"({"data": []})"}) {
    EXPECT_EQ(judge(rule, nothing), AnswerClass::ok) << nothing;
  }
  for (auto const* something :
       {R"({"error": "x"})", R"({"error": {"code": 1}})", R"({"error": ["a"]})",
        R"({"error": true})", R"({"error": 10})", R"({"error": 0.5})"}) {
    EXPECT_EQ(judge(rule, something), AnswerClass::bad_request) << something;
  }
}

TEST(ErrorRules, NotEqualsHoldsForWhateverElseIsThere) {
  auto rule = rule_on("code");
  rule.json_not_equals = {"0", "00000"};
  EXPECT_EQ(judge(rule, R"({"code": 0})"), AnswerClass::ok);
  EXPECT_EQ(judge(rule, R"({"code": "00000"})"), AnswerClass::ok);
  EXPECT_EQ(judge(rule, R"({"code": "50011", "data": []})"), AnswerClass::bad_request);
  EXPECT_EQ(judge(rule, R"({"code": {"a": 1}})"), AnswerClass::bad_request);
  EXPECT_EQ(judge(rule, R"({"code": ""})"), AnswerClass::bad_request);
  // Nothing is present that could differ; `good` decides whether it must be present.
  EXPECT_EQ(judge(rule, R"({"code": null})"), AnswerClass::ok);
  EXPECT_EQ(judge(rule, R"({"data": []})"), AnswerClass::ok);
}

Manifest manifest_of(std::string const& more) {
  auto manifest = parse_manifest(R"(
name: envelope
base_url: https://api.example
auth: {type: none}
)" + more + R"(
streams:
  money: {table: commission, path: /m, records: data, key: id, map: {amount: sum}}
  other: {table: commission, path: /o, records: data, key: id, map: {amount: sum},
          good: {json: state.ok}}
  free: {table: commission, path: /f, records: data, key: id, map: {amount: sum}, good: []}
)",
                                 "envelope.yaml");
  if (!manifest) throw Failure(manifest.error());
  return std::move(*manifest);
}

Verdict verdict_of(Manifest const& manifest, std::string_view stream, std::string body) {
  return classify(good_status(std::move(body)), manifest.errors, manifest.rate, false, TimePoint(),
                  manifest.find_stream(stream)->good);
}

TEST(GoodAnswers, AnotherCodeIsNoEmptyList) {
  auto const manifest = manifest_of("good: {json: code, equals: \"0\"}");
  auto const refused =
      verdict_of(manifest, "money", R"({"code": "50011", "msg": "Too Many Requests", "data": []})");
  EXPECT_EQ(refused.answer_class, AnswerClass::bad_request);
  EXPECT_EQ(refused.error->code, ErrorCode::bad_request);
  EXPECT_EQ(refused.error->message,
            "HTTP 200, but `code` is \"50011\", not \"0\": 50011: Too Many Requests");
  EXPECT_EQ(verdict_of(manifest, "money", R"({"code": "0", "data": []})").answer_class,
            AnswerClass::ok);
  EXPECT_EQ(verdict_of(manifest, "money", R"({"code": 0, "data": []})").answer_class,
            AnswerClass::ok);
  auto const missing = verdict_of(manifest, "money", R"({"data": []})");
  EXPECT_EQ(missing.answer_class, AnswerClass::bad_request);
  EXPECT_EQ(missing.error->message, "HTTP 200, but `code` is missing, not \"0\"");
  EXPECT_EQ(verdict_of(manifest, "money", R"({"code": null, "data": []})").answer_class,
            AnswerClass::bad_request);
  EXPECT_EQ(verdict_of(manifest, "money", "[]").answer_class, AnswerClass::bad_request);
}

TEST(GoodAnswers, AStreamMayAskForSomethingElseOrForNothing) {
  auto const manifest = manifest_of("good: {json: code, equals: 0}");
  EXPECT_EQ(verdict_of(manifest, "other", R"({"state": {"ok": true}})").answer_class,
            AnswerClass::ok);
  EXPECT_EQ(verdict_of(manifest, "other", R"({"code": 0, "state": {"ok": false}})").answer_class,
            AnswerClass::bad_request);
  EXPECT_EQ(verdict_of(manifest, "free", R"({"code": 7})").answer_class, AnswerClass::ok);
}

TEST(GoodAnswers, ARuleGoesFirstAndAClassMayBeGiven) {
  auto const manifest = manifest_of(
      "errors: [{json: code, equals: [30001], class: empty},"
      " {json: code, equals: 10006, class: throttled}]\n"
      "good: [{json: code, equals: [0], class: transient}, {json: data}]");
  EXPECT_EQ(verdict_of(manifest, "money", R"({"code": 30001})").answer_class, AnswerClass::empty);
  EXPECT_EQ(verdict_of(manifest, "money", R"({"code": 10006})").answer_class,
            AnswerClass::throttled);
  EXPECT_EQ(verdict_of(manifest, "money", R"({"code": 5})").answer_class, AnswerClass::transient);
  EXPECT_EQ(verdict_of(manifest, "money", R"({"code": 0, "data": {}})").answer_class,
            AnswerClass::bad_request);
}

TEST(GoodAnswers, MistakesAreToldWithTheirLine) {
  auto const error_of = [](std::string const& more) {
    auto const manifest = parse_manifest("name: e\nauth: {type: none}\n" + more, "e.yaml");
    return manifest ? std::string("no error") : manifest.error().to_line();
  };
  EXPECT_EQ(error_of("good: {equals: 0}"),
            "e.yaml:3:16: `equals` needs `json`, the path of the value to compare, or `header`");
  EXPECT_EQ(error_of("good: {json: code, equals: 0, not_equals: 1}"),
            "e.yaml:3:43: `equals` and `not_equals` cannot be combined. Use only one of them.");
  EXPECT_EQ(error_of("good: {json: code, equal: 0}"),
            "e.yaml:3:20: unknown key \"equal\" in what a good answer holds. Did you mean "
            "`equals`?");
  EXPECT_EQ(error_of("good: {json: code, class: empty}"),
            "e.yaml:3:27: an answer that is not good cannot mean that there are no rows. Add a "
            "rule with `class: empty` to `errors`.");
  EXPECT_EQ(
      error_of("errors: [{status: 400, not_equals: 1, class: empty}]"),
      "e.yaml:3:36: `not_equals` needs `json`, the path of the value to compare, or `header`");
}

// The example for envelopes in docs/connectors.md, word for word.
TEST(GoodAnswers, TheDocumentedExampleIsRead) {
  std::ifstream file(test::in_source("docs/connectors.md"));
  std::string const page{std::istreambuf_iterator<char>(file), {}};
  auto const begin = page.find("```yaml\nerrors:\n  - {json: code, equals: [\"50011\"]");
  ASSERT_NE(begin, std::string::npos);
  auto const from = begin + 8;
  auto const manifest = manifest_of(page.substr(from, page.find("```", from) - from));
  EXPECT_EQ(verdict_of(manifest, "money", R"({"code": "0", "data": []})").answer_class,
            AnswerClass::ok);
  EXPECT_EQ(verdict_of(manifest, "money", R"({"code": "50011", "data": []})").answer_class,
            AnswerClass::throttled);
  EXPECT_EQ(verdict_of(manifest, "money", R"({"code": "51000", "data": []})").answer_class,
            AnswerClass::bad_request);
}

TEST(GoodAnswers, AnEmptyByStatusAloneIsKnownAsSuch) {
  auto const manifest = manifest_of(
      "errors: [{status: 404, json: code, equals: none, class: empty},"
      " {status: 404, class: empty}]");
  auto const judged = [&](std::string body) {
    auto response = good_status(std::move(body));
    response.status = 404;
    return classify(response, manifest.errors, manifest.rate, false, TimePoint());
  };
  EXPECT_EQ(judged("{}").answer_class, AnswerClass::empty);
  EXPECT_TRUE(judged("{}").by_status_alone);
  EXPECT_FALSE(judged(R"({"code": "none"})").by_status_alone);
}

}  // namespace
}  // namespace affsync::engine::good_answers_test
