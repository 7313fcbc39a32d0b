// How many requests of a source are under way at once, and which of those that wait is next.
#include <gtest/gtest.h>

#include "daemon/async/gate.hpp"
#include "daemon/async/task_group.hpp"
#include "daemon/sync/source_session.hpp"
#include "tests/support/scripted_client.hpp"

namespace affsync::sync::requests_at_once_test {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

// An HttpClient that counts.
class CountingClient final : public net::HttpClient {
 public:
  CountingClient(test::ManualTime& time, Names& sent, int& most)
      : time_(time), sent_(sent), most_(most) {}
  asio::awaitable<HttpResponse> send(HttpRequest request) override {
    sent_.push_back(request.target);
    most_ = std::max(most_, ++under_way_);
    co_await time_.sleep(50ms);
    --under_way_;
    co_return test::json_response(200, R"({"token":"t"})");
  }
  void close() override {}

 private:
  test::ManualTime& time_;
  Names& sent_;
  int& most_;
  int under_way_ = 0;
};

class RequestsAtOnce : public testing::Test {
 protected:
  std::unique_ptr<SourceSession> session(engine::AuthSpec auth, std::optional<int> concurrency) {
    engine::SourcePlan plan;
    plan.source = "broker";
    plan.auth = std::move(auth);
    plan.rate.requests_per_second = 100;
    plan.rate.burst = 100;
    plan.rate.concurrency = concurrency;
    plan.rate.limits = limits_;
    SessionParts parts;
    parts.make_client = [this] { return std::make_unique<CountingClient>(time_, sent_, most_); };
    parts.clock = &time_;
    parts.sleeper = &time_;
    parts.observer = &observer_;
    parts.random = [] { return 0.5; };
    return std::make_unique<SourceSession>(std::move(plan), std::move(parts), Logger(log_));
  }
  asio::awaitable<void> fetch(SourceSession& session, std::string target,
                              std::shared_ptr<bool const> is_asked, std::string stream = "") {
    HttpRequest request(Method::get, target);
    RunReport report;
    report.stream = std::move(stream);
    auto const answer = co_await session.fetch(std::move(request), report, std::move(is_asked));
    EXPECT_TRUE(answer);
    ended_at_[target] = time_.now() - began_;
  }
  // Fetches /0, /1 … at once. `asked`: those that a run waits for.
  asio::awaitable<int> fetch_all(SourceSession& session, int count, std::set<int> asked) {
    auto executor = co_await asio::this_coro::executor;
    async::TaskGroup group(executor);
    for (int i = 0; i < count; ++i) {
      auto is_asked = std::make_shared<bool>(asked.contains(i));
      group.spawn(fetch(session, "/" + std::to_string(i), std::move(is_asked)));
    }
    co_await group.join();
    co_return 0;
  }

  // Fetches two of the stream `few`, which may have one in ten minutes, and after `pause` these.
  asio::awaitable<int> fetch_beside_few(SourceSession& session, Duration pause, Names rows) {
    auto executor = co_await asio::this_coro::executor;
    async::TaskGroup group(executor);
    group.spawn(fetch(session, "/few/1", nullptr, "few"));
    group.spawn(fetch(session, "/few/2", nullptr, "few"));
    co_await time_.sleep(pause);
    for (auto const& target : rows) group.spawn(fetch(session, target, nullptr, "rows"));
    co_await group.join();
    co_return 0;
  }
  // The key is refused after the first of `few`; when the pause is over, two are to be sent.
  asio::awaitable<int> fetch_on_probation(SourceSession& session) {
    auto executor = co_await asio::this_coro::executor;
    async::TaskGroup group(executor);
    group.spawn(fetch(session, "/few/1", nullptr, "few"));
    co_await group.join();
    Error error(ErrorCode::auth_invalid, "the key is wrong");
    co_await session.refusals().refused(error);
    co_await time_.sleep(6min);
    group.spawn(fetch(session, "/few/2", nullptr, "few"));
    group.spawn(fetch(session, "/a", nullptr, "rows"));
    co_await group.join();
    co_return 0;
  }
  static engine::RateLimit one_in_ten_minutes_of_few() {
    engine::RateLimit limit;
    limit.requests = 1;
    limit.per = 10min;
    limit.of = {"few"};
    return limit;
  }

