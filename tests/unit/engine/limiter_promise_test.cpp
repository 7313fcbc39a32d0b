// The promise: if a broker allows R requests per second and affsync does not know R, a long sync
// reaches at least 0.9 R with at most 2 % refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tests/unit/engine/limiter_simulation.hpp"

namespace affsync::engine::simulation {
namespace {

using namespace std::chrono_literals;

class LimiterPromise : public ::testing::TestWithParam<double> {};

TEST_P(LimiterPromise, ReachesNineTenthsWithFewRefusals) {
  double const allowed = GetParam();
  for (double const burst : {5.0, 20.0, 100.0}) {
    for (bool const tells_wait : {false, true}) {
      for (int const clients : {1, 2}) {
        for (unsigned const seed : {1U, 2U}) {
          Scene scene;
          scene.broker.rate = allowed;
          scene.broker.burst = burst;
          scene.broker.tells_wait = tells_wait;
          scene.clients = clients;
          scene.seed = seed;
          // This many clients with one answer per 110 ms cannot send faster than this.
          double const possible = std::min(allowed, clients / 0.110);
          Simulation simulation(scene);
          Outcome const outcome = simulation.run(std::max(2000, static_cast<int>(allowed * 600)));
          std::ostringstream text;
          text << "R " << allowed << ", burst " << burst << ", sends Retry-After " << tells_wait
               << ", clients " << clients << ", seed " << seed;
          EXPECT_GE(outcome.achieved(), 0.9 * possible) << text.str();
          EXPECT_LE(outcome.refused_share(), 0.02) << text.str();
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, LimiterPromise,
                         ::testing::Values(0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0));

TEST(LimiterAdapts, AFastBrokerNearByIsUsedUp) {
  for (double const burst : {5.0, 20.0, 100.0}) {
    Scene scene;
    scene.broker.rate = 50;
    scene.broker.burst = burst;
    scene.least_latency = 20ms;
    scene.most_latency = 40ms;
    Simulation simulation(scene);
    Outcome const outcome = simulation.run(30'000);
    EXPECT_GE(outcome.achieved(), 0.9 * 50) << "burst " << burst;
    EXPECT_LE(outcome.refused_share(), 0.02) << "burst " << burst;
  }
}

TEST(LimiterAdapts, ALimitThatIsLoweredIsLearned) {
  Scene scene;
  scene.broker.rate = 10;
  scene.broker.burst = 10;
  Simulation simulation(scene);
  simulation.run(3000);
  simulation.server().set_rate(1);
  Outcome const after = simulation.run(1000);
  EXPECT_GE(after.achieved(), 0.9);
  EXPECT_LE(after.refused_share(), 0.03);
}

TEST(LimiterAdapts, ALimitThatIsRaisedIsFound) {
  Scene scene;
  scene.broker.rate = 1;
  scene.broker.burst = 10;
  Simulation simulation(scene);
  simulation.run(1000);
  simulation.server().set_rate(10);
  simulation.run(1500);
  Outcome const after = simulation.run(3000);
  EXPECT_GE(after.achieved(), 9);
  EXPECT_LE(after.refused_share(), 0.02);
}

}  // namespace
}  // namespace affsync::engine::simulation
