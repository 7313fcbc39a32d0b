#include "connectors/engine/pace/limiter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace affsync::engine::limiter_test {
namespace {

using namespace std::chrono_literals;

TimePoint const t0{std::chrono::hours(24 * 365 * 55)};

RateSpec spec_of(double rate, double burst = 1) {
  RateSpec spec;
  spec.requests_per_second = rate;
  spec.burst = burst;
  return spec;
}

Headers rate_headers(std::string remaining, std::string reset) {
  Headers headers;
  headers.add("X-RateLimit-Remaining", std::move(remaining));
  headers.add("X-RateLimit-Reset", std::move(reset));
  return headers;
}

RateSpec spec_with_headers(double rate) {
  RateSpec spec = spec_of(rate);
  spec.remaining_header = "X-RateLimit-Remaining";
  spec.reset_header = "X-RateLimit-Reset";
  return spec;
}

// Reserves and succeeds `count` times, each as soon as allowed; returns the time afterwards.
TimePoint let_through(Limiter& limiter, TimePoint now, int count) {
  for (int i = 0; i < count; ++i) {
    now += limiter.reserve(now);
    limiter.on_success(now, now, Headers());
  }
  return now;
}

TEST(Limiter, LetsABurstGoAtOnceAndSpacesTheRest) {
  Limiter limiter(spec_of(2, 3));
  EXPECT_EQ(limiter.reserve(t0), 0s);
  EXPECT_EQ(limiter.reserve(t0), 0s);
  EXPECT_EQ(limiter.reserve(t0), 0s);
  EXPECT_EQ(limiter.reserve(t0), 500ms);
  EXPECT_EQ(limiter.reserve(t0), 1s);
}

// An answer that takes its time to parse is learned of after a refusal that it came before.
TEST(Limiter, AnAnswerFromBeforeARefusalEndsNoStopHoweverLateItIsRead) {
  Limiter limiter(spec_of(10));
  LearnedRate learned;
  learned.requests_per_second = 20;
  learned.answers = 200;
  limiter.begin_with(learned);
  limiter.reserve(t0);
  limiter.reserve(t0);
  limiter.on_throttled(t0 + 20ms, t0 + 5ms, 1s, 0.5);
  limiter.on_success(t0 + 325ms, t0, Headers(), 300ms);
  EXPECT_EQ(limiter.refusals(), 1);
  limiter.on_success(t0 + 1500ms, t0 + 1100ms, Headers(), 380ms);
  EXPECT_EQ(limiter.refusals(), 0);
}

TEST(Limiter, ABurstGrowsBackWithTimeAndNoFurther) {
  Limiter limiter(spec_of(2, 3));
  for (int i = 0; i < 3; ++i) limiter.reserve(t0);
  TimePoint const later = t0 + 1h;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.reserve(later), 0s);
  EXPECT_EQ(limiter.reserve(later), 500ms);
}

TEST(Limiter, GrowsWhenItsRateIsUsedUp) {
  Limiter limiter(spec_of(5));
  let_through(limiter, t0, 100);
  EXPECT_GT(limiter.rate(), 10);
}

TEST(Limiter, DoesNotGrowWhenItIsNotWhatHoldsBack) {
  Limiter limiter(spec_of(5));
  TimePoint now = t0;
  for (int i = 0; i < 200; ++i) {
    now += 1s;
    EXPECT_EQ(limiter.reserve(now), 0s);
    limiter.on_success(now, now, Headers());
  }
  EXPECT_EQ(limiter.rate(), 5);
}

TEST(Limiter, NeverPassesTheUsersOwnLimit) {
  RateSpec spec = spec_of(5);
  spec.max_requests_per_second = 6;
  Limiter limiter(spec);
  let_through(limiter, t0, 2000);
  EXPECT_EQ(limiter.rate(), 6);
}

TEST(Limiter, StartsNoFasterThanTheUsersOwnLimit) {
  RateSpec spec = spec_of(5);
  spec.max_requests_per_second = 0.001;
  EXPECT_EQ(Limiter(spec).rate(), 0.001);
}

TEST(Limiter, WithoutAUsersLimitGrowthEndsAt250Requests) {
  Limiter limiter(spec_of(5));
  let_through(limiter, t0, 5000);
  EXPECT_EQ(limiter.rate(), 250);
}

