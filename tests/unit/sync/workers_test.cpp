// Work on other threads: who waits for whom, and which answers go there.
#include "daemon/async/workers.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <future>
#include <stdexcept>

#include "daemon/async/task_group.hpp"
#include "daemon/sync/source_session.hpp"
#include "tests/support/scripted_client.hpp"

namespace affsync::sync::workers_test {
namespace {

using async::Workers;

// Keeps a thread of `workers` busy until it is released.
class BusyThread {
 public:
  BusyThread(asio::io_context& io, async::TaskGroup& group, Workers& workers) {
    group.spawn(hold(workers));
    io.restart();
    io.poll();
    begun_.get_future().wait();
  }
  void release() { release_.set_value(); }

 private:
  asio::awaitable<void> hold(Workers& workers) {
    auto work = [this] {
      begun_.set_value();
      release_.get_future().wait();
      return true;
    };
    co_await workers.run(std::move(work));
  }
  std::promise<void> begun_, release_;
};

class WorkersTest : public testing::Test {
 protected:
  // Runs what can run on this thread without waiting.
  void poll() {
    io_.restart();
    io_.poll();
  }
  void run() {
    io_.restart();
    io_.run();
  }

  asio::io_context io_;
  async::TaskGroup group_{io_.get_executor()};
  Workers workers_{1, 0};
};

TEST_F(WorkersTest, WorkRunsOnAnotherThreadAndItsResultArrivesOnThisOne) {
  std::thread::id worked, resumed;
  std::string result;
  auto caller = [&]() -> asio::awaitable<void> {
    auto work = [&] {
      worked = std::this_thread::get_id();
      return std::string("done");
    };
    result = co_await workers_.run(std::move(work));
    resumed = std::this_thread::get_id();
  };
  group_.spawn(caller());
  run();
  EXPECT_EQ(result, "done");
  EXPECT_EQ(resumed, std::this_thread::get_id());
  EXPECT_NE(worked, std::this_thread::get_id());
  EXPECT_NE(worked, std::thread::id());
}

TEST_F(WorkersTest, AnExceptionReachesTheCaller) {
  std::string caught;
  auto caller = [&]() -> asio::awaitable<void> {
    auto work = []() -> int { throw std::runtime_error("planted"); };
    try {
      co_await workers_.run(std::move(work));
    } catch (std::runtime_error const& error) {
      caught = error.what();
    }
  };
  group_.spawn(caller());
  run();
  EXPECT_EQ(caught, "planted");
}

// What the caller has lent must not go while it is in use.
TEST_F(WorkersTest, ACancelledCallerStaysUntilItsWorkHasEnded) {
  std::promise<void> begun, release;
  bool ended = false, seen_ended = false, aborted = false;
  auto caller = [&]() -> asio::awaitable<void> {
    auto work = [&] {
      begun.set_value();
      release.get_future().wait();
      ended = true;
      return 0;
    };
    co_await workers_.run(std::move(work));
    seen_ended = ended;
    asio::steady_timer timer(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    try {
      co_await timer.async_wait(asio::use_awaitable);
    } catch (boost::system::system_error const& error) {
      aborted = error.code() == asio::error::operation_aborted;
    }
  };
  auto const task = group_.spawn(caller());
  poll();
  begun.get_future().wait();
  group_.cancel(task);
  poll();
  EXPECT_FALSE(group_.empty());
  release.set_value();
  run();
  EXPECT_TRUE(group_.empty());
  EXPECT_TRUE(seen_ended);
  EXPECT_TRUE(aborted);
}

TEST_F(WorkersTest, SmallTextsAreNotWorthIt) {
  Workers const workers(1, 100);
  EXPECT_FALSE(workers.is_worth(99));
  EXPECT_TRUE(workers.is_worth(100));
}

// Time passes when somebody waits.
class JumpingTime final : public Clock, public async::Sleeper {
 public:
  TimePoint now() const override { return now_; }
  asio::awaitable<void> sleep(Duration time) override {
    now_ += std::max(Duration::zero(), time);
    co_return;
  }

 private:
  TimePoint now_{std::chrono::hours(24 * 365 * 50)};
};

class AnswersOnWorkers : public WorkersTest, public Observer, public net::HttpClient {
 protected:
  struct Forwarding final : net::HttpClient {
    explicit Forwarding(AnswersOnWorkers& of) : test(of) {}
    asio::awaitable<HttpResponse> send(HttpRequest request) override {
      return test.send(std::move(request));
    }
    void close() override {}
    AnswersOnWorkers& test;
  };

  asio::awaitable<HttpResponse> send(HttpRequest request) override {
    sent_.push_back(request.target);
    auto answer = answers_.front();
    answers_.erase(answers_.begin());
    co_return answer;
  }
  void close() override {}
  void on_throttled(std::string const&, std::chrono::microseconds, bool) override { ++throttled_; }

  std::unique_ptr<SourceSession> session() {
    engine::SourcePlan plan;
    plan.source = "broker";
    plan.rate.requests_per_second = 100;
    plan.rate.burst = 100;
    plan.rate.concurrency = 1;
    SessionParts parts;
    parts.make_client = [this] { return std::make_unique<Forwarding>(*this); };
    parts.clock = &time_;
    parts.sleeper = &time_;
    parts.observer = this;
    parts.workers = &workers_;
    parts.random = [] { return 0.5; };
    return std::make_unique<SourceSession>(std::move(plan), std::move(parts), Logger(log_));
  }
  asio::awaitable<void> fetch(SourceSession& session, std::string target) {
    HttpRequest request(Method::get, target);
    auto const answer = co_await session.fetch(std::move(request), report_);
    arrived_.push_back(answer ? target + " " + answer->body.dump() : "refused");
  }

  JumpingTime time_;
  test::SilentLog log_;
  RunReport report_;
  std::vector<HttpResponse> answers_;
  std::vector<std::string> sent_, arrived_;
  int throttled_ = 0;
};

TEST_F(AnswersOnWorkers, TheNextRequestIsSentWhileAnAnswerIsParsed) {
  BusyThread busy(io_, group_, workers_);
  answers_ = {test::json_response(200, "[1]"), test::json_response(200, "[2]")};
  auto const one = session();
  group_.spawn(fetch(*one, "/0"));
  group_.spawn(fetch(*one, "/1"));
  poll();
  EXPECT_EQ(sent_, std::vector<std::string>({"/0", "/1"}));
  EXPECT_TRUE(arrived_.empty());
  busy.release();
  run();
  EXPECT_EQ(arrived_, std::vector<std::string>({"/0 [1]", "/1 [2]"}));
}

// The limiter must know it before anything else is sent, however much there is to parse.
TEST_F(AnswersOnWorkers, ARefusalWaitsForNoWorker) {
  BusyThread busy(io_, group_, workers_);
  answers_ = {test::json_response(429, "[1]"), test::json_response(200, "[2]")};
  auto const one = session();
  group_.spawn(fetch(*one, "/0"));
  poll();
  EXPECT_EQ(throttled_, 1);
  EXPECT_EQ(sent_, std::vector<std::string>({"/0", "/0"}));
  EXPECT_TRUE(arrived_.empty());
  busy.release();
  run();
  EXPECT_EQ(arrived_, std::vector<std::string>({"/0 [2]"}));
}

}  // namespace
}  // namespace affsync::sync::workers_test
