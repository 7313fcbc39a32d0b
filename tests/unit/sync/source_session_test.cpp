#include "daemon/sync/source_session.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "connectors/engine/request/signature.hpp"
#include "daemon/async/task_group.hpp"
#include "tests/support/scripted_client.hpp"

namespace affsync::sync::source_session_test {
namespace {

using namespace std::chrono_literals;
using test::json_response;

engine::SourcePlan login_plan() {
  engine::SourcePlan plan;
  plan.source = "broker";
  engine::LoginTokenAuth auth;
  auth.login.method = Method::post;
  auth.login.path = "/login/";
  auth.login.json = {{"login", "${credentials.login}"}, {"password", "${credentials.password}"}};
  auth.token = JsonPath("token");
  auth.value = "JWT ${token}";
  auth.assumed_lifetime = 6h;
  plan.auth = auth;
  plan.credentials["login"] = Secret("me@example.com");
  plan.credentials["password"] = Secret("planted-password");
  plan.rate.requests_per_second = 100;
  plan.rate.burst = 100;
  plan.rate.concurrency = 8;
  return plan;
}

engine::SourcePlan key_plan() {
  auto plan = login_plan();
  engine::StaticTokenAuth auth;
  auth.value = "Bearer ${credentials.password}";
  plan.auth = auth;
  return plan;
}

// A broker that issues token1, token2 and so on, of which the first may expire.
struct MortalTokens {
  int logins = 0;
  bool first_is_dead = false;

  test::ScriptedClient::Script script() {
    return [this](HttpRequest const& request) {
      if (request.method == Method::post) {
        return json_response(200, R"({"token":"token)" + std::to_string(++logins) + "\"}");
      }
      bool const old = request.secret_headers.at(0).second.reveal() == "JWT token1";
      if (first_is_dead && old) return json_response(401, R"({"code":"TokenExpired"})");
      return json_response(200, "[]");
    };
  }
};

// The blocks of a database, with its own clock, which the test sets.
class FakeBlocks final : public schema::BlockStore {
 public:
  explicit FakeBlocks(Clock const& clock) : clock_(clock) {}

  asio::awaitable<schema::BlockState> load_block(schema::BlockKey key) override {
    schema::BlockState state;
    state.now = clock_.now() - behind;
    state.worked_before = worked_before;
    if (auto const found = blocks.find(key.name); found != blocks.end()) {
      state.block = found->second;
      state.block->remaining = state.block->until - clock_.now();
    }
    co_return state;
  }
  asio::awaitable<std::optional<schema::SourceBlock>> save_block(schema::BlockKey key,
                                                                 schema::SourceBlock block,
                                                                 Duration pause, bool) override {
    block.until = clock_.now() + pause;
    block.remaining = pause;
    blocks[key.name] = block;
    co_return block;
  }
  asio::awaitable<void> clear_block(schema::BlockKey key) override {
    blocks.erase(key.name);
    co_return;
  }
  asio::awaitable<std::unique_ptr<schema::Lease>> try_login(schema::BlockKey) override {
    struct Turn final : schema::Lease {
      explicit Turn(bool& is_taken) : taken(is_taken) { taken = true; }
      ~Turn() override { taken = false; }
      bool& taken;
    };
    if (taken_) co_return nullptr;
    co_return std::make_unique<Turn>(taken_);
  }

  std::map<std::string, schema::SourceBlock> blocks;
  bool worked_before = false;
  Duration behind{};  // how far its clock is behind the local one

 private:
  Clock const& clock_;
  bool taken_ = false;
};

class SourceSessionTest : public testing::Test {
 protected:
  std::unique_ptr<SourceSession> session(engine::SourcePlan plan,
                                         test::ScriptedClient::Script script) {
    SessionParts parts;
    parts.make_client = [this, script] {
      return std::make_unique<test::ScriptedClient>(time_, sent_, script);
    };
    parts.clock = &time_;
    parts.sleeper = &time_;
    parts.observer = &observer_;
    parts.random = [] { return 0.5; };
    parts.longest_wait = longest_wait_;
    return std::make_unique<SourceSession>(std::move(plan), std::move(parts), Logger(log_));
  }

  // Like another process: with its own memory, but the same database.
  std::unique_ptr<SourceSession> process(engine::SourcePlan plan,
                                         test::ScriptedClient::Script script) {
    auto one = session(std::move(plan), std::move(script));
    schema::BlockKey key;
    key.name = one->plan().source;
    one->refusals().keep_in(&blocks_, key);
    return one;
  }

  // The fetch of a new run: the first one checks the database.
  Result<engine::Answer> run(SourceSession& session, std::string const& path = "/rows/") {
    report_ = {};
    return fetch(session, path);
  }

  void wait(Duration time) {
    auto body = [&]() -> asio::awaitable<int> {
      co_await time_.sleep(time);
      co_return 0;
    };
    time_.run(io_, body());
  }

  Result<engine::Answer> fetch(SourceSession& session, std::string const& path = "/rows/") {
    return time_.run(io_, session.fetch(HttpRequest(Method::get, path), report_));
  }