TEST(Limiter, ARefusalHalvesTheRateAndStopsEverything) {
  Limiter limiter(spec_of(4));
  limiter.reserve(t0);
  limiter.on_throttled(t0 + 1s, t0, 10s, 0.5);
  EXPECT_EQ(limiter.rate(), 2);
  EXPECT_EQ(limiter.blocked_until(), t0 + 11s);
  EXPECT_EQ(limiter.reserve(t0 + 3s), 8s);
  EXPECT_EQ(limiter.refusals(), 1);
}

TEST(Limiter, AfterAStopTheRequestsComeOneByOne) {
  Limiter limiter(spec_of(4, 10));
  limiter.reserve(t0);
  limiter.on_throttled(t0, t0, 10s, 0.5);
  EXPECT_EQ(limiter.reserve(t0), 10s);
  EXPECT_EQ(limiter.reserve(t0), 10s + 500ms);
  EXPECT_EQ(limiter.reserve(t0), 11s);
}

TEST(Limiter, ReservationsBeyondAStopKeepTheirTurnBeforeNewOnes) {
  Limiter limiter(spec_of(1));
  EXPECT_EQ(limiter.reserve(t0), 0s);
  EXPECT_EQ(limiter.reserve(t0), 1s);  // must reserve again, because its turn falls into the stop
  EXPECT_EQ(limiter.reserve(t0), 2s);  // sends when its turn comes
  limiter.on_throttled(t0, t0, 1500ms, 0.5);
  EXPECT_EQ(limiter.reserve(t0), 1500ms + 2s);  // the rate is now 0.5 per second
}

TEST(Limiter, ARequestThatIsNotSentLeavesItsTurn) {
  Limiter limiter(spec_of(2));
  EXPECT_EQ(limiter.reserve(t0), 0s);
  EXPECT_EQ(limiter.reserve(t0), 500ms);
  limiter.give_back(t0 + 500ms);
  EXPECT_EQ(limiter.reserve(t0), 500ms);
  limiter.give_back(t0 + 500ms);
  limiter.give_back(t0 + 500ms);  // once is enough
  limiter.give_back(t0 + 3s);     // nobody's turn
  EXPECT_EQ(limiter.reserve(t0), 500ms);
  EXPECT_EQ(limiter.reserve(t0), 1s);
}

TEST(Limiter, ATurnIsEarlierOnceTheRateHasGrown) {
  Limiter limiter(spec_of(1, 3));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limiter.reserve(t0), 0s);
  EXPECT_EQ(limiter.reserve(t0), 1s);
  for (int i = 0; i < 3; ++i) limiter.on_success(t0, t0, Headers());
  EXPECT_NEAR(limiter.rate(), 3.375, 0.001);
  auto const wait = limiter.reserve_again(t0, t0 + 1s);
  EXPECT_NEAR(static_cast<double>(wait.count()), 1e6 / 3.375, 10);
  // Its answer counts as that of a request that had to wait, although it need not wait any more.
  EXPECT_EQ(limiter.reserve_again(t0 + 5s, t0 + wait), 0s);
  double const before = limiter.rate();
  limiter.on_success(t0 + 5s, t0 + 5s, Headers());
  EXPECT_GT(limiter.rate(), before);
}

// The user's own limit, which is higher, does not keep the turn where it was.
TEST(Limiter, ATurnIsEarlierAlsoWithinTheUsersOwnLimit) {
  RateSpec spec = spec_of(1, 1);
  spec.max_requests_per_second = 10;
  Limiter limiter(spec);
  limiter.reserve(t0);
  EXPECT_EQ(limiter.reserve(t0), 1s);
  for (int i = 0; i < 4; ++i) limiter.on_success(t0, t0, Headers());
  auto const wait = limiter.reserve_again(t0, t0 + 1s);
  EXPECT_NEAR(static_cast<double>(wait.count()), 1e6 / limiter.rate(), 10);
  EXPECT_LE(wait, 300ms);
}

// What was learned moves it back as well, but not before the end of a stop.
TEST(Limiter, ATurnThatAStopHasTakenAwayIsReservedAnew) {
  Limiter limiter(spec_of(1));
  limiter.reserve(t0);
  EXPECT_EQ(limiter.reserve(t0), 1s);
  limiter.on_throttled(t0, t0, 10s, 0.5);
  EXPECT_EQ(limiter.reserve_again(t0 + 1s, t0 + 1s), 9s);
}

