// Which answers mean that a message arrived, and when the next attempt is made.
#include <gtest/gtest.h>

#include "daemon/alerts/http_answer.hpp"
#include "daemon/alerts/retry.hpp"

namespace affsync::alerts::answer_test {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint now = TimePoint(std::chrono::sys_days(2026y / 2 / 20));

SendOutcome judge(int status, std::string body, Speaks speaks = Speaks::any,
                  std::string retry_after = "") {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  if (!retry_after.empty()) response.headers.add("Retry-After", retry_after);
  Redactor secrets;
  secrets.add(Secret("planted-token"));
  return judge_answer(response, speaks, secrets, now);
}

TEST(AlertAnswer, AnyStatusOf2xxMeansThatAWebhookHasIt) {
  for (auto const* body : {"", "ok", "<html>", R"({"ok":true})", R"({"status":"queued"})", "[1]"}) {
    EXPECT_TRUE(judge(200, body).sent) << body;
    EXPECT_TRUE(judge(204, body).sent) << body;
  }
  EXPECT_EQ(judge(200, "ok").said, "HTTP 200: ok");
  EXPECT_EQ(judge(204, "").said, "HTTP 204");
}

TEST(AlertAnswer, AWebhookThatSays200AndNoHasItNot) {
  for (auto const* body : {R"({"ok":false,"error":"channel_not_found"})",
                           R"({"success":false,"error":"channel_not_found"})",
                           R"({"status":"Error","message":"channel_not_found"})"}) {
    auto const outcome = judge(200, body);
    EXPECT_FALSE(outcome.sent) << body;
    EXPECT_EQ(outcome.problem,
              "it answers HTTP 200, but says that it did not take the message: channel_not_found");
  }
}

TEST(AlertAnswer, TelegramMustSayOk) {
  EXPECT_TRUE(judge(200, R"({"ok":true,"result":{"message_id":1}})", Speaks::telegram).sent);
  for (auto const* body : {"", "ok", R"({"result":1})", R"({"ok":"true"})", R"({"ok":false})"}) {
    EXPECT_FALSE(judge(200, body, Speaks::telegram).sent) << body;
  }
  EXPECT_EQ(judge(400, R"({"ok":false,"error_code":400,"description":"chat not found"})",
                  Speaks::telegram)
                .problem,
            "it answers HTTP 400: chat not found");
}

TEST(AlertAnswer, ARedirectIsAFailure) {
  for (int const status : {301, 302, 307, 308}) {
    auto const outcome = judge(status, "");
    EXPECT_FALSE(outcome.sent);
    EXPECT_NE(outcome.problem.find("redirect"), std::string::npos) << outcome.problem;
  }
}

TEST(AlertAnswer, TheWaitThatIsAskedFor) {
  EXPECT_EQ(judge(429, "", Speaks::any, "90").wait, 90s);
  EXPECT_EQ(judge(503, "", Speaks::any, "Fri, 20 Feb 2026 00:02:00 GMT").wait, 120s);
  EXPECT_EQ(judge(429, R"({"ok":false,"parameters":{"retry_after":7}})", Speaks::telegram).wait,
            7s);
  EXPECT_EQ(judge(500, "").wait, std::nullopt);
}

TEST(AlertAnswer, WhatIsWrongWithTheMessageIsToldFromWhatIsWrongWithTheReceiver) {
  for (auto const status : {400, 413, 415, 422}) EXPECT_TRUE(judge(status, "").refused) << status;
  for (auto const status : {200, 302, 401, 403, 404, 408, 429, 500, 503}) {
    EXPECT_FALSE(judge(status, "").refused) << status;
  }
  EXPECT_FALSE(
      judge(400, R"({"ok":false,"description":"chat not found"})", Speaks::telegram).refused);
}

TEST(AlertAnswer, SecretsAreNotShown) {
  for (auto const status : {200, 302, 404}) {
    auto const outcome = judge(status, "no planted-token here");
    EXPECT_EQ(outcome.said.find("planted"), std::string::npos) << outcome.said;
    EXPECT_EQ(outcome.problem.find("planted"), std::string::npos) << outcome.problem;
  }
  // Not even the part before the place where an answer is cut.
  auto const cut = judge(404, std::string(195, 'x') + "planted-token");
  EXPECT_EQ(cut.said.find("plan"), std::string::npos) << cut.said;
}

TEST(AlertRetry, PausesGrowToAQuarterOfAnHour) {
  EXPECT_EQ(next_attempt(now, 1, std::nullopt, 0), now + 5s);
  EXPECT_EQ(next_attempt(now, 2, std::nullopt, 0), now + 15s);
  EXPECT_EQ(next_attempt(now, 3, std::nullopt, 0), now + 1min);
  EXPECT_EQ(next_attempt(now, 4, std::nullopt, 0), now + 5min);
  EXPECT_EQ(next_attempt(now, 5, std::nullopt, 0), now + 15min);
  EXPECT_EQ(next_attempt(now, 500, std::nullopt, 0), now + 15min);
  EXPECT_EQ(next_attempt(now, 1, std::nullopt, 0.5), now + 5500ms);
}

TEST(AlertRetry, TheReceiversOwnWaitIsKeptWithinReason) {
  EXPECT_EQ(next_attempt(now, 1, 2min, 0), now + 2min);
  EXPECT_EQ(next_attempt(now, 5, 1s, 0), now + 15min);
  EXPECT_EQ(next_attempt(now, 1, std::chrono::hours(1000), 0), now + 6h);
}

}  // namespace
}  // namespace affsync::alerts::answer_test
