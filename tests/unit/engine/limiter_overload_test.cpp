// A broker that is overloaded for a while refuses everything. That says nothing about its limit,
// but looks like a limit that has become lower.
#include <gtest/gtest.h>

#include <optional>
#include <sstream>
#include <string>

#include "tests/unit/engine/limiter_simulation.hpp"

namespace affsync::engine::limiter_overload_test {
namespace {

using namespace simulation;
using namespace std::chrono_literals;

struct Overload {
  Duration lasts;
  std::optional<double> says;  // seconds to wait
};

Overload const overloads[] = {
    {10s, 10}, {20s, 20}, {10s, 1}, {10s, std::nullopt}, {60s, std::nullopt},
};

Scene scene_of(unsigned seed) {
  Scene scene;
  scene.broker.rate = 20;
  scene.broker.burst = 20;
  scene.broker.tells_wait = true;
  scene.least_latency = 10ms;
  scene.most_latency = 30ms;
  scene.seed = seed;
  return scene;
}

std::string text_of(Overload const& overload, unsigned seed) {
  std::ostringstream text;
  text << overload.lasts / 1s << " s, says " << overload.says.value_or(-1) << ", seed " << seed;
  return text.str();
}

void wait_for_next(Simulation& simulation, bool restarts) {
  simulation.pause(15min);
  if (restarts) simulation.restart();
}

// Two syncs find the limit; in the third one the broker is overloaded from request 100 on.
void expect_limit_outlasts(Overload const& overload, bool restarts) {
  for (unsigned const seed : {1U, 2U, 3U}) {
    Simulation simulation(scene_of(seed));
    for (int sync = 0; sync < 2; ++sync) {
      simulation.run(250);
      wait_for_next(simulation, restarts);
    }
    simulation.run(100);
    simulation.server().overload(simulation.now() + overload.lasts, overload.says);
    simulation.run(150);
    wait_for_next(simulation, restarts);
    auto const later = simulation.run(250);
    EXPECT_GE(later.achieved(), 0.9 * 20) << text_of(overload, seed);
    EXPECT_LE(later.refused, 2) << text_of(overload, seed);
  }
}

TEST(LimiterOverload, AKnownLimitOutlastsIt) {
  for (auto const& overload : overloads) expect_limit_outlasts(overload, false);
}

TEST(LimiterOverload, AKnownLimitOutlastsItInTheNextProcessToo) {
  for (auto const& overload : overloads) expect_limit_outlasts(overload, true);
}

// A pass that ends before the rate is back where it was does not pass the low one on.
TEST(LimiterOverload, WhatWasKnownIsWhatTheNextProcessIsTold) {
  Simulation simulation(scene_of(1));
  LearnedRate learned;
  learned.requests_per_second = 19;
  learned.answers = 200;
  learned.waits_are_told = true;
  simulation.restart(learned);
  simulation.run(100);
  simulation.server().overload(simulation.now() + 20s, 20);
  simulation.run(5);
  EXPECT_LT(simulation.limiter().rate(), 0.5 * 19);
  ASSERT_TRUE(simulation.limiter().learned());
  EXPECT_GE(simulation.limiter().learned()->requests_per_second, 19);
  EXPECT_TRUE(simulation.limiter().learned()->waits_are_told);
}

// … unless it is refused again: then it is the limit that has become lower.
TEST(LimiterOverload, ALimitThatReallyFellIsBelieved) {
  for (double const rate : {2.0, 5.0}) {
    for (bool const tells : {false, true}) {
      for (unsigned const seed : {1U, 2U, 3U, 4U}) {
        auto scene = scene_of(seed);
        scene.broker.tells_wait = tells;
        Simulation simulation(scene);
        simulation.run(1000);
        simulation.server().set_rate(rate);
        auto const after = simulation.run(250);
        EXPECT_LE(after.refused, 7) << rate << ", says " << tells << ", seed " << seed;
        EXPECT_GE(after.achieved(), 0.9 * rate) << rate << ", says " << tells << ", seed " << seed;
        ASSERT_TRUE(simulation.limiter().learned());
        EXPECT_LE(simulation.limiter().learned()->requests_per_second, 1.5 * rate);
        EXPECT_LE(simulation.run(250).refused, 3)
            << rate << ", says " << tells << ", seed " << seed;
      }
    }
  }
}

// A window that has become smaller is full again and again after as many requests; it is believed,
// too, rather than tried anew each time.
TEST(LimiterOverload, AWindowThatBecameSmallerIsBelieved) {
  for (Quota const quota : {Quota::fixed, Quota::sliding}) {
    Scene scene = scene_of(1);
    scene.broker.quota = quota;
    scene.broker.window = 60;
    scene.broker.rate = 10;
    Simulation simulation(scene);
    simulation.run(3000);
    simulation.server().set_rate(5);
    simulation.run(1200);
    auto const after = simulation.run(1200);
    EXPECT_LE(after.refused, 8);
    EXPECT_GE(after.achieved(), 0.9 * 5);
  }
}

}  // namespace
}  // namespace affsync::engine::limiter_overload_test
