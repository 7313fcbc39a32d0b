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
    SessionParts parts;
    parts.make_client = [this] { return std::make_unique<CountingClient>(time_, sent_, most_); };
    parts.clock = &time_;
    parts.sleeper = &time_;
    parts.observer = &observer_;
    parts.random = [] { return 0.5; };
    return std::make_unique<SourceSession>(std::move(plan), std::move(parts), Logger(log_));
  }
  asio::awaitable<void> fetch(SourceSession& session, std::string target,
                              std::shared_ptr<bool const> is_asked) {
    HttpRequest request(Method::get, target);
    auto const answer = co_await session.fetch(std::move(request), report_, std::move(is_asked));
    EXPECT_TRUE(answer);
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

  asio::io_context io_;
  test::ManualTime time_;
  test::SilentLog log_;
  Observer observer_;
  RunReport report_;
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