  asio::io_context io_;
  test::ManualTime time_;
  TimePoint const began_ = time_.now();
  test::SilentLog log_;
  Observer observer_;
  std::vector<engine::RateLimit> limits_;
  std::map<std::string, Duration> ended_at_;  // the requests, after the begin of the test
  Names sent_;
  int most_ = 0;
};

TEST_F(RequestsAtOnce, AreNoMoreThanTheConcurrency) {
  auto const one = session(engine::NoAuth(), 3);
  time_.run(io_, fetch_all(*one, 10, {}));
  EXPECT_EQ(most_, 3);
  EXPECT_EQ(sent_, Names({"/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9"}));
}

TEST_F(RequestsAtOnce, TheLoginIsOneOfThem) {
  engine::LoginTokenAuth auth;
  auth.login.method = Method::post;
  auth.login.path = "/login/";
  auth.token = JsonPath("token");
  auth.value = "JWT ${token}";
  auth.assumed_lifetime = 6h;
  auto const one = session(auth, 1);
  time_.run(io_, fetch_all(*one, 4, {}));
  EXPECT_EQ(most_, 1);
  EXPECT_EQ(sent_, Names({"/login/", "/0", "/1", "/2", "/3"}));
}

// Requests that were sent ahead do not delay the run of another stream.
TEST_F(RequestsAtOnce, WhatARunWaitsForIsSentFirst) {
  auto const one = session(engine::NoAuth(), 2);
  time_.run(io_, fetch_all(*one, 7, {4, 6}));
  EXPECT_EQ(sent_, Names({"/0", "/1", "/4", "/6", "/2", "/3", "/5"}));
}

// What waits for a limit of its own stream is not under way, and keeps no place from others.
TEST_F(RequestsAtOnce, AreNotThoseThatWaitForALimitOfTheirStream) {
  limits_ = {one_in_ten_minutes_of_few()};
  auto const one = session(engine::NoAuth(), 1);
  time_.run(io_, fetch_beside_few(*one, 0s, {"/a", "/b"}));
  EXPECT_EQ(sent_, Names({"/few/1", "/a", "/b", "/few/2"}));
  EXPECT_LE(ended_at_["/b"], 1s);
  EXPECT_GE(ended_at_["/few/2"], 10min);
  EXPECT_LE(ended_at_["/few/2"], 10min + 1s);
}

// Nor does the login, whose token all of them need.
TEST_F(RequestsAtOnce, ALoginDoesNotWaitForTheLimitOfAStream) {
  engine::LoginTokenAuth auth;
  auth.login.method = Method::post;
  auth.login.path = "/login/";
  auth.token = JsonPath("token");
  auth.value = "JWT ${token}";
  auth.assumed_lifetime = 5min;
  limits_ = {one_in_ten_minutes_of_few()};
  auto const one = session(auth, 1);
  time_.run(io_, fetch_beside_few(*one, 6min, {"/a"}));
  EXPECT_LE(ended_at_["/a"], 6min + 1s);
  EXPECT_GE(ended_at_["/few/2"], 10min);
  EXPECT_EQ(sent_, Names({"/login/", "/few/1", "/login/", "/a", "/few/2"}));
}

// Then one request at a time is sent, until one is accepted; none has to wait for that one's limit.
TEST_F(RequestsAtOnce, AKeyThatWasRefusedIsTriedByOneThatMayBeSent) {
  limits_ = {one_in_ten_minutes_of_few()};
  auto const one = session(engine::NoAuth(), 2);
  time_.run(io_, fetch_on_probation(*one));
  EXPECT_EQ(sent_, Names({"/few/1", "/a", "/few/2"}));
  EXPECT_LE(ended_at_["/a"], 6min + 1s);
}

TEST_F(RequestsAtOnce, FollowFromTheRateUnlessTheConnectorSaysHowMany) {
  engine::RateSpec rate;
  EXPECT_EQ(rate.usable_concurrency(), 5);  // 5 a second
  for (auto const& [per_second, wanted] :
       {std::pair{0.2, 2}, {1.0, 2}, {2.5, 3}, {8.0, 8}, {50.0, 8}}) {
    rate.requests_per_second = per_second;
    EXPECT_EQ(rate.usable_concurrency(), wanted) << per_second;
  }
  rate.concurrency = 1;
  EXPECT_EQ(rate.usable_concurrency(), 1);
}

}  // namespace
}  // namespace affsync::sync::requests_at_once_test
