// What one process has learned of a broker's limit, in the next one.
#include <gtest/gtest.h>

#include "connectors/engine/pace/limiter.hpp"
#include "tests/unit/engine/limiter_simulation.hpp"

namespace affsync::engine::learned_rate_test {
namespace {

using namespace simulation;
using namespace std::chrono_literals;

// A sync by timer is another process each time.
TEST(LearnedRates, AnotherProcessGoesOnWithWhatWasLearned) {
  for (double const rate : {2.0, 8.0, 20.0, 50.0, 100.0, 200.0}) {
    for (bool const tells : {false, true}) {
      for (unsigned const seed : {1U, 2U, 3U}) {
        Scene scene;
        scene.broker.rate = rate;
        scene.broker.tells_wait = tells;
        scene.seed = seed;
        scene.least_latency = 2ms;
        scene.most_latency = 6ms;
        Simulation simulation(scene);
        simulation.run(250);
        simulation.pause(15min);
        simulation.restart();
        auto const outcome = simulation.run(250);
        EXPECT_LE(outcome.refused, tells ? 1 : 2) << "rate " << rate << ", seed " << seed;
        auto lasted = outcome;
        lasted.seconds -= tells ? outcome.refused : 0;  // a second each, or a little more
        EXPECT_GE(lasted.achieved(), 0.88 * rate) << "rate " << rate << ", seed " << seed;
      }
    }
  }
}

TEST(LearnedRates, WhatWasLearnedTooLowIsGrownOutOf) {
  Scene scene;
  scene.broker.rate = 20;
  Simulation simulation(scene);
  LearnedRate learned;
  learned.requests_per_second = 2;
  learned.answers = 200;
  simulation.restart(learned);
  simulation.run(500);
  EXPECT_GE(simulation.run(250).achieved(), 0.85 * 20);
}

// Each process grows a little further, though none of them is long enough to find it.
TEST(LearnedRates, ALimitThatWasRaisedIsFoundByOneProcessAfterTheOther) {
  Scene scene;
  scene.broker.rate = 20;
  scene.broker.tells_wait = true;
  Simulation simulation(scene);
  LearnedRate learned;
  learned.requests_per_second = 10;
  learned.answers = 100;
  learned.waits_are_told = true;
  simulation.restart(learned);
  for (int sync = 0; sync < 10; ++sync) {
    simulation.run(250);
    simulation.pause(15min);
    simulation.restart();
  }
  EXPECT_GE(simulation.limiter().rate(), 0.9 * 20);
}

TEST(LearnedRates, NothingIsLearnedWhereNothingIsRefused) {
  Scene scene;
  scene.broker.rate = 1000;
  Simulation simulation(scene);
  EXPECT_EQ(simulation.run(250).refused, 0);
  EXPECT_FALSE(simulation.limiter().learned());
}

// A limit that the user states holds, whatever was learned before it was stated.
TEST(LearnedRates, WhatWasLearnedStaysWithinAStatedLimit) {
  RateSpec spec;
  spec.max_requests_per_second = 3;
  Limiter limiter(spec);
  LearnedRate learned;
  learned.requests_per_second = 50;
  learned.answers = 100;
  limiter.begin_with(learned);
  EXPECT_LE(limiter.rate(), 3);
}

TEST(LearnedRates, AreWorthStoringIfTheyDiffer) {
  LearnedRate const slow{10, 50, false}, same{10.05, 90, true}, quick{10.2, 50, false};
  EXPECT_TRUE(slow.differs_from(std::nullopt));
  EXPECT_FALSE(same.differs_from(slow));
  EXPECT_TRUE(quick.differs_from(slow));
  EXPECT_TRUE(slow.differs_from(quick));
}

}  // namespace
}  // namespace affsync::engine::learned_rate_test