  // `count` streams of the source that request a page at the same moment.
  std::vector<Result<engine::Answer>> fetch_together(SourceSession& session, int count) {
    std::vector<Result<engine::Answer>> answers(static_cast<std::size_t>(count));
    async::TaskGroup group(io_.get_executor());
    auto one = [&](int i) -> asio::awaitable<void> {
      HttpRequest request(Method::get, "/stream" + std::to_string(i));
      answers[static_cast<std::size_t>(i)] = co_await session.fetch(std::move(request), report_);
    };
    for (int i = 0; i < count; ++i) group.spawn(one(i));
    time_.run(io_, group.join());  // rethrows the exception of any of them
    return answers;
  }

  auto count(std::string const& start) const {
    return std::count_if(sent_.begin(), sent_.end(), [&](test::SentRequest const& sent) {
      return sent.place.starts_with(start);
    });
  }

  asio::io_context io_;
  test::ManualTime time_;
  test::SilentLog log_;
  Observer observer_;
  std::vector<test::SentRequest> sent_;
  RunReport report_;
  FakeBlocks blocks_{time_};
  std::optional<Duration> longest_wait_;
};

TEST_F(SourceSessionTest, LogsInOnceAndSendsTheToken) {
  auto broker = session(login_plan(), [](HttpRequest const& request) {
    return json_response(200, request.method == Method::post ? R"({"token":"abc"})" : "[]");
  });
  ASSERT_TRUE(fetch(*broker));
  ASSERT_TRUE(fetch(*broker));
  ASSERT_EQ(sent_.size(), 3u);
  EXPECT_EQ(sent_[0].place, "POST /login/");
  EXPECT_EQ(sent_[1].authorization, "JWT abc");
  EXPECT_EQ(sent_[2].authorization, "JWT abc");
}

// The clock and the quota of the login's host are not the broker's.
TEST_F(SourceSessionTest, ALoginAtAnotherHostHasAClientOfItsOwn) {
  auto plan = login_plan();
  std::get<engine::LoginTokenAuth>(plan.auth).url = "https://login.example/v1";
  std::vector<test::SentRequest> elsewhere;
  SessionParts parts;
  parts.make_client = [&] {
    return std::make_unique<test::ScriptedClient>(
        time_, sent_, [](HttpRequest const&) { return json_response(200, "[]"); });
  };
  parts.clock = &time_;
  parts.sleeper = &time_;
  parts.observer = &observer_;
  parts.random = [] { return 0.5; };
  {
    SourceSession unable(plan, parts, Logger(log_));
    EXPECT_THROW(fetch(unable), Failure);
    EXPECT_TRUE(sent_.empty());
  }
  parts.make_login_client = [&] {
    return std::make_unique<test::ScriptedClient>(time_, elsewhere, [](HttpRequest const&) {
      auto response = json_response(200, R"({"token":"abc"})");
      response.headers.add("Date", "Mon, 01 Jan 2001 00:00:00 GMT");
      return response;
    });
  };
  SourceSession broker(plan, parts, Logger(log_));
  ASSERT_TRUE(fetch(broker));
  ASSERT_EQ(elsewhere.size(), 1U);
  EXPECT_EQ(elsewhere[0].place, "POST /login/");
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].authorization, "JWT abc");
  EXPECT_FALSE(broker.clock_skew());
  HttpRequest const login(Method::post, "/login/");
  EXPECT_EQ(broker.place_of(login, SourceSession::Asks::token),
            "POST https://login.example/v1/login/");
}

TEST_F(SourceSessionTest, StreamsThatStartTogetherShareOneLogin) {
  auto broker = session(login_plan(), [](HttpRequest const& request) {
    return json_response(200, request.method == Method::post ? R"({"token":"abc"})" : "[]");
  });
  for (auto const& answer : fetch_together(*broker, 6)) EXPECT_TRUE(answer);
  EXPECT_EQ(count("POST"), 1);
  EXPECT_EQ(count("GET"), 6);
}

TEST_F(SourceSessionTest, TokenThatDiesForAllStreamsAtOnceIsRenewedOnce) {
  MortalTokens tokens;
  auto broker = session(login_plan(), tokens.script());
  ASSERT_TRUE(fetch(*broker));
  tokens.first_is_dead = true;
  for (auto const& answer : fetch_together(*broker, 5)) EXPECT_TRUE(answer);
  EXPECT_EQ(tokens.logins, 2);
  EXPECT_EQ(sent_.back().authorization, "JWT token2");
}

TEST_F(SourceSessionTest, ATokenThatDiesWhileStreamsWaitForTheirTurnIsRenewed) {
  MortalTokens tokens;
  auto plan = login_plan();
  plan.rate.requests_per_second = 1;
  plan.rate.burst = 1;
  auto broker = session(plan, tokens.script());
  ASSERT_TRUE(fetch(*broker));
  tokens.first_is_dead = true;
  for (auto const& answer : fetch_together(*broker, 4)) {
    EXPECT_TRUE(answer) << answer.error().message;
  }
  EXPECT_EQ(tokens.logins, 2);
}

