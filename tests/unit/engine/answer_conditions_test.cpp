// Rules and conditions that look at headers, ranges of statuses, content types and missing values.
#include <gtest/gtest.h>

#include "connectors/engine/answer/classify.hpp"

namespace affsync::engine::answer_conditions_test {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

HttpResponse answer_of(int status, std::string body, Fields const& headers = {}) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  for (auto const& [name, value] : headers) response.headers.add(name, value);
  return response;
}

Result<Manifest> parse(std::string const& more) {
  return parse_manifest("name: shop\nbase_url: https://shop.example\nauth: {type: none}\n" + more +
                            "\nstreams:\n"
                            "  money: {table: commission, path: /m, records: data, key: id,"
                            " map: {amount: sum}}\n",
                        "shop.yaml");
}

Verdict verdict_of(std::string const& more, HttpResponse const& response) {
  auto const manifest = parse(more);
  if (!manifest) throw Failure(manifest.error());
  return classify(response, manifest->errors, manifest->rate, false, TimePoint(),
                  manifest->streams.front().good);
}

AnswerClass class_of(std::string const& more, HttpResponse const& response) {
  return verdict_of(more, response).answer_class;
}

TEST(AnswerConditions, AGoodStatusMayMeanARefusal) {
  auto const* rules = "errors: [{status: 291, class: throttled, wait: 60s}]";
  auto const verdict =
      verdict_of(rules, answer_of(291, R"({"error":"Too many requests, slow down"})"));
  EXPECT_EQ(verdict.answer_class, AnswerClass::throttled);
  EXPECT_EQ(verdict.error->code, ErrorCode::throttled);
  EXPECT_EQ(verdict.wait, std::chrono::seconds(60));
  EXPECT_EQ(class_of(rules, answer_of(200, R"({"data":[]})")), AnswerClass::ok);
}

TEST(AnswerConditions, ARangeOfStatusesHasBothEnds) {
  auto const* rules = "errors: [{status: [418, 500-502], class: permission}]";
  for (int const status : {418, 500, 501, 502}) {
    EXPECT_EQ(class_of(rules, answer_of(status, "{}")), AnswerClass::permission) << status;
  }
  EXPECT_EQ(class_of(rules, answer_of(417, "{}")), AnswerClass::bad_request);
  EXPECT_EQ(class_of(rules, answer_of(499, "{}")), AnswerClass::bad_request);
  EXPECT_EQ(class_of(rules, answer_of(504, "{}")), AnswerClass::transient);
}

TEST(AnswerConditions, ATextOfAnyAlphabetIgnoresCaseAndEscapes) {
  auto const* rules =
      "errors:\n"
      "  - {contains: слишком много запросов, class: throttled}\n"
      "  - {contains: n/a now, class: transient}";
  for (
      auto const* body :
      {"Слишком много запросов", R"({"m":"СЛИШКОМ МНОГО ЗАПРОСОВ, 5"})",
       R"({"m":"\u0421\u043b\u0438\u0448\u043a\u043e\u043c \u043c\u043d\u043e\u0433\u043e \u0437\u0430\u043f\u0440\u043e\u0441\u043e\u0432"})"}) {
    EXPECT_EQ(class_of(rules, answer_of(403, body)), AnswerClass::throttled) << body;
  }
  EXPECT_EQ(class_of(rules, answer_of(200, R"({"m":"N\/A now"})")), AnswerClass::transient);
  EXPECT_EQ(class_of(rules, answer_of(403, R"({"m":"\u0421"})")), AnswerClass::permission);
}

TEST(AnswerConditions, ACodeInAHeader) {
  auto const* rules =
      "errors:\n"
      "  - {header: X-Error-Code, equals: [E7, E8], class: throttled}\n"
      "  - {header: x-error-code, class: bad_request}";
  auto const with = [](char const* code) {
    return answer_of(200, R"({"data":[]})", {{"X-Error-Code", code}});
  };
  EXPECT_EQ(class_of(rules, with("E8")), AnswerClass::throttled);
  auto const other = verdict_of(rules, with("E9"));
  EXPECT_EQ(other.answer_class, AnswerClass::bad_request);
  EXPECT_EQ(other.error->message, "HTTP 200: x-error-code: E9");
  EXPECT_EQ(class_of(rules, with(" ")), AnswerClass::ok);
  EXPECT_EQ(class_of(rules, answer_of(200, R"({"data":[]})")), AnswerClass::ok);
}

