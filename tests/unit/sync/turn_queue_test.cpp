#include "daemon/sync/turn_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <list>
#include <random>

#include "tests/support/manual_time.hpp"

namespace affsync::sync::turn_queue_test {
namespace {

using namespace std::chrono_literals;

engine::RateSpec spec_of(double rate, double burst) {
  engine::RateSpec spec;
  spec.requests_per_second = rate;
  spec.burst = burst;
  return spec;
}

engine::RateLimit limit_of(int requests, std::chrono::seconds per,
                           std::vector<std::string> streams) {
  engine::RateLimit limit;
  limit.requests = requests;
  limit.per = per;
  limit.of = std::move(streams);
  return limit;
}

class TurnQueueTest : public testing::Test {
 protected:
  struct Sent {
    std::string name;
    Duration after{};
    bool operator==(Sent const&) const = default;
  };
  asio::awaitable<void> send(TurnQueue& queue, std::string name, std::string stream) {
    auto const turn = co_await queue.next(std::make_shared<bool>(true), stream, 1, longest_);
    if (turn.wait > 0s) {
      refused_.push_back({name, turn.wait});
      co_return;
    }
    EXPECT_LE(queue.blocked_until().value_or(time_.now()), time_.now());
    sent_.push_back({name, time_.now() - began_});
  }
  // `cancel`: ends the wait of this request.
  void start(TurnQueue& queue, std::string name, std::string stream = "rows",
             asio::cancellation_signal* cancel = nullptr) {
    auto const ended = [this](std::exception_ptr) { ++ended_; };
    auto const slot = cancel == nullptr ? asio::cancellation_slot() : cancel->slot();
    auto work = send(queue, std::move(name), std::move(stream));
    asio::co_spawn(io_, std::move(work), asio::bind_cancellation_slot(slot, ended));
  }
  // Runs until so many requests have been sent, or have given up.
  void run_until(int count) {
    time_.drive(io_, [&] { return ended_ >= count; });
  }
  // Lets what waits for nothing but a turn go on.
  void poll() {
    io_.restart();
    io_.poll();
  }
  void answer(TurnQueue& queue) {
    queue.on_success(time_.now(), time_.now() - 1ms, Headers(), 0ms);
  }