TEST_F(SourceSessionTest, WrongPasswordIsTriedOnceAndStopsTheSource) {
  auto broker = session(login_plan(), [](HttpRequest const&) {
    return json_response(401, R"({"code":"AuthenticationFailed","message":"Bad credentials"})");
  });
  for (auto const& answer : fetch_together(*broker, 4)) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::auth_invalid);
  }
  ASSERT_FALSE(fetch(*broker));
  EXPECT_EQ(sent_.size(), 1u);
  EXPECT_TRUE(broker->blocked().has_value());
}

// Refused logins in many formats: status, body, and the resulting code.
TEST_F(SourceSessionTest, EveryShapeOfARefusedLoginIsTriedOnce) {
  struct Case {
    int status;
    std::string body;
    ErrorCode code;
    std::string said;
  };
  for (auto const& one : std::initializer_list<Case>{
           {401, R"({"message":"Bad credentials"})", ErrorCode::auth_invalid, "Bad credentials"},
           {401, "<html><title>401</title></html>", ErrorCode::auth_invalid, "401"},
           {400, R"({"message":"no such user"})", ErrorCode::login_refused, "no such user"},
           {403, R"({"message":"captcha"})", ErrorCode::login_refused, "captcha"},
           {403, "", ErrorCode::login_refused, "403"},
           {404, "{}", ErrorCode::login_refused, "404"},
           {409, "{}", ErrorCode::login_refused, "409"},
           {422, R"({"message":"blocked"})", ErrorCode::login_refused, "blocked"},
           {423, "Locked", ErrorCode::login_refused, "Locked"},
           {302, "", ErrorCode::redirected, "302"},
           {200, R"({"error":"bad password"})", ErrorCode::login_refused, "bad password"},
           {200, R"({"success":false,"message":"Wrong PIN"})", ErrorCode::login_refused,
            "Wrong PIN"},
           {200, R"({"captcha_required":true})", ErrorCode::login_refused, "captcha_required"},
           {200, R"({"token":""})", ErrorCode::login_refused, "token"},
           {200, R"({"token":null})", ErrorCode::login_refused, "token"},
           // A text may be the token itself, so it is not quoted.
           {200, "Wrong password", ErrorCode::login_refused, "14 bytes"},
           {200, "", ErrorCode::login_refused, "empty"},
           {204, "", ErrorCode::login_refused, "204"},
       }) {
    SCOPED_TRACE(std::to_string(one.status) + " " + one.body);
    sent_.clear();
    blocks_.blocks.clear();
    auto const answer = [&](HttpRequest const&) { return json_response(one.status, one.body); };
    auto broker = process(login_plan(), answer);
    for (auto const& refused : fetch_together(*broker, 4)) {
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, one.code) << refused.error().to_line();
      EXPECT_NE(refused.error().message.find(one.said), std::string::npos)
          << refused.error().message;
    }
    auto other = process(login_plan(), answer);
    auto const held = run(*other);
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().code, one.code);
    EXPECT_NE(held.error().message.find(one.said), std::string::npos) << held.error().message;
    EXPECT_NE(held.error().message.find("until"), std::string::npos) << held.error().message;
    EXPECT_EQ(report_.requests, 0);
    EXPECT_EQ(sent_.size(), 1u);
  }
}

TEST_F(SourceSessionTest, APageOfAFirewallIsNoRefusedLogin) {
  auto const page = [](int status) {
    return json_response(status, "<!DOCTYPE html><html><title>Just a moment...</title></html>");
  };
  for (int const status : {200, 400, 403, 405, 406, 503}) {
    sent_.clear();
    blocks_.blocks.clear();
    int pages = 2;
    auto plan = login_plan();
    engine::ErrorRule wrong;  // as in the shipped connectors
    wrong.status = {400, 401, 403};
    wrong.login = true;
    wrong.answer_class = engine::AnswerClass::auth_invalid;
    plan.errors->push_back(wrong);
    auto broker = process(plan, [&](HttpRequest const& request) {
      if (request.method == Method::post && pages-- > 0) return page(status);
      return json_response(200, R"({"token":"abc"})");
    });
    EXPECT_TRUE(run(*broker)) << status;
    // A permanent one: a bounded number of attempts, and no block.
    auto walled = process(plan, [&](HttpRequest const&) { return page(status); });
    sent_.clear();
    auto const answer = run(*walled);
    ASSERT_FALSE(answer);
    EXPECT_EQ(sent_.size(), 5u) << status;
    EXPECT_TRUE(blocks_.blocks.empty()) << status;
    EXPECT_NE(answer.error().message.find("Just a moment"), std::string::npos);
    EXPECT_FALSE(walled->blocked_until());
  }
}

