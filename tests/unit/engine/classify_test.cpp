#include "connectors/engine/answer/classify.hpp"
#include "connectors/engine/answer/http_date.hpp"
#include "connectors/engine/answer/requested_wait.hpp"

#include <gtest/gtest.h>

#include "tests/support/compress.hpp"

namespace affsync::engine::classify_test {
namespace {

using namespace std::chrono_literals;

// 2024-11-05 12:00:00 UTC
TimePoint const moment{std::chrono::seconds(1730808000)};

HttpResponse answer(int status, std::string body, std::vector<Headers::Field> headers = {}) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  for (auto& [name, value] : headers) response.headers.add(name, value);
  return response;
}

Verdict judge(HttpResponse const& response, bool is_login = false,
              std::vector<ErrorRule> const& rules = {}, RateSpec const& rate = {}) {
  return classify(response, rules, rate, is_login, moment);
}

TEST(Classify, AGoodAnswerIsParsedOnce) {
  auto const verdict = judge(answer(200, R"({"data": [{"id": 7}]})"));
  EXPECT_EQ(verdict.answer_class, AnswerClass::ok);
  EXPECT_FALSE(verdict.error);
  ASSERT_NE(verdict.body.find("data"), nullptr);
  EXPECT_EQ(verdict.body.find("data")->items().size(), 1u);
}

// It is judged where requests are sent: hundreds of megabytes would hold all sources up.
TEST(Classify, ALargeRefusalIsNotRead) {
  std::string const filler(1'000'000, ' ');
  auto const small = judge(answer(500, R"({"code": 7})"));
  EXPECT_NE(small.body.find("code"), nullptr);
  auto const large = judge(answer(500, R"({"code": 7})" + filler));
  EXPECT_EQ(large.answer_class, AnswerClass::transient);
  EXPECT_EQ(large.body.find("code"), nullptr);
  ASSERT_TRUE(large.error);
  EXPECT_EQ(large.error->code, ErrorCode::server_error);
  // What is good is as large as a page may be.
  EXPECT_NE(judge(answer(200, R"({"code": 7})" + filler)).body.find("code"), nullptr);
}

TEST(Classify, NoContentIsEmpty) {
  auto const verdict = judge(answer(204, ""));
  EXPECT_EQ(verdict.answer_class, AnswerClass::empty);
  EXPECT_FALSE(verdict.error);
}

TEST(Classify, StatusesMeanWhatHttpSays) {
  struct Case {
    int status;
    bool is_login;
    AnswerClass answer_class;
    ErrorCode code;
  };
  for (auto const& one : std::initializer_list<Case>{
           {400, false, AnswerClass::bad_request, ErrorCode::bad_request},
           {401, false, AnswerClass::auth_expired, ErrorCode::auth_expired},
           {401, true, AnswerClass::auth_invalid, ErrorCode::auth_invalid},
           {403, false, AnswerClass::permission, ErrorCode::permission_denied},
           {404, false, AnswerClass::not_found, ErrorCode::not_found},
           {402, false, AnswerClass::bad_request, ErrorCode::refused},
           {405, false, AnswerClass::bad_request, ErrorCode::refused},
           {407, false, AnswerClass::bad_request, ErrorCode::refused},
           {408, false, AnswerClass::transient, ErrorCode::server_error},
           {410, false, AnswerClass::bad_request, ErrorCode::bad_request},
           {416, false, AnswerClass::bad_request, ErrorCode::bad_request},
           {421, false, AnswerClass::bad_request, ErrorCode::refused},
           {422, false, AnswerClass::bad_request, ErrorCode::bad_request},
           {423, false, AnswerClass::bad_request, ErrorCode::refused},
           {425, false, AnswerClass::transient, ErrorCode::server_error},
           {429, false, AnswerClass::throttled, ErrorCode::throttled},
           {429, true, AnswerClass::throttled, ErrorCode::throttled},
           {500, false, AnswerClass::transient, ErrorCode::server_error},
           {502, true, AnswerClass::transient, ErrorCode::server_error},
           {503, false, AnswerClass::transient, ErrorCode::server_error},
           {599, false, AnswerClass::transient, ErrorCode::server_error},
       }) {
    auto const verdict = judge(answer(one.status, R"({"message": "no"})"), one.is_login);
    EXPECT_EQ(verdict.answer_class, one.answer_class) << one.status;
    ASSERT_TRUE(verdict.error) << one.status;
    EXPECT_EQ(verdict.error->code, one.code) << one.status;
    EXPECT_EQ(verdict.error->message, "HTTP " + std::to_string(one.status) + ": no");
  }
}

TEST(Classify, ARuleDecidesWhetherAnotherStatusIsABadRequest) {
  ErrorRule rule;
  rule.status = {409};
  rule.answer_class = AnswerClass::bad_request;
  EXPECT_EQ(judge(answer(409, "{}")).error->code, ErrorCode::refused);
  EXPECT_EQ(judge(answer(409, "{}"), false, {rule}).error->code, ErrorCode::bad_request);
}

TEST(Classify, ADamagedRefusalIsBelievedWhereAskingAgainDoesHarm) {
  auto const damaged = [](int status, bool is_login) {
    auto response = answer(status, "", {{"Retry-After", "3600"}});
    response.flaw = Error(ErrorCode::truncated, "cut");
    return judge(response, is_login);
  };
  EXPECT_EQ(damaged(401, true).answer_class, AnswerClass::auth_invalid);
  EXPECT_EQ(damaged(400, true).answer_class, AnswerClass::bad_request);
  EXPECT_EQ(damaged(401, false).answer_class, AnswerClass::auth_expired);
  EXPECT_EQ(damaged(429, false).answer_class, AnswerClass::throttled);
  EXPECT_EQ(damaged(503, false).answer_class, AnswerClass::throttled);
  EXPECT_EQ(damaged(500, false).answer_class, AnswerClass::transient);
  // Its body could say anything.
  for (int const status : {302, 400, 403, 404, 405}) {
    auto const verdict = damaged(status, false);
    EXPECT_EQ(verdict.answer_class, AnswerClass::transient) << status;
    EXPECT_EQ(verdict.error->code, ErrorCode::truncated) << status;
  }
}

TEST(Classify, APartOfTheBytesIsNoAnswer) {
  for (auto const* range : {"bytes 0-90/5000", "Bytes 0-90/*", "bytes 10-90/91"}) {
    auto const verdict = judge(answer(206, "{}", {{"Content-Range", range}}));
    EXPECT_EQ(verdict.answer_class, AnswerClass::transient) << range;
    ASSERT_TRUE(verdict.error) << range;
    EXPECT_EQ(verdict.error->code, ErrorCode::truncated);
  }
  for (auto const* range : {"bytes 0-90/91", "items 0-9/40", "0-9/*", "bytes */40", "", "x"}) {
    EXPECT_EQ(judge(answer(206, "{}", {{"Content-Range", range}})).answer_class, AnswerClass::ok)
        << range;
  }
}

// The last amount may be cut, which nothing in such a text shows.
TEST(Classify, BytesBehindALineAreADoubtOfTheLine) {
  auto cut = answer(200, "id,sum\n1,11");
  cut.has_surplus = true;
  DocumentSpec document;
  document.format = DocumentFormat::csv;
  auto const verdict = classify(cut, {}, {}, false, moment, {}, document);
  EXPECT_EQ(verdict.answer_class, AnswerClass::transient);
  ASSERT_TRUE(verdict.error);
  EXPECT_EQ(verdict.error->code, ErrorCode::truncated);
  EXPECT_EQ(verdict.error->message,
            "bytes follow the answer's end after 11 bytes, so its last line may be cut");
  cut.has_surplus = false;
  EXPECT_EQ(classify(cut, {}, {}, false, moment, {}, document).answer_class, AnswerClass::ok);
  auto whole = answer(200, "{}");
  whole.has_surplus = true;
  EXPECT_EQ(judge(whole).answer_class, AnswerClass::ok) << "JSON has an end";
}

Verdict judge_open(std::string const& body, DocumentSpec const& document) {
  auto response = answer(200, body);
  response.ends_with_connection = true;
  return classify(response, {}, {}, false, moment, {}, document);
}

TEST(Classify, LinesThatEndWithTheirConnectionMayBeCut) {
  DocumentSpec csv;
  csv.format = DocumentFormat::csv;
  auto const whole = judge_open("id,sum\n1,11\n2,22.00\n", csv);
  EXPECT_EQ(whole.answer_class, AnswerClass::ok);
  EXPECT_EQ(whole.body.dump(), R"({"rows":[{"id":"1","sum":"11"},{"id":"2","sum":"22.00"}]})");
  ASSERT_TRUE(whole.cut);
  EXPECT_EQ(whole.cut->code, ErrorCode::sweep_unverified);
  EXPECT_EQ(whole.cut->message,
            "the answer has neither Content-Length nor chunks, so lines may be missing where its "
            "connection ended");
  EXPECT_EQ(whole.cut->hint,
            "Ask the broker to send a Content-Length, or to answer in chunks. If its table ends "
            "with a line of sums, name that under `csv: {totals: …}`.");
  // Of 22.00 three characters may be missing.
  auto const torn = judge_open("id,sum\n1,11\n2,22", csv);
  EXPECT_EQ(torn.body.dump(), R"({"rows":[{"id":"1","sum":"11"}]})");
  ASSERT_TRUE(torn.cut);
  EXPECT_NE(torn.cut->message.find("; its last line has no line break and was left out"),
            std::string::npos);
  EXPECT_EQ(judge_open("id,sum\n1,11\n2", csv).answer_class, AnswerClass::transient);
  EXPECT_FALSE(classify(answer(200, "id,sum\n1,1"), {}, {}, false, moment, {}, csv).cut);
}

TEST(Classify, ALineOfSumsShowsTheEndOfATable) {
  DocumentSpec csv;
  csv.format = DocumentFormat::csv;
  csv.table.totals = TotalsSpec{"", {"Total"}};
  EXPECT_FALSE(judge_open("id,sum\n1,11\nTotal,11\n", csv).cut);
  EXPECT_FALSE(judge_open("id,sum\n1,11\nTotal,11", csv).cut);
  auto const cut = judge_open("id,sum\n1,11\n", csv).cut;
  ASSERT_TRUE(cut);
  EXPECT_EQ(cut->hint, "Ask the broker to send a Content-Length, or to answer in chunks.");
  EXPECT_TRUE(judge_open("id,sum\nTotal,0\n1,11\n", csv).cut) << "a row behind it";
}

TEST(Classify, JsonLinesThatEndWithTheirConnectionMayBeCut) {
  DocumentSpec lines;
  lines.format = DocumentFormat::json_lines;
  // A bracket ends its row.
  auto const two = judge_open("{\"id\":1}\n{\"id\":2}", lines);
  EXPECT_EQ(two.body.dump(), R"({"rows":[{"id":1},{"id":2}]})");
  EXPECT_TRUE(two.cut);
  for (auto const* none : {"", "\r\n"}) {
    auto const empty = judge_open(none, lines);
    EXPECT_EQ(empty.answer_class, AnswerClass::transient);
    ASSERT_TRUE(empty.error);
    EXPECT_EQ(empty.error->message, "HTTP 200: an empty body instead of JSON lines");
  }
  EXPECT_EQ(judge_open("{\"id\":1}\n{\"id\"", lines).answer_class, AnswerClass::transient);
  EXPECT_FALSE(judge_open("[]", {}).cut) << "JSON has an end";
  EXPECT_FALSE(judge_open(affsync::test::compress("{\"id\":1}\n"), lines).cut) << "so has gzip";
}

TEST(Classify, ACharsetOfTheHeaderIsDecoded) {
  std::string const ivan = "\xc8\xe2\xe0\xed";  // Иван in windows-1251
  auto const judged = [](std::string const& body, std::string const& type,
                         DocumentFormat format = DocumentFormat::json) {
    DocumentSpec document;
    document.format = format;
    return classify(answer(200, body, {{"Content-Type", type}}), {}, {}, false, moment, {},
                    document);
  };
  for (auto const* type : {"application/json; charset=windows-1251",
                           "application/json;x=1; Charset=\"Windows-1251\""}) {
    auto const verdict = judged("{\"who\":\"" + ivan + "\"}", type);
    EXPECT_EQ(verdict.body.find("who")->as_string(), "Иван") << type;
    EXPECT_TRUE(verdict.is_decoded);
    EXPECT_EQ(verdict.remark, "");
  }
  EXPECT_EQ(judged("{\"who\":\"" + ivan + "\"}\n", "text/plain; charset=windows-1251",
                   DocumentFormat::json_lines)
                .body.dump(),
            R"({"rows":[{"who":"Иван"}]})");
  EXPECT_EQ(judged("<r><who>" + ivan + "</who></r>", "text/xml; charset=windows-1251",
                   DocumentFormat::xml)
                .body.dump(),
            R"({"root":{"who":"Иван"}})");
  // What is UTF-8 is nothing else.
  auto const utf8 = judged(R"({"who":"Иван"})", "application/json; charset=iso-8859-1");
  EXPECT_EQ(utf8.body.find("who")->as_string(), "Иван");
  EXPECT_FALSE(utf8.is_decoded);
  auto const unknown = judged("{\"who\":\"" + ivan + "\"}", "application/json; charset=x-mac");
  EXPECT_EQ(unknown.answer_class, AnswerClass::ok);
  EXPECT_EQ(
      unknown.remark,
      "its Content-Type names the charset \"x-mac\", but the answer is neither that nor UTF-8 "
      "(the charset \"x-mac\" is unknown): letters that are lost make different names alike");
}

TEST(Classify, ThereIsNothingToBeNotModified) {
  auto const verdict = judge(answer(304, ""));
  ASSERT_TRUE(verdict.error);
  EXPECT_EQ(verdict.error->code, ErrorCode::malformed_answer);
  EXPECT_NE(verdict.error->message.find("nothing is said to have changed"), std::string::npos);
}

TEST(Classify, UnavailableWithRetryAfterIsThrottling) {
  auto const verdict = judge(answer(503, "", {{"Retry-After", "7"}}));
  EXPECT_EQ(verdict.answer_class, AnswerClass::throttled);
  EXPECT_EQ(verdict.wait, 7s);
}

TEST(Classify, ARedirectIsAnErrorThatNamesTheTargetWithoutItsQuery) {
  auto const verdict =
      judge(answer(302, "", {{"Location", "https://login.example/sso?ticket=abc123"}}));
  EXPECT_EQ(verdict.answer_class, AnswerClass::bad_request);
  ASSERT_TRUE(verdict.error);
  EXPECT_EQ(verdict.error->code, ErrorCode::redirected);
  EXPECT_NE(verdict.error->message.find("https://login.example/sso"), std::string::npos);
  EXPECT_EQ(verdict.error->message.find("abc123"), std::string::npos);
}

TEST(Classify, HtmlWithAGoodStatusIsRecognised) {
  auto const verdict =
      judge(answer(200, "\n<!DOCTYPE html><html><head><title>Sign in</title></head></html>"));
  EXPECT_EQ(verdict.answer_class, AnswerClass::transient);
  ASSERT_TRUE(verdict.error);
  EXPECT_EQ(verdict.error->code, ErrorCode::malformed_answer);
  EXPECT_NE(verdict.error->message.find("HTML page instead of JSON (\"Sign in\")"),
            std::string::npos);
  EXPECT_NE(verdict.error->hint.find("path may be wrong"), std::string::npos);
}

TEST(Classify, APageOfABrokersOwnErrorIsNoWrongPath) {
  std::string const page = "<html><head><title>Oops</title></head></html>";
  for (int const status : {500, 502, 503}) {
    auto const verdict = judge(answer(status, page));
    EXPECT_EQ(verdict.answer_class, AnswerClass::transient);
    ASSERT_TRUE(verdict.error);
    EXPECT_EQ(verdict.error->hint, "The broker has an error of its own. It is asked again.");
  }
  EXPECT_NE(judge(answer(404, page)).error->hint.find("path may be wrong"), std::string::npos);
}

// An answer from a proxy or firewall in front of a broker says nothing about the account, so
// neither HTTP's meaning of the status nor the connector's applies.
TEST(Classify, APageWhereJsonIsDueIsTransientWhateverItsStatus) {
  std::string const page = "<html><head><title>Attention Required!</title></head></html>";
  ErrorRule wrong;
  wrong.status = {400, 403, 405};
  wrong.answer_class = AnswerClass::auth_invalid;
  for (int const status : {200, 202, 400, 403, 405, 406, 418, 451}) {
    for (bool const is_login : {false, true}) {
      auto const verdict = judge(answer(status, page), is_login, {wrong});
      EXPECT_EQ(verdict.answer_class, AnswerClass::transient) << status;
      ASSERT_TRUE(verdict.error) << status;
      EXPECT_EQ(verdict.error->code, ErrorCode::malformed_answer) << status;
      EXPECT_NE(verdict.error->message.find("Attention Required!"), std::string::npos);
    }
  }
  EXPECT_EQ(judge(answer(403, "error code: 1020")).answer_class, AnswerClass::transient);
  // These statuses are about the caller, the path or the limit, whatever the body looks like.
  EXPECT_EQ(judge(answer(401, page)).answer_class, AnswerClass::auth_expired);
  EXPECT_EQ(judge(answer(404, page)).answer_class, AnswerClass::not_found);
  EXPECT_EQ(judge(answer(429, page)).answer_class, AnswerClass::throttled);
  // A rule that matches words of the page applies.
  ErrorRule limit;
  limit.status = {403};
  limit.body_contains = "attention required";
  limit.answer_class = AnswerClass::throttled;
  EXPECT_EQ(judge(answer(403, page), false, {limit}).answer_class, AnswerClass::throttled);
}

TEST(Classify, WordsInsteadOfATokenAreNotAskedForAgain) {
  EXPECT_EQ(judge(answer(200, "Wrong password"), true).answer_class, AnswerClass::bad_request);
  EXPECT_EQ(judge(answer(200, R"({"token":"ab)"), true).answer_class, AnswerClass::transient);
  EXPECT_EQ(judge(answer(200, "Busy"), false).answer_class, AnswerClass::transient);
}

TEST(Classify, BrokenJsonMayBeWholeTheNextTime) {
  auto const verdict = judge(answer(200, R"({"data": [{"id")"));
  EXPECT_EQ(verdict.answer_class, AnswerClass::transient);
  EXPECT_EQ(verdict.error->code, ErrorCode::malformed_answer);
}

TEST(Classify, AnEmptyBodyIsNotJson) {
  auto const verdict = judge(answer(200, "  \n"));
  EXPECT_EQ(verdict.error->code, ErrorCode::malformed_answer);
  EXPECT_NE(verdict.error->message.find("empty body"), std::string::npos);
}

TEST(Classify, NestingBeyondTheLimitIsNotRetried) {
  auto const verdict = judge(answer(200, std::string(5000, '[') + std::string(5000, ']')));
  EXPECT_EQ(verdict.answer_class, AnswerClass::bad_request);
  EXPECT_EQ(verdict.error->code, ErrorCode::answer_too_large);
}

TEST(ClassifyRules, TheFirstRuleThatHoldsDecides) {
  ErrorRule by_code;
  by_code.json = JsonPath("code");
  by_code.json_equals = {"TokenExpired", "NotAuthenticated"};
  by_code.answer_class = AnswerClass::auth_expired;
  ErrorRule by_status;
  by_status.status = {400, 401};
  by_status.answer_class = AnswerClass::window_too_large;
  std::vector<ErrorRule> const rules{by_code, by_status};

  EXPECT_EQ(judge(answer(401, R"({"code": "TokenExpired"})"), false, rules).answer_class,
            AnswerClass::auth_expired);
  EXPECT_EQ(judge(answer(401, R"({"code": "Other"})"), false, rules).answer_class,
            AnswerClass::window_too_large);
  EXPECT_EQ(judge(answer(401, "no JSON at all"), false, rules).answer_class,
            AnswerClass::window_too_large);
  EXPECT_EQ(judge(answer(403, "{}"), false, rules).answer_class, AnswerClass::permission);
}

TEST(ClassifyRules, EveryConditionOfARuleMustHold) {
  ErrorRule rule;
  rule.status = {403};
  rule.json = JsonPath("error.code");
  rule.body_contains = "Too Frequent";
  rule.answer_class = AnswerClass::throttled;
  std::vector<ErrorRule> const rules{rule};
  EXPECT_EQ(
      judge(answer(403, R"({"error": {"code": 9}, "m": "access TOO frequent"})"), false, rules)
          .answer_class,
      AnswerClass::throttled);
  EXPECT_EQ(
      judge(answer(403, R"({"error": {}, "m": "access too frequent"})"), false, rules).answer_class,
      AnswerClass::permission);
  EXPECT_EQ(judge(answer(403, R"({"error": {"code": 9}, "m": "no"})"), false, rules).answer_class,
            AnswerClass::permission);
  EXPECT_EQ(
      judge(answer(500, R"({"error": {"code": 9}, "m": "access too frequent"})"), false, rules)
          .answer_class,
      AnswerClass::transient);
}

TEST(ClassifyRules, ARuleCanBeForTheLoginOrForAllOthersOnly) {
  ErrorRule rule;
  rule.status = {401};
  rule.login = false;
  rule.answer_class = AnswerClass::permission;
  EXPECT_EQ(judge(answer(401, "{}"), true, {rule}).answer_class, AnswerClass::auth_invalid);
  EXPECT_EQ(judge(answer(401, "{}"), false, {rule}).answer_class, AnswerClass::permission);
}

TEST(ClassifyRules, AThrottleCodeInAGoodAnswerStopsAtLeastAsLongAsTheRuleSays) {
  ErrorRule rule;
  rule.json = JsonPath("retCode");
  rule.json_equals = {"10006"};
  rule.answer_class = AnswerClass::throttled;
  rule.wait = 30s;
  auto verdict = judge(answer(200, R"({"retCode": 10006, "retMsg": "slow down"})"), false, {rule});
  EXPECT_EQ(verdict.answer_class, AnswerClass::throttled);
  EXPECT_EQ(verdict.wait, 30s);
  EXPECT_EQ(verdict.error->message, "HTTP 200: 10006: slow down");
  verdict = judge(answer(200, R"({"retCode": 10006})", {{"Retry-After", "45"}}), false, {rule});
  EXPECT_EQ(verdict.wait, 45s);
}

TEST(ClassifyRules, AnErrorStatusCanMeanNoRows) {
  ErrorRule rule;
  rule.status = {404};
  rule.answer_class = AnswerClass::empty;
  auto const verdict = judge(answer(404, "{}"), false, {rule});
  EXPECT_EQ(verdict.answer_class, AnswerClass::empty);
  EXPECT_FALSE(verdict.error);
}

TEST(ClassifyWait, IsTakenFromWhereverItIsSaid) {
  RateSpec rate;
  rate.reset_header = "X-Reset";
  rate.reset_unit = ResetUnit::epoch_seconds;
  std::string const drf =
      R"({"detail": "Request was throttled.Expected available in 12 seconds."})";
  auto const wait = [&](std::string const& body, std::vector<Headers::Field> headers) {
    return judge(answer(429, body, std::move(headers)), false, {}, rate).wait;
  };
  EXPECT_EQ(wait(drf, {{"Retry-After", "3"}, {"X-Reset", "1730808060"}}), 3s);
  EXPECT_EQ(wait(drf, {{"X-Reset", "1730808060"}}), 60s);
  EXPECT_EQ(wait(drf, {}), 12s);
  EXPECT_EQ(wait(R"({"detail": "Expected available in 1 second."})", {}), 1s);
  EXPECT_EQ(wait(R"({"detail": "available in 2 minutes"})", {}), 2min);
  EXPECT_EQ(wait("{}", {}), std::nullopt);
  EXPECT_EQ(wait("available in a while", {}), std::nullopt);
}

TEST(ClassifyWait, ZeroSaysNothing) {
  EXPECT_EQ(judge(answer(429, "{}", {{"Retry-After", "0"}})).wait, std::nullopt);
  EXPECT_EQ(judge(answer(429, "{}", {{"Retry-After", "Mon, 01 Jan 2024 00:00:00 GMT"}})).wait,
            std::nullopt);
}

TEST(ClassifyWait, IsCapped) {
  RateSpec rate;
  rate.wait_cap = 100s;
  EXPECT_EQ(judge(answer(429, "{}", {{"Retry-After", "86400"}}), false, {}, rate).wait, 100s);
  EXPECT_EQ(
      judge(answer(429, "{}", {{"Retry-After", "99999999999999999999999"}}), false, {}, rate).wait,
      100s);
}

TEST(ClassifyWait, TheBrokersOwnWordsCanIntroduceTheNumber) {
  RateSpec rate;
  rate.wait_text = "retry_in_ms\":";
  EXPECT_EQ(judge(answer(429, R"({"retry_in_ms":250 ms})"), false, {}, rate).wait, 250ms);
}

TEST(RetryAfter, SecondsOrADate) {
  EXPECT_EQ(parse_retry_after("120", moment), 120s);
  EXPECT_EQ(parse_retry_after(" 1.5 ", moment), 1500ms);
  EXPECT_EQ(parse_retry_after("Tue, 05 Nov 2024 12:00:30 GMT", moment), 30s);
  EXPECT_EQ(parse_retry_after("Tue, 05 Nov 2024 11:00:00 GMT", moment), 0s);
  // Formats that servers send although no standard allows them.
  EXPECT_EQ(parse_retry_after("Tuesday, 05-Nov-24 12:00:30 GMT", moment), 30s);
  EXPECT_EQ(parse_retry_after("Tue Nov  5 12:00:30 2024", moment), 30s);
  EXPECT_EQ(parse_retry_after("2024-11-05T12:00:30Z", moment), 30s);
  EXPECT_EQ(parse_retry_after("2024-11-05T13:00:30+01:00", moment), 30s);
  EXPECT_EQ(parse_retry_after("12 s", moment), 12s);
  EXPECT_EQ(parse_retry_after("2m30s", moment), 150s);
  EXPECT_EQ(parse_retry_after("250ms", moment), 250ms);
  EXPECT_EQ(parse_retry_after("\"7\"", moment), 7s);
  EXPECT_EQ(parse_retry_after("1730808045", moment), 45s);
  EXPECT_EQ(parse_retry_after("1730808045500", moment), 45500ms);
  EXPECT_EQ(parse_retry_after("5, 9", moment), 9s);
  for (auto const* odd : {"", "-5", "soon", "12 apples", "0x10", "1e3", "Tue, 05 Nov 2024", "5 6",
                          "\"", "s", "1.", ".5", "2024-13-05T12:00:30Z"}) {
    EXPECT_EQ(parse_retry_after(odd, moment), std::nullopt) << odd;
  }
}

using Fields = std::vector<Headers::Field>;

// The RateLimit fields of each draft version, and what servers send besides.
TEST(ClassifyWait, HeadersOfEveryKind) {
  struct Case {
    Fields headers;
    std::chrono::milliseconds wait;
  };
  for (auto const& one : std::initializer_list<Case>{
           {{{"RateLimit-Limit", "100"}, {"RateLimit-Remaining", "0"}, {"RateLimit-Reset", "50"}},
            50s},
           {{{"RateLimit-Limit", "10, 10;w=1, 50;w=60"}, {"RateLimit-Reset", "7"}}, 7s},
           {{{"RateLimit", "limit=100, remaining=0, reset=30"}}, 30s},
           {{{"RateLimit", "limit=100,remaining=0,reset=31"}, {"RateLimit-Policy", "100;w=60"}},
            31s},
           {{{"RateLimit", "\"default\";r=0;t=30"}}, 30s},
           {{{"RateLimit", "\"default\"; r=0; t=30"}}, 30s},
           {{{"RateLimit", "default;r=0;t=30"}}, 30s},
           {{{"RateLimit", "\"a;b,c\";r=0;t=30;pk=:dHJpYWwx:"}}, 30s},
           {{{"RateLimit", "\"burst\";r=0;t=2, \"day\";r=40;t=3600"}}, 2s},
           {{{"RateLimit", "\"burst\";r=0;t=2"}, {"RateLimit", "\"day\";r=0;t=600"}}, 600s},
           {{{"RateLimit", "\"hour\";r=0"}, {"RateLimit-Policy", "\"hour\";q=100;w=900"}}, 900s},
           {{{"X-RateLimit-Reset", "30"}}, 30s},
           {{{"X-RateLimit-Reset", "1730808060"}}, 60s},
           {{{"X-RateLimit-Reset", "1730808060.5"}}, 60500ms},
           {{{"X-RateLimit-Reset", "1730808060000"}}, 60s},
           {{{"X-RateLimit-Reset", "Tue, 05 Nov 2024 12:01:00 GMT"}}, 60s},
           {{{"X-Rate-Limit-Reset", "2024-11-05 12:01:00Z"}}, 60s},
           {{{"X-RateLimit-Reset-After", "0.25"}}, 250ms},
           {{{"X-RateLimit-Reset-Requests", "1m5s"}}, 65s},
           {{{"X-Retry-After", "14"}}, 14s},
           {{{"Retry-After-Ms", "1500"}}, 1500ms},
           {{{"x-rate-limit-retry-after-seconds", "15"}}, 15s},
           {{{"Retry-After", "0"}, {"X-RateLimit-Reset", "16"}}, 16s},
           {{{"Retry-After", "3"}, {"RateLimit", "\"d\";r=0;t=99"}}, 3s},
           {{{"Retry-After", "3"}, {"Retry-After", "8"}}, 8s},
       }) {
    EXPECT_EQ(judge(answer(429, "{}", one.headers)).wait, one.wait)
        << one.headers.front().first << ": " << one.headers.front().second;
  }
  for (auto const* odd :
       {"", ";", ",", "=", "\"", "\"a\";t", "\"a\";t=;r=", "a;t=-1", "limit=1,reset=x", "\"\\"}) {
    EXPECT_EQ(judge(answer(429, "{}", {{"RateLimit", odd}})).wait, std::nullopt) << odd;
  }
}

// The local clock may be wrong: a point in time is compared with the broker's own clock.
TEST(ClassifyWait, TimesCountFromTheAnswersDate) {
  Headers::Field const date{"Date", "Tue, 05 Nov 2024 09:00:00 GMT"};
  EXPECT_EQ(judge(answer(429, "{}", {date, {"Retry-After", "Tue, 05 Nov 2024 09:00:20 GMT"}})).wait,
            20s);
  EXPECT_EQ(judge(answer(429, "{}", {date, {"X-RateLimit-Reset", "1730797210"}})).wait, 10s);
}

TEST(ClassifyWait, MembersOfABody) {
  auto const wait = [](char const* body) { return judge(answer(429, body)).wait; };
  EXPECT_EQ(wait(R"({"retry_after": 3})"), 3s);
  EXPECT_EQ(wait(R"({"retry_after": 0.65, "global": false})"), 650ms);
  EXPECT_EQ(wait(R"({"retryAfter": "12"})"), 12s);
  EXPECT_EQ(wait(R"({"error": {"code": 429, "retry_after_ms": 1500}})"), 1500ms);
  EXPECT_EQ(wait(R"({"errors": [{"meta": {"retry-after-seconds": 4}}]})"), 4s);
  EXPECT_EQ(wait(R"({"ok": false, "parameters": {"retry_after": 35}})"), 35s);
  EXPECT_EQ(wait(R"({"details": [{"retryDelay": "13s"}]})"), 13s);
  EXPECT_EQ(wait(R"({"resetAt": "2024-11-05T12:00:40Z"})"), 40s);
  EXPECT_EQ(wait(R"({"reset_at": 1730808040})"), 40s);
  EXPECT_EQ(wait(R"({"message": "Rate limit reached. Please try again in 1m2.5s."})"), 62500ms);
  EXPECT_EQ(wait(R"({"message": "Please wait 10 seconds"})"), 10s);
  EXPECT_EQ(wait("Too many requests, retry after 20 sec"), 20s);
  EXPECT_EQ(wait(R"({"retry_after": null, "after": 5})"), std::nullopt);
}

// The full wait is reported to the caller, beyond the connector's cap.
TEST(ClassifyWait, WhatIsAskedForIsKnownBeyondTheCap) {
  auto const verdict = judge(answer(429, "{}", {{"Retry-After", "43200"}}));
  EXPECT_EQ(verdict.asked, 12h);
  EXPECT_EQ(verdict.wait, 15min);
}

TEST(HttpDate, AllThreeForms) {
  TimePoint const expected{std::chrono::sys_days(std::chrono::year(1994) / 11 / 6) + 8h + 49min +
                           37s};
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), expected);
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), expected);
  EXPECT_EQ(parse_http_date("Sun Nov  6 08:49:37 1994"), expected);
  EXPECT_EQ(parse_http_date("Sun Nov 16 08:49:37 1994"), expected + 240h);
  // A weekday adds nothing, so a wrong one does no harm.
  EXPECT_EQ(parse_http_date("Mon, 06 Nov 1994 08:49:37 GMT"), expected);
}

