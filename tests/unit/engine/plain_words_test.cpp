// What an answer says in plain words about errors and about more rows.
#include "connectors/engine/answer/plain_words.hpp"

#include <gtest/gtest.h>

#include "connectors/engine/answer/classify.hpp"
#include "connectors/engine/answer/records.hpp"

namespace affsync::engine::plain_words_test {
namespace {

StreamSpec spec_of(std::string const& records, std::string const& page = "{type: none}",
                   std::string const& top = "") {
  auto manifest =
      parse_manifest("name: b\nbase_url: https://b.example/v1\nauth: {type: none}\n" + top +
                         "streams: {s: {path: /s, table: commission, records: " + records +
                         ", key: id, page: " + page + ", map: {amount: sum}}}",
                     "b.yaml");
  EXPECT_TRUE(manifest) << manifest.error().to_line();
  return manifest ? std::move(manifest->streams.front()) : StreamSpec();
}

std::string error_in(std::string const& json, std::string const& records = "rows",
                     std::string const& top = "") {
  return reported_error(spec_of(records, "{type: none}", top), parse_json(json).value())
      .value_or("none");
}

std::string more_in(std::string const& json, StreamSpec const& spec, std::string const& link = "") {
  Headers headers;
  if (!link.empty()) headers.add("Link", link);
  auto const body = parse_json(json).value();
  auto const text = unread_more(spec, body, spec.records.front().in(body), headers,
                                "https://b.example/v1", "/s?page=1");
  auto const open = text.find('('), close = text.find(')');
  return text.empty() ? "none" : text.substr(open + 1, close - open - 1);
}

TEST(PlainWordsOfAnswers, AnErrorIsNamedWithWhatItSays) {
  EXPECT_EQ(error_in(R"({"success":false,"error":{"code":500,"message":"database timeout"}})"),
            "`success`: false: 500: database timeout");
  EXPECT_EQ(error_in(R"({"error":"bad key"})"), "`error`: bad key");
  EXPECT_EQ(error_in(R"({"errors":[{"message":"x"}]})"), "`errors`: x");
  EXPECT_EQ(error_in(R"({"data":{"status":"failed","rows":[]}})", "data.rows"),
            "`data.status`: failed");
  // What is beside the way to the list is about something else.
  EXPECT_EQ(error_in(R"({"other":{"status":"failed"},"rows":[]})"), "none");
}

TEST(PlainWordsOfAnswers, WhatSaysThatAllIsWellIsNoError) {
  for (auto const* fine :
       {R"({"error":null})", R"({"errors":[]})", R"({"error":""})", R"({"error":0})",
        R"({"error":false})", R"({"status":"ok"})", R"({"error":{"code":0,"message":"ok"}})",
        R"({"errorCode":"00000"})", R"({"errors":[{}]})", R"({"ok":1})", R"([])"}) {
    EXPECT_EQ(error_in(fine), "none") << fine;
  }
}

TEST(PlainWordsOfAnswers, WhatTheConnectorJudgesIsNotJudgedAgain) {
  auto const* body = R"({"errorCode":"200"})";
  EXPECT_EQ(error_in(body), "`errorCode`: 200");
  EXPECT_EQ(error_in(body, "rows", "good: {json: errorCode, equals: [\"200\"]}\n"), "none");
  EXPECT_EQ(error_in(body, "rows",
                     "errors: [{json: errorCode, not_equals: [\"200\"], class: transient}]\n"),
            "none");
  EXPECT_EQ(
      error_in(body, "rows", "errors: [{json: errorCode, equals: [\"500\"], class: transient}]\n"),
      "`errorCode`: 200");
}

TEST(PlainWordsOfAnswers, MoreIsATrueWordAboutPagesAroundTheList) {
  auto const spec = spec_of("data.rows");
  for (auto const& [body, wanted] : std::vector<std::pair<std::string, std::string>>{
           {R"({"has_more":true,"data":{"rows":[{}]}})", "`has_more` is true"},
           {R"({"data":{"HasMore":"True","rows":[{}]}})", "`data.HasMore` is true"},
           {R"({"meta":{"pagination":{"has_next":true}},"data":{"rows":[{}]}})",
            "`meta.pagination.has_next` is true"},
           {R"({"data":{"pageInfo":{"hasNextPage":true},"rows":[{}]}})",
            "`data.pageInfo.hasNextPage` is true"},
           {R"({"has_more":1,"more":"yes","hasNext":false,"data":{"rows":[{}]}})", "none"},
           {R"({"other":{"has_more":true},"data":{"rows":[{}]}})", "none"},
           {R"({"data":{"rows":{"has_more":true}}})", "none"}}) {
    EXPECT_EQ(more_in(body, spec), wanted) << body;
  }
  auto const* body = R"({"has_more":true,"data":{"rows":[{}]}})";
  EXPECT_EQ(more_in(body, spec_of("data.rows", "{type: none, more: false}")), "none");
  EXPECT_EQ(more_in(body, spec_of("data.rows", "{type: offset, more: false}")), "none");
}

TEST(PlainWordsOfAnswers, AHeaderNamesAnotherPage) {
  auto const spec = spec_of("rows");
  auto const* body = R"({"rows":[{}]})";
  auto const* named = "its header `Link` names a next page";
  EXPECT_EQ(more_in(body, spec, "</v1/s?page=2>; rel=\"next\""), named);
  EXPECT_EQ(more_in(body, spec, "<https://c.example/s>; rel=next"), named);
  EXPECT_EQ(more_in(body, spec, "<https://b.example/v1/s?page=1>; rel=next"), "none");
  EXPECT_EQ(more_in(body, spec, "<?page=1>; rel=next"), "none");
  EXPECT_EQ(more_in(body, spec, "</v1/s?page=2>; rel=prev"), "none");
  EXPECT_EQ(more_in(body, spec, "/v1/s?page=2"), "none") << "it does not say which page it is";
  EXPECT_EQ(more_in(body, spec_of("rows", "{type: link, next: {header: Link}}"),
                    "</v1/s?page=2>; rel=\"next\""),
            "none")
      << "paging reads it";
}

TEST(PlainWordsOfAnswers, ACountThatIsGreaterIsAGuess) {
  auto const body = parse_json(R"({"meta":{"total":250},"sum_total":9,"rows":[]})").value();
  EXPECT_EQ(greater_count(spec_of("rows"), body, 100), "`meta.total` is 250");
  EXPECT_EQ(greater_count(spec_of("rows"), body, 250), "");
  auto const pages = parse_json(R"({"pagination":{"total_pages":3},"rows":[]})").value();
  EXPECT_EQ(greater_count(spec_of("rows"), pages, 100), "`pagination.total_pages` is 3");
  EXPECT_EQ(greater_count(spec_of("rows", "{type: none, total: meta.total}"), body, 100), "");
  EXPECT_EQ(greater_count(spec_of("rows", "{type: none, more: false}"), body, 100), "");
  EXPECT_EQ(greater_count(spec_of("rows", "{type: page}"), body, 100), "");
}

Verdict judged(int status, std::string body, StreamSpec const& spec,
               std::string const& rules = "") {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  std::vector<ErrorRule> errors;
  if (!rules.empty()) {
    auto const manifest = parse_manifest(
        "name: b\nbase_url: https://b.example\nauth: {type: none}\nerrors: [" + rules +
            "]\nstreams: {s: {path: /s, table: payout, records: d, key: id, map: {amount: a}}}",
        "b.yaml");
    EXPECT_TRUE(manifest) << manifest.error().to_line();
    errors = manifest->errors;
  }
  return classify(response, errors, {}, false, TimePoint(), spec.good, spec.document, &spec);
}

TEST(PlainWordsOfAnswers, AcceptedWithoutRowsIsNoAnswerYet) {
  auto const spec = spec_of("rows");
  for (auto const* none : {R"({"rows":[]})", R"({"id":"job-7"})", "", "soon"}) {
    auto const verdict = judged(202, none, spec);
    EXPECT_EQ(verdict.answer_class, AnswerClass::transient) << none;
    ASSERT_TRUE(verdict.error) << none;
    EXPECT_EQ(verdict.error->code, ErrorCode::server_error) << none;
  }
  EXPECT_EQ(judged(202, R"({"rows":[{"id":1}]})", spec).answer_class, AnswerClass::ok);
  EXPECT_EQ(judged(200, R"({"rows":[]})", spec).answer_class, AnswerClass::ok);
  auto const* rule = "{json: rows, absent: true, status: 202, class: empty}";
  EXPECT_EQ(judged(202, R"({"id":7})", spec, rule).answer_class, AnswerClass::empty);
}

TEST(PlainWordsOfAnswers, ARuleDoesNotThrowRowsAway) {
  auto const spec = spec_of("rows");
  for (std::string const name : {"empty", "end_of_list"}) {
    auto const rule = "{json: code, equals: 7, class: " + name + "}";
    auto const verdict = judged(200, R"({"code":7,"rows":[{"id":1},{"id":2}]})", spec, rule);
    ASSERT_TRUE(verdict.error) << name;
    EXPECT_EQ(verdict.error->code, ErrorCode::malformed_answer);
    EXPECT_EQ(verdict.error->message, "HTTP 200: the answer has 2 rows, but a rule with `class: " +
                                          name + "` says that it has none");
    for (auto const* none : {R"({"code":7,"rows":[]})", R"({"code":7,"rows":[{"text":"none"}]})",
                             R"({"code":7})", R"({"code":7,"rows":{"id":1}})"}) {
      auto const fine = judged(200, none, spec, rule);
      EXPECT_EQ(to_string(fine.answer_class), name) << none;
    }
  }
}

TEST(PlainWordsOfAnswers, MessagesSayWhatWasExpectedWhereAndWhatToDo) {
  auto manifest = parse_manifest(
      "name: b\nbase_url: https://b.example\nauth: {type: none}\nstreams:\n  s:\n    path: /s\n"
      "    format: csv\n    table: payout\n    key: id\n    map: {amount: a}\n",
      "b.yaml");
  ASSERT_TRUE(manifest) << manifest.error().to_line();
  auto const page = judged(200, "<html><title>Sign in</title></html>", manifest->streams.front());
  ASSERT_TRUE(page.error);
  EXPECT_EQ(page.error->message, "HTTP 200: an HTML page instead of CSV (\"Sign in\")");
  auto const ruled =
      judged(200, R"({"code":7})", spec_of("rows"), "{json: code, equals: 7, class: bad_request}");
  ASSERT_TRUE(ruled.error);
  EXPECT_NE(ruled.error->hint.find("A rule under `errors` of the connector"), std::string::npos);
  auto const lost = find_records(spec_of("rows"), parse_json("{}").value());
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().hint, "Check `records` of the stream (b.yaml:4:11).");
}

}  // namespace
}  // namespace affsync::engine::plain_words_test