TEST_F(SourceSessionTest, TheLoginIsTriedAgainAfterPausesThatGrow) {
  bool good = false;
  auto const answer = [&](HttpRequest const& request) {
    if (request.method == Method::post && !good) return json_response(401, "{}");
    return json_response(200, R"({"token":"abc"})");
  };
  for (auto const pause : {1h, 6h, 24h, 24h}) {
    auto broker = process(login_plan(), answer);
    sent_.clear();
    ASSERT_FALSE(run(*broker));
    EXPECT_EQ(sent_.size(), 1u);
    EXPECT_EQ(*broker->blocked_until(), blocks_.blocks.at("broker").until);
    wait(pause - 1min);
    ASSERT_FALSE(run(*broker));
    EXPECT_EQ(sent_.size(), 1u) << "before the pause was over";
    wait(2min);
  }
  good = true;
  auto broker = process(login_plan(), answer);
  EXPECT_TRUE(run(*broker));
  EXPECT_TRUE(blocks_.blocks.empty());
}

TEST_F(SourceSessionTest, ATokenInAHeaderNeedsNoBody) {
  for (auto const* body : {"", "OK", "{}"}) {
    sent_.clear();
    auto plan = login_plan();
    auto& auth = std::get<engine::LoginTokenAuth>(plan.auth);
    auth.token = {};
    auth.token_header = "CST";
    auto broker = process(plan, [&](HttpRequest const& request) {
      if (request.method != Method::post) return json_response(200, "[]");
      auto response = json_response(*body == '\0' ? 204 : 200, body);
      response.headers.add("CST", "planted-token");
      return response;
    });
    EXPECT_TRUE(run(*broker)) << body;
    ASSERT_EQ(sent_.size(), 2u);
    EXPECT_EQ(sent_[1].authorization, "JWT planted-token");
  }
}

TEST_F(SourceSessionTest, ThePlaceOfAnErrorHasThePathOfTheBaseUrl) {
  auto plan = key_plan();
  plan.base_url = "https://broker.example/portal/";
  auto broker = session(plan, [](HttpRequest const&) { return json_response(400, "{}"); });
  EXPECT_EQ(fetch(*broker).error().where, "GET /portal/rows/");
}

TEST_F(SourceSessionTest, OtherCredentialsAreTriedAtOnce) {
  auto const answer = [](HttpRequest const& request) {
    if (request.body.find("planted-password") != std::string::npos) return json_response(401, "{}");
    return json_response(200, R"({"token":"abc"})");
  };
  auto broker = process(login_plan(), answer);
  ASSERT_FALSE(run(*broker));
  auto const& block = blocks_.blocks.at("broker");
  EXPECT_EQ(block.credential_hash.find("planted"), std::string::npos);
  EXPECT_EQ(block.code, "auth_invalid");
  auto plan = login_plan();
  plan.credentials["password"] = Secret("the right one");
  auto corrected = process(plan, answer);
  EXPECT_TRUE(run(*corrected));
  EXPECT_TRUE(blocks_.blocks.empty());
  // The process with the wrong credentials tries again only once after the block was removed.
  sent_.clear();
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(run(*broker));
    blocks_.blocks.clear();
  }
  EXPECT_EQ(sent_.size(), 1u);
}

TEST_F(SourceSessionTest, SomebodyMayAskForANewTry) {
  auto const answer = [](HttpRequest const&) { return json_response(401, "{}"); };
  auto broker = process(login_plan(), answer);
  ASSERT_FALSE(run(*broker));
  auto again = process(login_plan(), answer);
  again->refusals().try_anyway();
  sent_.clear();
  for (auto const& refused : fetch_together(*again, 3)) EXPECT_FALSE(refused);
  EXPECT_EQ(sent_.size(), 1u);
  // The pause becomes longer.
  EXPECT_EQ(blocks_.blocks.at("broker").refusals, 2);
  time_.run(io_, [&]() -> asio::awaitable<int> {
    co_await again->refusals().forget();
    co_return 0;
  }());
  EXPECT_TRUE(blocks_.blocks.empty());
  ASSERT_FALSE(run(*broker));
  EXPECT_EQ(sent_.size(), 2u) << "a reload allows a new attempt for all streams";
}

TEST_F(SourceSessionTest, ProcessesThatBeginTogetherLogInOnce) {
  auto const answer = [](HttpRequest const&) { return json_response(401, "{}"); };
  auto one = process(login_plan(), answer);
  auto two = process(login_plan(), answer);
  async::TaskGroup group(io_.get_executor());
  auto ask = [&](SourceSession* session) -> asio::awaitable<void> {
    RunReport report;
    auto const refused = co_await session->fetch(HttpRequest(Method::get, "/rows/"), report);
    EXPECT_FALSE(refused);
  };
  group.spawn(ask(one.get()));
  group.spawn(ask(two.get()));
  time_.run(io_, group.join());
  EXPECT_EQ(sent_.size(), 1u);
}

TEST_F(SourceSessionTest, OneStrayRefusalDoesNotEndAKey) {
  int request = 0;
  auto broker = process(key_plan(), [&](HttpRequest const&) {
    return json_response(++request == 3 ? 401 : 200, "[]");
  });
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(run(*broker)) << i;
  EXPECT_EQ(request, 5);
  EXPECT_TRUE(blocks_.blocks.empty());
  // Good answers of another process count too.
  blocks_.worked_before = true;
  request = 2;
  auto other = process(key_plan(), [&](HttpRequest const&) {
    return json_response(++request == 3 ? 401 : 200, "[]");
  });
  EXPECT_TRUE(run(*other));
}