TEST(AnswerConditions, AbsentMatchesWhatIsMissingOrNull) {
  auto const* rules = "errors: [{json: ret.code, not_equals: 0, absent: true, class: transient}]";
  EXPECT_EQ(class_of(rules, answer_of(200, R"({"ret":{"code":0}})")), AnswerClass::ok);
  for (auto const* bad : {R"({"ret":{"code":5}})", R"({"ret":{"code":null}})", R"({"ret":{}})",
                          R"({"data":[]})", "[]"}) {
    EXPECT_EQ(class_of(rules, answer_of(200, bad)), AnswerClass::transient) << bad;
  }
  auto const* alone = "errors: [{json: data, absent: true, class: empty}]";
  EXPECT_EQ(class_of(alone, answer_of(200, R"({"total":0})")), AnswerClass::empty);
  EXPECT_EQ(class_of(alone, answer_of(200, R"({"data":[]})")), AnswerClass::ok);
  EXPECT_EQ(class_of(alone, answer_of(200, R"({"data":[1]})")), AnswerClass::ok);
  auto const* either = "errors: [{json: state, equals: gone, absent: true, class: not_found}]";
  EXPECT_EQ(class_of(either, answer_of(200, R"({"state":"gone"})")), AnswerClass::not_found);
  EXPECT_EQ(class_of(either, answer_of(200, R"({})")), AnswerClass::not_found);
  EXPECT_EQ(class_of(either, answer_of(200, R"({"state":"here"})")), AnswerClass::ok);
}

TEST(AnswerConditions, AContentTypeWhateverItsParameters) {
  auto const* rules =
      "errors:\n"
      "  - {content_type: Text/HTML, class: auth_expired}\n"
      "  - {content_type: text/*, contains: no permission, class: permission}";
  auto const of_type = [](std::string type, std::string body) {
    return answer_of(200, std::move(body), {{"content-type", std::move(type)}});
  };
  EXPECT_EQ(class_of(rules, of_type("text/html; charset=utf-8", "<html>log in</html>")),
            AnswerClass::auth_expired);
  EXPECT_EQ(class_of(rules, of_type("text/plain", "No permission")), AnswerClass::permission);
  EXPECT_EQ(class_of(rules, of_type("application/json", R"({"a":"no permission"})")),
            AnswerClass::ok);
  EXPECT_EQ(class_of(rules, answer_of(200, R"({"a":"no permission"})")), AnswerClass::ok);
  // A page of a firewall is still one if the rule looks only for what it does not have.
  EXPECT_EQ(class_of("errors: [{header: X-Api, absent: true, class: bad_request}]",
                     of_type("text/html", "<!DOCTYPE html><title>Blocked</title>")),
            AnswerClass::transient);
}

TEST(AnswerConditions, WhatAGoodAnswerHoldsInAHeaderOrDoesNotHold) {
  auto const* good = "good: [{header: X-Status, equals: OK}, {json: errors, absent: true}]";
  Fields const fine{{"X-Status", "OK"}};
  EXPECT_EQ(class_of(good, answer_of(200, R"({"data":[]})", fine)), AnswerClass::ok);
  EXPECT_EQ(class_of(good, answer_of(200, R"({"data":[],"errors":null})", fine)), AnswerClass::ok);
  auto const missing = verdict_of(good, answer_of(200, R"({"data":[]})"));
  EXPECT_EQ(missing.answer_class, AnswerClass::bad_request);
  EXPECT_EQ(missing.error->message, "HTTP 200, but the header `X-Status` is missing, not \"OK\"");
  auto const other = verdict_of(good, answer_of(200, R"({"data":[]})", {{"X-Status", "BUSY"}}));
  EXPECT_EQ(other.error->message, "HTTP 200, but the header `X-Status` is \"BUSY\", not \"OK\"");
  auto const errors = verdict_of(good, answer_of(200, R"({"errors":[]})", fine));
  EXPECT_EQ(errors.error->message, "HTTP 200, but `errors` is a list and should be missing");
  auto const* either = "good: {json: ok, equals: true, absent: true}";
  EXPECT_EQ(class_of(either, answer_of(200, R"({"data":[]})")), AnswerClass::ok);
  EXPECT_EQ(class_of(either, answer_of(200, R"({"ok":true})")), AnswerClass::ok);
  EXPECT_EQ(class_of(either, answer_of(200, R"({"ok":false})")), AnswerClass::bad_request);
}