TEST(Limiter, NoMoreThanWhatRemainsIsSentBeforeTheReset) {
  RateSpec spec = spec_with_headers(5);
  spec.burst = 5;
  Limiter limiter(spec);
  limiter.reserve(t0);
  limiter.on_success(t0, t0, rate_headers("2", "60"));
  EXPECT_EQ(limiter.reserve(t0), 0s);  // of the burst
  EXPECT_EQ(limiter.reserve(t0), 0s);
  EXPECT_EQ(limiter.reserve(t0), 60s);
}

TEST(Limiter, RefusalsOfOneRoundTripCountOnce) {
  Limiter limiter(spec_of(8));
  for (int i = 0; i < 3; ++i) limiter.reserve(t0);
  limiter.on_throttled(t0 + 100ms, t0, 2s, 0.5);
  limiter.on_throttled(t0 + 110ms, t0 + 10ms, 5s, 0.5);
  limiter.on_throttled(t0 + 120ms, t0 + 20ms, std::nullopt, 0.5);
  EXPECT_EQ(limiter.rate(), 4);
  EXPECT_EQ(limiter.refusals(), 1);
  EXPECT_EQ(limiter.blocked_until(), t0 + 110ms + 5s) << "the longest wait counts";
}

TEST(Limiter, RefusalsInARowWaitLongerAndASuccessEndsTheRow) {
  Limiter limiter(spec_of(8));
  TimePoint now = t0;
  Duration last{};
  for (int i = 1; i <= 4; ++i) {
    now += limiter.reserve(now);
    limiter.on_throttled(now + 1ms, now, std::nullopt, 0.999);
    Duration const wait = *limiter.blocked_until() - (now + 1ms);
    EXPECT_GT(wait, last);
    EXPECT_EQ(limiter.refusals(), i);
    last = wait;
    now += 1ms;
  }
  now += limiter.reserve(now);
  limiter.on_success(now, now, Headers());
  EXPECT_EQ(limiter.refusals(), 0);
}

TEST(Limiter, NoWaitIsLongerThanTheCap) {
  RateSpec spec = spec_of(5);
  spec.wait_cap = 60s;
  Limiter limiter(spec);
  limiter.on_throttled(t0 + 1s, t0, 24h, 0.5);
  EXPECT_EQ(limiter.blocked_until(), t0 + 61s);
}

TEST(Limiter, IsBackBelowTheRefusedRateAfterAFewAnswers) {
  Limiter limiter(spec_of(10));
  TimePoint now = let_through(limiter, t0, 60);
  double const refused = limiter.rate();
  limiter.on_throttled(now + 1ms, now, 1s, 0.5);
  EXPECT_LE(limiter.rate(), refused / 2);
  let_through(limiter, now + 1ms, 15);
  EXPECT_GT(limiter.rate(), 0.75 * refused);
  EXPECT_LT(limiter.rate(), refused);
}

// An hour in which mostly nothing was sent says nothing about the limit.
TEST(Limiter, APauseIsNotTakenForALowLimit) {
  Limiter limiter(spec_of(10));
  TimePoint now = let_through(limiter, t0, 60);
  limiter.on_throttled(now + 1ms, now, 1s, 0.5);
  double const limit = 2 * limiter.rate();
  now = let_through(limiter, now + 1ms, 20) + 1h;
  now += limiter.reserve(now);
  limiter.on_throttled(now + 1ms, now, 1s, 0.5);
  EXPECT_GE(2 * limiter.rate(), 0.75 * limit);
}

TEST(Limiter, NothingRemainingWaitsForTheReset) {
  Limiter limiter(spec_with_headers(5));
  limiter.reserve(t0);
  limiter.on_success(t0, t0, rate_headers("0", "42"));
  EXPECT_EQ(limiter.reserve(t0 + 2s), 40s);
}

TEST(Limiter, WhatRemainsIsSpreadOverTheTimeToTheReset) {
  Limiter limiter(spec_with_headers(5));
  limiter.reserve(t0);
  limiter.on_success(t0, t0, rate_headers("4", "20"));
  EXPECT_DOUBLE_EQ(limiter.rate(), 0.2);
}

TEST(Limiter, PlentyRemainingDoesNotSlow) {
  Limiter limiter(spec_with_headers(5));
  limiter.reserve(t0);
  limiter.on_success(t0, t0, rate_headers("1000", "3600"));
  EXPECT_GE(limiter.rate(), 5);
}