TEST_F(SourceSessionTest, ADeadKeyPausesForMinutesThenHours) {
  auto broker = process(key_plan(), [&](HttpRequest const&) { return json_response(401, "{}"); });
  ASSERT_FALSE(run(*broker));
  EXPECT_EQ(sent_.size(), 1u);
  for (auto const pause : {5min, 15min, 45min, 135min, 360min, 360min}) {
    auto const sent = sent_.size();
    wait(pause - 1min);
    ASSERT_FALSE(run(*broker));
    EXPECT_EQ(sent_.size(), sent) << pause.count();
    wait(2min);
    // All streams at once: only one of them tries.
    for (auto const& refused : fetch_together(*broker, 4)) {
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, ErrorCode::auth_invalid);
    }
    EXPECT_EQ(sent_.size(), sent + 1) << pause.count();
  }
}

TEST_F(SourceSessionTest, AStreamThatIsAlwaysRefusedDoesNotLogInAtEachRun) {
  auto broker = process(login_plan(), [](HttpRequest const& request) {
    if (request.method == Method::post) return json_response(200, R"({"token":"abc"})");
    return json_response(request.target == "/not-ours/" ? 401 : 200, "[]");
  });
  for (int i = 0; i < 8; ++i) {
    EXPECT_TRUE(run(*broker));
    EXPECT_FALSE(run(*broker, "/not-ours/"));
    wait(15min);
  }
  // The first login, one more for the refused stream, another after an hour; then the next would be
  // after six hours.
  EXPECT_EQ(count("POST"), 3);
  EXPECT_TRUE(blocks_.blocks.empty());
}

HttpResponse asks_for(std::string const& retry_after) {
  auto response = json_response(429, R"({"message":"daily limit"})");
  response.headers.add("Retry-After", retry_after);
  return response;
}

TEST_F(SourceSessionTest, ABrokerThatAsksForHoursIsLeftAloneByAllProcesses) {
  bool open = false;
  auto const answer = [&](HttpRequest const&) {
    return open ? json_response(200, "[]") : asks_for("43200");
  };
  auto broker = process(key_plan(), answer);
  auto const before = time_.now();
  auto const refused = run(*broker);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::throttled);
  EXPECT_NE(refused.error().message.find("daily limit"), std::string::npos);
  EXPECT_NE(refused.error().message.find("wait until"), std::string::npos);
  EXPECT_LT(time_.now() - before, 1min) << "there must be no wait";
  EXPECT_EQ(blocks_.blocks.at("broker").code, "throttled");
  wait(11h);
  auto other = process(key_plan(), answer);
  auto const held = run(*other);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, ErrorCode::throttled);
  EXPECT_EQ(sent_.size(), 1u);
  wait(61min);
  open = true;
  EXPECT_TRUE(run(*other));
  EXPECT_TRUE(blocks_.blocks.empty());
}

TEST_F(SourceSessionTest, SomebodyWhoWaitsIsToldSooner) {
  longest_wait_ = 1min;
  auto broker = process(key_plan(), [&](HttpRequest const&) { return asks_for("300"); });
  auto const before = time_.now();
  auto const refused = run(*broker);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::throttled);
  EXPECT_LT(time_.now() - before, 1min);
  EXPECT_TRUE(blocks_.blocks.empty()) << "other streams may wait this long";
}

HttpResponse dated(TimePoint time) {
  auto response = json_response(200, "[]");
  auto const seconds = std::chrono::floor<std::chrono::seconds>(time);
  auto const at = std::chrono::system_clock::to_time_t(seconds);
  std::tm parts{};
  gmtime_r(&at, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  response.headers.add("Date", text);
  return response;
}

TEST_F(SourceSessionTest, AClockThatIsOffDatesNothing) {
  Duration theirs_is_behind{};
  auto broker = process(key_plan(),
                        [&](HttpRequest const&) { return dated(time_.now() - theirs_is_behind); });
  ASSERT_TRUE(run(*broker));
  EXPECT_EQ(broker->trusted_now(), time_.now());
  theirs_is_behind = 3h;
  ASSERT_TRUE(run(*broker));
  EXPECT_LT(std::chrono::abs(broker->trusted_now() - (time_.now() - 3h)), 2s);
  EXPECT_LT(std::chrono::abs(*broker->clock_skew() - 3h), 2s);
}

TEST_F(SourceSessionTest, AClockThatBrokerAndDatabaseContradictEndsTheRun) {
  auto const answer = [&](HttpRequest const&) { return dated(time_.now() - 400 * 24h); };
  blocks_.behind = 400 * 24h;
  auto broker = process(key_plan(), answer);
  auto const refused = run(*broker);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::clock_skew);
  // If only the broker disagrees, its clock may be the wrong one.
  blocks_.behind = Duration();
  EXPECT_TRUE(run(*broker));
}

