// Brokers that save nothing up: each request has to keep its distance from the one before, also if
// that one was sent late.
#include <gtest/gtest.h>

#include "tests/unit/engine/limiter_simulation.hpp"

namespace affsync::engine::limiter_spacing_test {
namespace {

using namespace simulation;
using namespace std::chrono_literals;

TimePoint const t0{std::chrono::hours(24 * 365 * 55)};

Limiter limiter_that_knows(double rate) {
  Limiter limiter{RateSpec()};
  LearnedRate learned;
  learned.requests_per_second = rate;
  learned.answers = 200;
  limiter.begin_with(learned);
  return limiter;
}

// When the second request is sent if the first one is so much later than its turn.
Duration gap_after_a_late_one(Limiter& limiter, Duration late) {
  TimePoint now = t0;
  for (int i = 0; i < 2; ++i) {
    now += limiter.reserve(now);
    limiter.on_sent(now);
  }
  now += limiter.reserve(now) + late;
  limiter.on_sent(now);
  return limiter.reserve(now);
}

TEST(LimiterSpacing, WhatIsSentLateDoesNotHastenTheNextOne) {
  auto limiter = limiter_that_knows(10);
  EXPECT_GE(gap_after_a_late_one(limiter, 60ms), 95ms - 1us);
}

// Timers are late by a millisecond or more, which is much of such a gap.
TEST(LimiterSpacing, AtAHighRateWhatIsLateIsMadeUpFor) {
  auto limiter = limiter_that_knows(100);
  EXPECT_LE(gap_after_a_late_one(limiter, 6ms), 5ms);
}

// The rate before the first refusal is a guess, and nothing shows that bursts are not allowed.
TEST(LimiterSpacing, BeforeTheFirstRefusalWhatIsLateIsMadeUpFor) {
  RateSpec spec;
  spec.requests_per_second = 10;
  spec.burst = 1;
  Limiter limiter(spec);
  EXPECT_LE(gap_after_a_late_one(limiter, 60ms), 41ms);
}

// A quarter of the requests are sent up to 25 ms late.
TEST(LimiterSpacing, ABrokerThatSavesNothingUpIsUsedThoughRequestsAreLate) {
  for (double const rate : {5.0, 10.0, 20.0, 30.0}) {
    for (bool const restarts : {false, true}) {
      double reached = 0;
      for (unsigned seed = 1; seed <= 8; ++seed) {
        Scene scene;
        scene.broker.rate = rate;
        scene.broker.burst = 1;
        scene.clients = 1 + static_cast<int>(seed % 2);
        scene.least_latency = 2ms;
        scene.most_latency = 4ms;
        scene.most_late = 25ms;
        scene.seed = seed;
        Simulation simulation(scene);
        for (int sync = 0; sync < 3; ++sync) {
          simulation.run(250);
          simulation.pause(15min);
          if (restarts) simulation.restart();
        }
        auto const later = simulation.run(250);
        EXPECT_LE(later.refused, 4) << rate << ", seed " << seed;
        reached += later.achieved() / rate / 8;
      }
      // The faster it is, the more of a gap is what a late one loses.
      EXPECT_GE(reached, rate > 20 ? 0.8 : 0.84) << rate << ", restarts " << restarts;
    }
  }
}

}  // namespace
}  // namespace affsync::engine::limiter_spacing_test