TEST(HttpDate, ALeapSecondIsTheFirstOfTheNextMinute) {
  TimePoint const expected{std::chrono::sys_days(std::chrono::year(2017) / 1 / 1)};
  EXPECT_EQ(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT"), expected);
  EXPECT_EQ(parse_http_date("Saturday, 31-Dec-16 23:59:60 GMT"), expected);
  EXPECT_EQ(parse_http_date("Sat Dec 31 23:59:60 2016"), expected);
  EXPECT_EQ(parse_http_date("Sat, 31 Dec 2016 23:59:61 GMT"), std::nullopt);
}

TEST(HttpDate, WhatIsNoDate) {
  for (auto const* odd : {"",
                          "Sun",
                          "Sun, 06 Nov 1994 08:49:37",
                          "Sun, 06 Nov 1994 08:49:37 CET",
                          "Sun, 31 Feb 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 24:49:37 GMT",
                          "Sun, 06 Nov 1994 08:61:37 GMT",
                          "Sun, 6 Nov 1994 08:49:37 GMT",
                          "06 Nov 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994 08:49:37 GMT ",
                          "Sun, 06 Xyz 1994 08:49:37 GMT",
                          "1994-11-06T08:49:37Z",
                          "Sun, 06 nov 1994 08:49:37 GMT",
                          "Wed, 1 June 1994 08:49:37 GMT",
                          "Sun, 6  Nov 1994 08:49:37 GMT",
                          "Sun, 06 Nov 1994  8:49:37 GMT",
                          "Sun, 06 Nov +994 08:49:37 GMT",
                          "Sun Nov 6  08:49:37 1994",
                          "Sun, 06 Nov 0000 08:49:37 GMT",
                          "Fri, 31 Dec 9999 23:59:60 GMT"}) {
    EXPECT_EQ(parse_http_date(odd), std::nullopt) << odd;
  }
}

TEST(BrokerText, TheUsualShapesOfAnErrorAreQuoted) {
  auto const error_of = [](std::string const& body) {
    return judge(answer(400, body)).error->message;
  };
  EXPECT_EQ(error_of(R"({"code": "Throttled", "message": "Request was throttled."})"),
            "HTTP 400: Throttled: Request was throttled.");
  EXPECT_EQ(error_of(R"({"detail": "Not found."})"), "HTTP 400: Not found.");
  EXPECT_EQ(error_of(R"({"error": "invalid_grant", "error_description": "Bad credentials"})"),
            "HTTP 400: invalid_grant: Bad credentials");
  EXPECT_EQ(error_of(R"({"error": {"code": 17, "message": "no such report"}})"),
            "HTTP 400: 17: no such report");
  EXPECT_EQ(error_of(R"({"login": ["This field is required."], "password": ["Too short."]})"),
            "HTTP 400: login: This field is required.: password: Too short.");
  EXPECT_EQ(error_of(R"({"errors": [{"title": "bad date"}]})"), "HTTP 400: bad date");
  EXPECT_EQ(error_of(R"(["first", "second"])"), "HTTP 400: first: second");
  EXPECT_EQ(error_of("plain words"), "HTTP 400: plain words");
  EXPECT_EQ(error_of(""), "HTTP 400");
}

TEST(BrokerText, AStatusThatTheBrokerRepeatsIsSaidOnce) {
  auto const error_of = [](std::string const& body) {
    return judge(answer(400, body)).error->message;
  };
  EXPECT_EQ(error_of(R"({"code": 400, "message": "no such key"})"), "HTTP 400: no such key");
  EXPECT_EQ(error_of("400 Bad Request"), "HTTP 400: Bad Request");
  EXPECT_EQ(error_of("400"), "HTTP 400");
  EXPECT_EQ(error_of(R"({"code": 4001, "message": "no such key"})"), "HTTP 400: 4001: no such key");
  EXPECT_EQ(error_of(R"({"code": 401, "message": "no such key"})"), "HTTP 400: 401: no such key");
}

TEST(BrokerText, StaysOnOneLineAndShort) {
  auto const message =
      judge(answer(400, "bad\r\n\x1b[31mred\x07\tend" + std::string(2000, 'x'))).error->message;
  EXPECT_EQ(message.find_first_of("\r\n\x1b\x07\t"), std::string::npos);
  EXPECT_LE(message.size(), std::string("HTTP 400: ").size() + 300 + std::string("…").size());
}

TEST(BrokerText, CutsBetweenCharactersAndMendsBrokenUtf8) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "ж";
  auto const cut = judge(answer(400, text)).error->message;
  std::string expected = "HTTP 400: ";
  for (int i = 0; i < 300; ++i) expected += "ж";
  EXPECT_EQ(cut, expected + "…");
  EXPECT_EQ(judge(answer(400, "a\xff\xc3(b")).error->message, "HTTP 400: a\?\?(b");
}

}  // namespace
}  // namespace affsync::engine::classify_test