TEST_F(SourceSessionTest, EchoedPasswordIsNotInTheError) {
  auto broker = session(login_plan(), [](HttpRequest const&) {
    return json_response(401, R"({"message":"password planted-password is wrong"})");
  });
  auto const answer = fetch(*broker);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().to_line().find("planted-password"), std::string::npos);
  EXPECT_NE(answer.error().to_line().find("is wrong"), std::string::npos);
}

TEST_F(SourceSessionTest, RefusedAgainAfterAFreshLoginIsAnError) {
  auto broker = session(login_plan(), [](HttpRequest const& request) {
    return request.method == Method::post ? json_response(200, R"({"token":"abc"})")
                                          : json_response(401, "{}");
  });
  auto const answer = fetch(*broker);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::auth_expired);
  EXPECT_EQ(count("POST"), 2);
  EXPECT_EQ(count("GET"), 2);
}

TEST_F(SourceSessionTest, TokenIsRenewedBeforeItExpires) {
  int logins = 0;
  auto plan = login_plan();
  std::get<engine::LoginTokenAuth>(plan.auth).assumed_lifetime = 1h;
  std::get<engine::LoginTokenAuth>(plan.auth).renew_before = 5min;
  auto broker = session(plan, [&](HttpRequest const& request) {
    if (request.method == Method::post) ++logins;
    return json_response(200, request.method == Method::post ? R"({"token":"abc"})" : "[]");
  });
  ASSERT_TRUE(fetch(*broker));
  auto wait = [&](Duration time) -> asio::awaitable<int> {
    co_await time_.sleep(time);
    co_return 0;
  };
  time_.run(io_, wait(54min));
  ASSERT_TRUE(fetch(*broker));
  EXPECT_EQ(logins, 1);
  time_.run(io_, wait(2min));
  ASSERT_TRUE(fetch(*broker));
  EXPECT_EQ(logins, 2);
}

TEST_F(SourceSessionTest, ThrottlingStopsTheWholeSourceForAsLongAsAsked) {
  bool refused = false;
  TimePoint refused_at{};
  auto plan = login_plan();
  plan.auth = engine::NoAuth{};
  // The other streams have their turns by then, a tenth of a second apart.
  plan.rate.requests_per_second = 10;
  plan.rate.burst = 1;
  auto broker = session(plan, [&](HttpRequest const& request) {
    if (request.target == "/stream0" && !refused) {
      refused = true;
      refused_at = time_.now();
      auto response = json_response(429, "{}");
      response.headers.add("Retry-After", "30");
      return response;
    }
    return json_response(200, "[]");
  });
  for (auto const& answer : fetch_together(*broker, 5)) EXPECT_TRUE(answer);
  EXPECT_EQ(sent_.size(), 6u);
  EXPECT_EQ(report_.throttled, 1);
  EXPECT_EQ(report_.retries, 0);
  for (auto const& sent : sent_) {
    bool const inside = sent.at > refused_at && sent.at < refused_at + 30s;
    EXPECT_FALSE(inside) << sent.place << " was sent while the source had to wait";
  }
}

TEST_F(SourceSessionTest, ThrottledRequestUsesUpNoRetry) {
  int refusals = 9;
  auto plan = login_plan();
  plan.auth = engine::NoAuth{};
  auto broker = session(plan, [&](HttpRequest const&) {
    return refusals-- > 0 ? json_response(429, "{}") : json_response(200, "[]");
  });
  EXPECT_TRUE(fetch(*broker));
  EXPECT_EQ(report_.throttled, 9);
  EXPECT_EQ(report_.retries, 0);
}

TEST_F(SourceSessionTest, BrokerThatRefusesForEverEndsTheRun) {
  auto plan = login_plan();
  plan.auth = engine::NoAuth{};
  auto broker = session(plan, [](HttpRequest const&) { return json_response(429, "{}"); });
  auto const before = time_.now();
  auto const answer = fetch(*broker);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::throttled);
  EXPECT_NE(answer.error().message.find("has refused everything for"), std::string::npos)
      << answer.error().message;
  EXPECT_GE(time_.now() - before, 15min);
  EXPECT_LT(time_.now() - before, 30min);
}

TEST_F(SourceSessionTest, BrokerThatAlwaysAsksForAQuarterOfAnHourEndsTheRunToo) {
  auto plan = login_plan();
  plan.auth = engine::NoAuth{};
  auto broker = session(plan, [](HttpRequest const&) { return asks_for("840"); });
  auto const before = time_.now();
  auto const answer = fetch(*broker);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::throttled);
  EXPECT_EQ(report_.throttled, 3);
  EXPECT_LT(time_.now() - before, 30min);
}