TEST(AnswerConditions, SeveralValuesMustAllHold) {
  auto const* rules =
      "errors:\n"
      "  - {json: code, equals: 30, and: [{json: data.reason, equals: [slow, busy]},"
      " {header: X-Kind, not_equals: final}], class: throttled}\n"
      "  - {json: code, equals: 30, class: permission}";
  auto const of = [&](char const* body, char const* kind) {
    return class_of(rules, answer_of(400, body, {{"X-Kind", kind}}));
  };
  EXPECT_EQ(of(R"({"code":30,"data":{"reason":"busy"}})", "soft"), AnswerClass::throttled);
  EXPECT_EQ(of(R"({"code":30,"data":{"reason":"busy"}})", "final"), AnswerClass::permission);
  EXPECT_EQ(of(R"({"code":30,"data":{"reason":"no"}})", "soft"), AnswerClass::permission);
  EXPECT_EQ(of(R"({"code":30})", "soft"), AnswerClass::permission);
  EXPECT_EQ(of(R"({"code":31,"data":{"reason":"busy"}})", "soft"), AnswerClass::bad_request);
  auto const* missing =
      "errors: [{json: code, and: [{json: data, absent: true}], class: auth_invalid}]";
  EXPECT_EQ(class_of(missing, answer_of(400, R"({"code":1,"data":null})")),
            AnswerClass::auth_invalid);
  EXPECT_EQ(class_of(missing, answer_of(400, R"({"code":1,"data":[]})")), AnswerClass::bad_request);
}

TEST(AnswerConditions, EmptyByAHeaderIsNoWrongPath) {
  auto const judged = [](char const* rule) {
    return verdict_of(std::string("errors: [") + rule + "]",
                      answer_of(404, "{}", {{"X-Rows", "0"}, {"Content-Type", "text/x-none"}}));
  };
  EXPECT_TRUE(judged("{status: 404, class: empty}").by_status_alone);
  EXPECT_FALSE(judged("{status: 404, header: X-Rows, equals: 0, class: empty}").by_status_alone);
  EXPECT_FALSE(judged("{status: 404, content_type: text/x-none, class: empty}").by_status_alone);
}

TEST(AnswerConditions, AnAnswerOfNothingMayMeanThatThereAreNoRows) {
  auto const judged = [](int status, char const* body) {
    return verdict_of("errors: [{status: 200, no_body: true, class: empty}]",
                      answer_of(status, body, {{"Content-Type", "text/xml"}}));
  };
  for (auto const* nothing : {"", " \r\n\t"}) {
    EXPECT_EQ(judged(200, nothing).answer_class, AnswerClass::empty);
    EXPECT_TRUE(judged(200, nothing).by_status_alone) << "it proves nothing about stored rows";
    EXPECT_EQ(judged(500, nothing).answer_class, AnswerClass::transient);
  }
  EXPECT_EQ(judged(200, "{}").answer_class, AnswerClass::ok);
  EXPECT_EQ(judged(200, "none").answer_class, AnswerClass::transient);
}

TEST(AnswerConditions, MistakesAreToldWithTheirPlace) {
  auto const error_of = [](std::string const& more) {
    auto const manifest = parse(more);
    return manifest ? std::string("no error") : manifest.error().to_line();
  };
  EXPECT_EQ(error_of("errors: [{status: 599-500, class: empty}]"),
            "shop.yaml:4:19: \"599-500\" is not a range of statuses. Such as 500-599; from 200 to "
            "599.");
  EXPECT_EQ(error_of("errors: [{status: 500-, class: empty}]"),
            "shop.yaml:4:19: \"500-\" is not a range of statuses. Such as 500-599; from 200 to "
            "599.");
  EXPECT_EQ(error_of("errors: [{header: X A, class: empty}]"),
            "shop.yaml:4:19: \"X A\" is not the name of an HTTP header");
  EXPECT_EQ(error_of("errors: [{json: a, header: B, class: empty}]"),
            "shop.yaml:4:28: `json` and `header` cannot be combined. Make two rules or two "
            "conditions.");
  EXPECT_EQ(error_of("errors: [{status: 400, absent: true, class: empty}]"),
            "shop.yaml:4:32: `absent` needs `json`, the path of the value to compare, or `header`");
  EXPECT_EQ(error_of("errors: [{content_type: html, class: empty}]"),
            "shop.yaml:4:25: \"html\" is not a content type. Such as text/html, or text/* for all "
            "texts; without parameters.");
  EXPECT_EQ(error_of("errors: [{status: 400, and: [{json: a}], class: empty}]"),
            "shop.yaml:4:29: `and` needs a first condition beside it. Give the rule `json` or "
            "`header`.");
  EXPECT_EQ(error_of("errors: [{json: a, and: [{absent: true}], class: empty}]"),
            "shop.yaml:4:35: `absent` needs `json`, the path of the value to compare, or `header`");
  EXPECT_EQ(
      error_of("errors: [{json: a, and: [{}], class: empty}]"),
      "shop.yaml:4:26: the condition looks at nothing. Give it `json`, the path of a value in "
      "the body, or `header`.");
  EXPECT_EQ(error_of("good: {class: transient}"),
            "shop.yaml:4:7: the condition looks at nothing. Give it `json`, the path of a value in "
            "the body, or `header`.");
}

}  // namespace
}  // namespace affsync::engine::answer_conditions_test
