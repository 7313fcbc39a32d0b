// A day of many sources, each with its own broker that nobody described: a first load, then a short
// pass every quarter of an hour.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "tests/unit/engine/limiter_simulation.hpp"

namespace affsync::engine::simulation {

struct DayOutcome {
  std::int64_t requests = 0;
  std::int64_t refused = 0;
  double median_reached = 0;  // share of the possible rate in the first load
  double tenth_reached = 0;   // nine in ten sources reach more
  double refused_share() const {
    return static_cast<double>(refused) / static_cast<double>(std::max<std::int64_t>(requests, 1));
  }
};

// A broker as they occur: mostly token buckets and windows of a minute, from 0.5 to 200 requests a
// second, half of them without a word about the wait.
inline Scene random_scene(std::mt19937& random) {
  auto const one_of = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  Scene scene;
  std::uniform_real_distribution<double> exponent(std::log(0.5), std::log(200.0));
  scene.broker.rate = std::exp(exponent(random));
  constexpr double bursts[] = {5, 5, 10, 20, 100};
  scene.broker.burst = bursts[one_of(5)];
  constexpr Quota quotas[] = {Quota::bucket, Quota::bucket, Quota::sliding, Quota::fixed};
  scene.broker.quota = quotas[one_of(4)];
  scene.broker.window = 60;
  scene.broker.tells_wait = one_of(2) == 1;
  scene.clients = static_cast<int>(1 + one_of(2));
  constexpr int latencies[] = {20, 50, 100, 200, 400};
  int const latency = latencies[one_of(5)];
  scene.least_latency = std::chrono::milliseconds(latency / 2);
  scene.most_latency = std::chrono::milliseconds(latency * 3 / 2);
  scene.seed = static_cast<unsigned>(random());
  return scene;
}

inline DayOutcome simulate_day(int sources, unsigned seed) {
  std::mt19937 random(seed);
  DayOutcome day;
  std::vector<double> reached;
  for (int i = 0; i < sources; ++i) {
    Scene const scene = random_scene(random);
    double const latency =
        std::chrono::duration<double>(scene.least_latency + scene.most_latency).count() / 2;
    double const possible = std::min(scene.broker.rate, scene.clients / latency);
    Simulation simulation(scene);
    for (int pass = 0; pass < 96; ++pass) {
      auto const outcome = simulation.run(pass == 0 ? 250 : static_cast<int>(1 + random() % 5));
      day.requests += outcome.let_through + outcome.refused;
      day.refused += outcome.refused;
      if (pass == 0) reached.push_back(outcome.achieved() / possible);
      simulation.pause(std::chrono::minutes(15));
    }
  }
  std::sort(reached.begin(), reached.end());
  day.median_reached = reached[reached.size() / 2];
  day.tenth_reached = reached[reached.size() / 10];
  return day;
}

}  // namespace affsync::engine::simulation