// What was lost may have been a refusal, and some brokers close an account after a few of them.
TEST_F(SourceSessionTest, ALoginThatWasSentAndNotAnsweredIsNotSentAgain) {
  bool answers = false;
  auto broker = session(login_plan(), [&](HttpRequest const& request) {
    if (request.method != Method::post) return json_response(200, "[]");
    if (answers) return json_response(200, R"({"token":"t"})");
    throw net::UnansweredRequest(ErrorCode::truncated, "the connection ended inside the answer");
  });
  for (int stream = 0; stream < 2; ++stream) {
    auto const lost = run(*broker);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code, ErrorCode::truncated);
    EXPECT_NE(lost.error().message.find("not sent again"), std::string::npos);
  }
  EXPECT_EQ(count("POST"), 1);
  answers = true;
  wait(6min);
  EXPECT_TRUE(run(*broker));
  EXPECT_EQ(count("POST"), 2);
}

TEST_F(SourceSessionTest, ALoginThatWasNeverSentIsTriedAgain) {
  int attempts = 0;
  auto broker = session(login_plan(), [&](HttpRequest const& request) {
    if (request.method != Method::post) return json_response(200, "[]");
    if (++attempts == 3) return json_response(200, R"({"token":"t"})");
    throw Failure(ErrorCode::connect_failed, "refused");
  });
  EXPECT_TRUE(run(*broker));
}

TEST_F(SourceSessionTest, APageBetweenRefusalsBeginsThePatienceAnew) {
  auto plan = login_plan();
  plan.auth = engine::NoAuth{};
  int asked = 0;
  auto broker = session(plan, [&](HttpRequest const&) {
    return ++asked % 2 == 1 ? asks_for("840") : json_response(200, "[]");
  });
  for (int page = 0; page < 4; ++page) EXPECT_TRUE(fetch(*broker)) << page;
}

// A broker that has had enough for a moment, with a different refusal each time.
HttpResponse refusal(int spelling) {
  constexpr int spellings = 5;
  switch (spelling % spellings) {
    case 0: {
      auto response = json_response(429, "{}");
      response.headers.add("Retry-After", "1");
      return response;
    }
    case 1: {
      auto response = json_response(429, "");
      response.headers.add("Retry-After", "1.5");
      return response;
    }
    case 2:
      return json_response(429, R"({"detail":"Expected available in 1 second."})");
    case 3: {
      auto response = json_response(503, "<html></html>");
      response.headers.add("Retry-After", "2");
      return response;
    }
    default:
      return json_response(200, R"({"code":"Throttled","message":"available in 2 seconds"})");
  }
}

TEST_F(SourceSessionTest, TenMinutesOfRefusalsFailNothingAndAreNotHammered) {
  auto plan = login_plan();
  plan.auth = engine::NoAuth{};
  engine::ErrorRule in_good_answer;
  in_good_answer.json = JsonPath("code");
  in_good_answer.json_equals = {"Throttled"};
  in_good_answer.answer_class = engine::AnswerClass::throttled;
  plan.errors->push_back(in_good_answer);
  for (int const streams : {1, 5}) {
    report_ = {};
    auto const end = time_.now() + 10min;
    int refusals = 0;
    auto broker = session(plan, [&](HttpRequest const&) {
      return time_.now() < end ? refusal(refusals++) : json_response(200, "[]");
    });
    for (auto const& answer : fetch_together(*broker, streams)) {
      EXPECT_TRUE(answer) << streams << (answer ? "" : answer.error().to_line());
    }
    EXPECT_EQ(report_.retries, 0) << streams;
    EXPECT_EQ(report_.throttled, refusals) << streams;
    EXPECT_EQ(report_.requests, refusals + streams) << streams;
    EXPECT_LT(refusals, 100) << streams;
  }
}

TEST_F(SourceSessionTest, TransientFailuresAreRetriedAFewTimes) {
  auto plan = login_plan();
  plan.auth = engine::NoAuth{};
  auto broker = session(plan, [](HttpRequest const&) -> HttpResponse {
    throw Failure(ErrorCode::connect_failed, "connection reset");
  });
  auto const answer = fetch(*broker);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::connect_failed);
  EXPECT_EQ(answer.error().source, "broker");
  EXPECT_EQ(answer.error().where, "GET /rows/");
  EXPECT_EQ(report_.retries, 4);
  EXPECT_EQ(sent_.size(), 5u);
}

TEST_F(SourceSessionTest, ServerErrorThatPassesIsNoError) {
  int failures = 2;
  auto plan = login_plan();
  plan.auth = engine::NoAuth{};
  auto broker = session(plan, [&](HttpRequest const&) {
    return failures-- > 0 ? json_response(502, "") : json_response(200, "[]");
  });
  EXPECT_TRUE(fetch(*broker));
  EXPECT_EQ(report_.retries, 2);
}

TEST_F(SourceSessionTest, PermissionAndMalformedRequestsAreNotRetried) {
  auto plan = login_plan();
  plan.auth = engine::NoAuth{};
  int status = 403;
  auto broker = session(plan, [&](HttpRequest const&) { return json_response(status, "{}"); });
  EXPECT_EQ(fetch(*broker).error().code, ErrorCode::permission_denied);
  status = 404;
  EXPECT_EQ(fetch(*broker).error().code, ErrorCode::not_found);
  status = 400;
  EXPECT_EQ(fetch(*broker).error().code, ErrorCode::bad_request);
  EXPECT_EQ(sent_.size(), 3u);
  EXPECT_FALSE(broker->blocked().has_value());
}