TEST(Limiter, AfterTheResetTheOldRateHolds) {
  Limiter limiter(spec_with_headers(5));
  limiter.reserve(t0);
  limiter.on_success(t0, t0, rate_headers("1", "20"));
  EXPECT_DOUBLE_EQ(limiter.rate(), 0.05);
  limiter.reserve(t0 + 21s);
  EXPECT_DOUBLE_EQ(limiter.rate(), 5);
}

// Some servers round the time to the reset down, so that requests after it are refused once more.
TEST(Limiter, AResetThatIsRoundedDownIsNoticed) {
  Limiter limiter(spec_with_headers(5));
  limiter.reserve(t0);
  limiter.on_success(t0, t0, rate_headers("0", "4"));
  EXPECT_EQ(limiter.reserve(t0), 4s);
  limiter.on_throttled(t0 + 4s, t0 + 4s, 1s, 0);
  EXPECT_EQ(limiter.reserve(t0 + 4s), 1s);
  limiter.on_success(t0 + 5s, t0 + 5s, rate_headers("0", "4"));
  EXPECT_EQ(limiter.reserve(t0 + 5s), 5s);
}

TEST(Limiter, OddRateHeadersAreIgnored) {
  for (auto const& [remaining, reset] :
       {std::pair("-1", "20"), std::pair("", "20"), std::pair("3", "soon"), std::pair("0", "0")}) {
    Limiter limiter(spec_with_headers(5));
    limiter.reserve(t0);
    limiter.on_success(t0, t0, rate_headers(remaining, reset));
    EXPECT_DOUBLE_EQ(limiter.rate(), 5) << remaining << "/" << reset;
    EXPECT_FALSE(limiter.blocked_until());
  }
}

// A wrong date was set and corrected: no request waits for the wrong time.
TEST(Limiter, AClockThatGoesBackHoldsNobodyUp) {
  for (auto const back : {Duration(1h), Duration(24h * 300)}) {
    Limiter limiter(spec_of(10, 2));
    auto now = let_through(limiter, t0, 50);
    now -= back;
    EXPECT_LE(limiter.reserve(now), 100ms);
    now = let_through(limiter, now, 5);
    // The broker's wait is still obeyed, but not longer than requested.
    limiter.on_throttled(now, now, Duration(30s), 0.5);
    auto const later = now + 10s - back;
    auto const wait = limiter.reserve(later);
    EXPECT_GT(wait, 0s);
    EXPECT_LE(wait, 30s);
    EXPECT_LE(*limiter.blocked_until(), later + 30s);
  }
}

TEST(Limiter, AClockThatGoesForwardIsAPauseLikeAnyOther) {
  Limiter limiter(spec_of(10, 2));
  auto now = let_through(limiter, t0, 50) + 24h * 300;
  EXPECT_EQ(limiter.reserve(now), 0s);
  EXPECT_EQ(limiter.reserve(now), 0s);
  EXPECT_GT(limiter.reserve(now), 0s);  // only the burst
}

TEST(Limiter, ABrokerThatKeepsRefusingIsLeftAloneForLongerThanItAsks) {
  RateSpec spec = spec_of(10);
  spec.wait_cap = 15min;
  Limiter limiter(spec);
  auto now = t0;
  Duration longest(0);
  for (int refusal = 1; refusal <= 30; ++refusal) {
    now += limiter.reserve(now);
    now = std::max(now, limiter.blocked_until().value_or(now));
    limiter.on_throttled(now + 50ms, now, Duration(1s), 0.999);
    auto const wait = *limiter.blocked_until() - (now + 50ms);
    if (refusal <= 5) {
      EXPECT_EQ(wait, Duration(1s)) << refusal;
    }
    EXPECT_GE(wait, Duration(1s)) << refusal;
    EXPECT_LE(wait, Duration(15min)) << refusal;
    longest = std::max(longest, wait);
    now += 50ms;
  }
  EXPECT_GT(longest, Duration(14min));
  // After one good answer the wait is trusted again.
  limiter.on_success(now, now, Headers());
  now += 20min;
  limiter.on_throttled(now, now - 50ms, Duration(1s), 0.999);
  EXPECT_EQ(*limiter.blocked_until(), now + 1s);
}

}  // namespace
}  // namespace affsync::engine::limiter_test
