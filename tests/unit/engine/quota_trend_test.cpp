// Numbers of quotas as servers send them, worked out by hand.
#include "connectors/engine/pace/quota_trend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace affsync::engine::quota_trend_test {
namespace {

using namespace std::chrono_literals;

TimePoint const start{std::chrono::hours(24 * 365 * 55)};

// One request after the other: each is answered after a millisecond.
void ask(QuotaTrend& trend, Duration at, double left, double until) {
  trend.count_request(start + at);
  trend.on_answer(start + at + 1ms, start + at, left, until);
}

// Ten come in again in a second, and 20 fit: one request every 50 ms, so each second one takes one
// off.
void use_up_half(QuotaTrend& trend) {
  for (int i = 0; i <= 20; ++i) ask(trend, i * 50ms, 19 - (i + 1) / 2, (1 + (i + 1) / 2) / 10.0);
}

TEST(QuotaTrend, NothingIsKnownAtFirst) {
  QuotaTrend trend;
  EXPECT_FALSE(trend.trickles());
  EXPECT_EQ(trend.earliest(start), start);
}

TEST(QuotaTrend, ABucketIsUsedAsFastAsItIsRenewed) {
  QuotaTrend trend;
  use_up_half(trend);  // the last at one second: 9 are left
  EXPECT_TRUE(trend.trickles());
  TimePoint const now = start + 1001ms;
  // Nine may be sent at once, but for one that is kept for a request that overtakes another.
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(trend.earliest(now), now) << i;
    trend.count_request(now);
  }
  // Then one in a tenth of a second, and a little later.
  for (int i = 0; i < 3; ++i) {
    auto const turn = trend.earliest(now);
    auto const wait = turn - (start + 1000ms);
    EXPECT_GE(wait, 100ms * i) << i;
    EXPECT_LE(wait, 125ms * (i + 1)) << i;
    trend.count_request(turn);
  }
}

TEST(QuotaTrend, RequestsThatAreNotSentUseNothing) {
  QuotaTrend trend;
  use_up_half(trend);
  TimePoint const now = start + 1001ms;
  for (int i = 0; i < 15; ++i) trend.count_request(now + 1ms);
  EXPECT_GT(trend.earliest(now), now);
  trend.give_back(now, now + 1ms);
  EXPECT_EQ(trend.earliest(now), now);
  trend.give_back(now, now - 1ms);  // no time at all
}

// A window of a second with ten requests: nothing comes in for most of it, then all at once.
TEST(QuotaTrend, AWindowIsNotTakenForABucket) {
  QuotaTrend trend;
  for (int second = 0; second < 3; ++second) {
    for (int i = 0; i < 10; ++i) ask(trend, second * 1000ms + i * 90ms, 9 - i, 1);
  }
  EXPECT_FALSE(trend.trickles());
}

// Sixty in a minute, of which the oldest is forgotten first: the time that it tells is short
// although little is left.
TEST(QuotaTrend, ASlidingWindowIsNotTakenForABucket) {
  QuotaTrend trend;
  for (int i = 0; i < 60; ++i) ask(trend, i * 100ms, 59 - i, 60 - i * 0.1);
  EXPECT_FALSE(trend.trickles());
  for (int i = 0; i < 20; ++i) ask(trend, 60s + i * 100ms, 0, 0.1);
  EXPECT_FALSE(trend.trickles());
}

TEST(QuotaTrend, ARefusalMakesItCareful) {
  QuotaTrend trend;
  use_up_half(trend);
  trend.on_refusal();
  EXPECT_FALSE(trend.trickles());
  EXPECT_EQ(trend.earliest(start + 2s), start + 2s);
}

// Rows are counted, not requests; several servers count each for itself.
TEST(QuotaTrend, NumbersThatFallFasterThanTheRequestsAreOdd) {
  QuotaTrend trend;
  for (int i = 0; i < 10; ++i) ask(trend, i * 100ms, 1000 - 90 * i, 10);
  EXPECT_TRUE(trend.is_odd());
  EXPECT_FALSE(trend.trickles());
  EXPECT_EQ(trend.earliest(start + 1s), start + 1s);
}

TEST(QuotaTrend, ABrokerThatRefusesAlthoughMuchIsLeftMeansSomethingElse) {
  QuotaTrend trend;
  for (int refusals = 0; refusals < 3; ++refusals) {
    EXPECT_FALSE(trend.is_odd());
    for (int i = 0; i < 10; ++i) ask(trend, refusals * 10s + i * 100ms, 100, 1);
    EXPECT_TRUE(trend.trickles());
    trend.on_refusal();
  }
  EXPECT_TRUE(trend.is_odd());
  ask(trend, 40s, 100, 1);
  EXPECT_FALSE(trend.trickles());
}

// A bucket has something left now and then if requests are slower than it is renewed.
TEST(QuotaTrend, ABucketThatIsAlwaysEmptyIsNone) {
  QuotaTrend trend;
  for (int i = 0; i < 20; ++i) ask(trend, i * 50ms, std::max(0, 9 - i), 1);
  for (int i = 0; i < 40; ++i) ask(trend, 1s + i * 1s, 0, 1);
  EXPECT_FALSE(trend.trickles());
}

TEST(QuotaTrend, AnAnswerThatArrivesLateIsIgnored) {
  QuotaTrend trend;
  use_up_half(trend);
  auto const before = trend.earliest(start + 1001ms);
  trend.on_answer(start + 2s, start + 500ms, 0, 2);
  EXPECT_EQ(trend.earliest(start + 1001ms), before);
}

TEST(QuotaTrend, AClockThatIsSetBackMovesAllTimes) {
  QuotaTrend moved, other;
  for (auto* trend : {&moved, &other}) {
    use_up_half(*trend);
    for (int i = 0; i < 12; ++i) trend->count_request(start + 1001ms);
  }
  moved.shift(-1h);
  EXPECT_EQ(moved.earliest(start - 1h), other.earliest(start) - 1h);
}

// Requests whose answers never come are forgotten, so that what is remembered stays small.
TEST(QuotaTrend, RequestsWithoutAnswersDoNotPileUp) {
  QuotaTrend trend;
  use_up_half(trend);  // ten a second
  TimePoint const now = start + 1001ms;
  for (int i = 0; i < 5000; ++i) trend.count_request(now);
  EXPECT_GE(trend.earliest(now) - now, 90s);
  EXPECT_LE(trend.earliest(now) - now, 150s);  // of a thousand
}

}  // namespace
}  // namespace affsync::engine::quota_trend_test