TEST_F(SourceSessionTest, CancellationEndsAWait) {
  auto plan = login_plan();
  plan.auth = engine::NoAuth{};
  auto broker = session(plan, [&](HttpRequest const&) {
    auto response = json_response(429, "{}");
    response.headers.add("Retry-After", "600");
    return response;
  });
  asio::cancellation_signal cancel;
  std::exception_ptr failure;
  bool ended = false;
  auto on_end = [&](std::exception_ptr thrown, Result<engine::Answer>) {
    failure = thrown;
    ended = true;
  };
  asio::co_spawn(io_, broker->fetch(HttpRequest(Method::get, "/"), report_),
                 asio::bind_cancellation_slot(cancel.slot(), on_end));
  time_.drive(io_, [&] { return report_.throttled == 1; });
  cancel.emit(asio::cancellation_type::terminal);
  io_.restart();
  io_.poll();
  ASSERT_TRUE(ended);
  EXPECT_THROW(std::rethrow_exception(failure), boost::system::system_error);
}

engine::SourcePlan signed_plan() {
  auto plan = login_plan();
  plan.base_url = "https://broker.example/api/v3";
  engine::HmacAuth auth;
  plan.auth = auth;
  engine::SignatureSpec signature;
  signature.secret = "${credentials.password}";
  signature.parts = {{engine::SignedPart::path, {}},
                     {engine::SignedPart::timestamp, {}},
                     {engine::SignedPart::nonce, {}}};
  signature.header = "X-Sign";
  signature.timestamp_header = "X-Time";
  signature.timestamp_form = engine::SignatureSpec::TimestampForm::milliseconds;
  signature.nonce_header = "X-Nonce";
  plan.signature = signature;
  return plan;
}

TEST_F(SourceSessionTest, EveryAttemptIsSignedAnew) {
  std::vector<HttpRequest> got;
  auto broker = session(signed_plan(), [&](HttpRequest const& request) {
    got.push_back(request);
    return got.size() < 3 ? json_response(503, "{}") : json_response(200, "[]");
  });
  ASSERT_TRUE(fetch(*broker));
  ASSERT_EQ(got.size(), 3u);
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_EQ(got[i].secret_headers.size(), 1u);
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_NE(got[i].headers.find("X-Nonce"), got[j].headers.find("X-Nonce"));
      EXPECT_NE(got[i].secret_headers[0].second, got[j].secret_headers[0].second);
    }
    // The signed text is what was sent, under the path of the base URL.
    HttpRequest again(Method::get, got[i].target);
    auto const millis = std::stoll(std::string(*got[i].headers.find("X-Time")));
    engine::sign(again, *signed_plan().signature, "/api/v3", signed_plan().credentials,
                 TimePoint(std::chrono::milliseconds(millis)), *got[i].headers.find("X-Nonce"));
    EXPECT_EQ(again.secret_headers[0].second, got[i].secret_headers[0].second);
  }
  // The session's clock advanced between the requests.
  EXPECT_NE(got[0].headers.find("X-Time"), got[2].headers.find("X-Time"));
}

TEST_F(SourceSessionTest, AnAnswerThatQuotesAHeaderGivesNothingAway) {
  auto plan = login_plan();
  engine::BasicAuth basic;
  basic.user = "${credentials.login}";
  basic.password = "${credentials.password}";
  plan.auth = basic;
  auto broker = session(plan, [](HttpRequest const& request) {
    auto const& sent = request.secret_headers.at(0).second.reveal();
    return json_response(400, R"({"message":"cannot read )" + sent + "\"}");
  });
  auto const answer = fetch(*broker);
  ASSERT_FALSE(answer);
  // base64 of "me@example.com:planted-password" begins like this.
  EXPECT_EQ(answer.error().to_line().find("bWVAZXhhbXBsZ"), std::string::npos)
      << answer.error().to_line();
  EXPECT_NE(answer.error().to_line().find("cannot read Basic ***"), std::string::npos)
      << answer.error().to_line();
}

// A signature is valid once: the server may have taken the request whose connection lapsed.
TEST_F(SourceSessionTest, ASignedRequestWhoseConnectionLapsedIsSignedAgain) {
  std::vector<std::string> nonces;
  auto broker = session(signed_plan(), [&](HttpRequest const& request) {
    EXPECT_TRUE(request.is_signed);
    nonces.emplace_back(*request.headers.find("X-Nonce"));
    if (nonces.size() == 1) throw net::LapsedConnection(ErrorCode::connect_failed, "closed");
    return json_response(200, "[]");
  });
  EXPECT_TRUE(fetch(*broker));
  ASSERT_EQ(nonces.size(), 2U);
  EXPECT_NE(nonces[0], nonces[1]);
  EXPECT_EQ(report_.retries, 0);
}

}  // namespace
}  // namespace affsync::sync::source_session_test