  asio::io_context io_;
  test::ManualTime time_;
  TimePoint const began_ = time_.now();
  Duration longest_ = 24h;     // that a request waits for a stated limit
  std::vector<Sent> refused_;  // because of that, with the wait
  std::vector<Sent> sent_;
  int ended_ = 0;
};

TEST_F(TurnQueueTest, RequestsGoInTheirOrderAsTheRateAllows) {
  TurnQueue queue(spec_of(2, 2), {}, time_, time_);
  for (char const* name : {"a", "b", "c", "d"}) start(queue, name);
  run_until(4);
  EXPECT_EQ(sent_, (std::vector<Sent>{{"a", 0s}, {"b", 0s}, {"c", 500ms}, {"d", 1s}}));
}

// The first answers make the rate grow, and those that wait have use of it, the first as well: a
// second each at 1 a second, 1/8 after the answers to five.
TEST_F(TurnQueueTest, WhatAnAnswerTeachesHastensThoseThatWait) {
  TurnQueue queue(spec_of(1, 5), {}, time_, time_);
  for (int i = 0; i < 5; ++i) start(queue, "burst");
  run_until(5);
  for (char const* name : {"a", "b", "c"}) start(queue, name);
  poll();
  for (int i = 0; i < 5; ++i) answer(queue);
  run_until(8);
  ASSERT_EQ(sent_.size(), 8U);
  EXPECT_EQ(sent_[5].name, "a");
  EXPECT_LE(sent_[5].after, 150ms);
  EXPECT_LE(sent_[7].after, 450ms);
}

// Something else kept the program from sending it at its turn.
TEST_F(TurnQueueTest, OneThatIsSentLateKeepsItsDistanceFromTheNext) {
  TurnQueue queue(spec_of(10, 1), {}, time_, time_);
  LearnedRate learned;
  learned.requests_per_second = 10;
  learned.answers = 200;
  queue.begin_with(learned);
  for (char const* name : {"a", "b", "c"}) start(queue, name);
  run_until(1);
  poll();
  time_.set_back(-140ms);
  run_until(3);
  EXPECT_EQ(sent_[1], (Sent{"b", 140ms}));
  EXPECT_GE(sent_[2].after, 235ms - 1us);
  EXPECT_LE(sent_[2].after, 240ms);
}

TEST_F(TurnQueueTest, ARefusalStopsThoseThatWait) {
  TurnQueue queue(spec_of(10, 1), {}, time_, time_);
  start(queue, "a");
  run_until(1);
  for (char const* name : {"b", "c"}) start(queue, name);
  poll();
  queue.on_throttled(time_.now(), time_.now(), 3s, 0.5);
  EXPECT_EQ(queue.blocked_until(), time_.now() + 3s);
  run_until(3);
  EXPECT_EQ(sent_[1].name, "b");
  EXPECT_GE(sent_[1].after, 3s);
  EXPECT_GT(sent_[2].after, sent_[1].after);
}

TEST_F(TurnQueueTest, ARequestThatIsCancelledLeavesItsTurnToTheNext) {
  TurnQueue queue(spec_of(1, 1), {}, time_, time_);
  start(queue, "a");
  run_until(1);
  asio::cancellation_signal cancel;
  start(queue, "gives up", "rows", &cancel);
  start(queue, "b");
  start(queue, "c");
  poll();
  cancel.emit(asio::cancellation_type::terminal);
  run_until(4);
  EXPECT_EQ(sent_, (std::vector<Sent>{{"a", 0s}, {"b", 1s}, {"c", 2s}}));
}

TEST_F(TurnQueueTest, OneThatIsCancelledInTheQueueHoldsNobodyUp) {
  TurnQueue queue(spec_of(1, 1), {}, time_, time_);
  start(queue, "a");
  run_until(1);
  asio::cancellation_signal cancel;
  start(queue, "b");
  start(queue, "gives up", "rows", &cancel);
  start(queue, "c");
  poll();
  cancel.emit(asio::cancellation_type::terminal);
  run_until(4);
  EXPECT_EQ(sent_, (std::vector<Sent>{{"a", 0s}, {"b", 1s}, {"c", 2s}}));
}

// One stream may have two requests in an hour; it must not keep the others from being sent.
TEST_F(TurnQueueTest, TheLimitOfAStreamHoldsOnlyThatStreamUp) {
  TurnQueue queue(spec_of(100, 100), {limit_of(2, 1h, {"report"})}, time_, time_);
  for (char const* name : {"r1", "r2", "r3"}) start(queue, name, "report");
  for (char const* name : {"a", "b"}) start(queue, name);
  run_until(4);
  EXPECT_EQ(sent_.back(), (Sent{"b", 0s}));
  run_until(5);
  EXPECT_EQ(sent_.back(), (Sent{"r3", 1h}));
}

// A refusal while a request waits for its own limit does not count it a second time.
TEST_F(TurnQueueTest, ARequestCountsOnceInALimitHoweverOftenItWaits) {
  TurnQueue queue(spec_of(100, 100), {limit_of(2, 1h, {})}, time_, time_);
  start(queue, "a");
  run_until(1);
  queue.on_throttled(time_.now(), time_.now(), 5s, 0.5);
  start(queue, "b");
  poll();
  queue.on_throttled(time_.now(), time_.now() + 1ms, 20s, 0.5);
  run_until(2);
  EXPECT_EQ(sent_.back(), (Sent{"b", 20s}));
  start(queue, "c");
  run_until(3);
  EXPECT_EQ(sent_.back().name, "c");
  EXPECT_LE(sent_.back().after, 1h + 1s);
}

// Two in ten seconds: what a stop has held back for five counts from when it was sent.
TEST_F(TurnQueueTest, ALimitCountsFromWhenARequestIsSent) {
  TurnQueue queue(spec_of(100, 100), {limit_of(2, 10s, {})}, time_, time_);
  queue.on_throttled(time_.now(), time_.now(), 5s, 0.5);
  for (char const* name : {"a", "b", "c"}) start(queue, name);
  run_until(3);
  EXPECT_EQ(sent_[0], (Sent{"a", 5s}));
  EXPECT_EQ(sent_[2].name, "c");
  EXPECT_GE(sent_[2].after, 15s);
}

TEST_F(TurnQueueTest, AClockThatGoesBackDoesNotProlongTheWaitForALimit) {
  TurnQueue queue(spec_of(100, 100), {limit_of(1, 1min, {})}, time_, time_);
  start(queue, "a");
  run_until(1);
  time_.set_back(10min);
  auto const from = time_.now();
  start(queue, "b");
  run_until(2);
  EXPECT_LE(time_.now() - from, 1min);
}

TEST_F(TurnQueueTest, ALimitThatIsUsedUpForTooLongIsToldAtOnce) {
  longest_ = 10min;
  TurnQueue queue(spec_of(100, 100), {limit_of(1, 1h, {"report"}), limit_of(2, 5min, {"rows"})},
                  time_, time_);
  for (char const* name : {"a", "b"}) start(queue, name, "report");
  run_until(2);
  EXPECT_EQ(refused_, (std::vector<Sent>{{"b", 1h}}));
  for (char const* name : {"c", "d", "e", "f"}) start(queue, name);
  run_until(6);
  EXPECT_EQ(sent_.back(), (Sent{"f", 5min}));
}

// The limit frees a place for one in nine minutes, and the next in an hour more.
TEST_F(TurnQueueTest, WhoLosesThePlaceInALimitToAnotherIsToldAsWell) {
  longest_ = 10min;
  TurnQueue queue(spec_of(100, 100), {limit_of(1, 1h, {})}, time_, time_);
  queue.note_past(time_.now() - 51min, "rows", 1);
  for (char const* name : {"a", "b"}) start(queue, name);
  run_until(2);
  EXPECT_EQ(sent_, (std::vector<Sent>{{"a", 9min}}));
  EXPECT_EQ(refused_, (std::vector<Sent>{{"b", 1h}}));
}

TEST_F(TurnQueueTest, ARequestThatIsCancelledCountsInNoLimit) {
  TurnQueue queue(spec_of(1, 1), {limit_of(2, 1h, {})}, time_, time_);
  start(queue, "a");
  run_until(1);
  asio::cancellation_signal cancel;
  start(queue, "gives up", "rows", &cancel);
  poll();
  cancel.emit(asio::cancellation_type::terminal);
  start(queue, "b");
  run_until(3);
  EXPECT_EQ(sent_.back(), (Sent{"b", 1s}));
}

// Requests come, give up, are answered and refused in any order: those that wait are sent in the
// order in which they came, never during a stop, and never faster than the user's own limit.
TEST_F(TurnQueueTest, HoweverRequestsComeAndGoEachIsSentInItsOrderAndTime) {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    auto const dice = [&](unsigned sides) { return random() % sides; };
    auto spec = spec_of(5, 1 + dice(5));
    spec.max_requests_per_second = 20;
    TurnQueue queue(spec, {}, time_, time_);
    std::list<asio::cancellation_signal> cancels;
    sent_.clear();
    ended_ = 0;
    int started = 0, given_up = 0;
    for (int step = 0; step < 300; ++step) {
      auto const before = sent_.size();
      switch (dice(6)) {
        case 0:
        case 1:
          start(queue, std::to_string(1000 + started++), "rows", &cancels.emplace_back());
          break;
        case 2: {
          if (cancels.empty()) break;
          int const ended = ended_;
          std::next(cancels.begin(), static_cast<long>(dice(static_cast<unsigned>(cancels.size()))))
              ->emit(asio::cancellation_type::terminal);
          poll();
          if (ended_ > ended && sent_.size() == before) ++given_up;
          break;
        }
        case 3:
          answer(queue);
          break;
        case 4:
          if (dice(5) == 0) {
            queue.on_throttled(time_.now(), time_.now(), std::chrono::milliseconds(dice(3000)),
                               0.5);
          }
          break;
        default:
          if (ended_ < started) run_until(ended_ + 1);
      }
      poll();
    }
    run_until(started);
    EXPECT_EQ(static_cast<int>(sent_.size()) + given_up, started);
    EXPECT_TRUE(std::ranges::is_sorted(sent_, {}, &Sent::name));
    auto const burst = static_cast<std::size_t>(spec.burst);
    for (std::size_t i = burst; i < sent_.size(); ++i) {
      EXPECT_GE(sent_[i].after - sent_[i - burst].after, 50ms - 1us) << i;
    }
  }
}

}  // namespace
}  // namespace affsync::sync::turn_queue_test
