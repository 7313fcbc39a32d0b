// Measures the limiter against simulated brokers on a simulated clock: every way of counting, with
// and without hints, from 0.5 to 200 requests a second. Prints for each kind of broker how many
// syncs of N requests keep the promise (at least 0.9 of what is possible, at most 2 % refused), the
// share of the possible rate and the share of refused requests; for the first sync of a process and
// for one a quarter of an hour later. Then a day of a thousand sources.
//
//   throttle_grid [N] [SEEDS] [restart]        (default 250 8; a few seconds)
//
// With `restart` the later sync is that of another process, which knows what this one stored.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/unit/engine/limiter_day.hpp"
#include "tests/unit/engine/limiter_simulation.hpp"

namespace {

using namespace affsync::engine::simulation;

struct Kind {
  char const* name;
  Quota quota;
  double window;
  double burst;
};
struct Hints {
  char const* name;
  bool wait, headers, counts;
};
struct Net {
  int clients;
  int milliseconds;
};

constexpr Kind kinds[] = {
    {"token bucket, burst 2", Quota::bucket, 1, 2},
    {"token bucket, burst 5", Quota::bucket, 1, 5},
    {"token bucket, burst 20", Quota::bucket, 1, 20},
    {"token bucket, burst 100", Quota::bucket, 1, 100},
    {"sliding second", Quota::sliding, 1, 0},
    {"sliding minute", Quota::sliding, 60, 0},
    {"second of the clock", Quota::fixed, 1, 0},
    {"minute of the clock", Quota::fixed, 60, 0},
};
constexpr Hints all_hints[] = {
    {"none", false, false, false},
    {"Retry-After", true, false, false},
    {"headers", false, true, false},
    {"none, refusals count", false, false, true},
};
constexpr double rates[] = {0.5, 1, 2, 4, 8, 10, 20, 50, 100, 200};
constexpr Net few[] = {{1, 4}, {2, 4}, {1, 20}, {2, 20}, {1, 100}, {2, 100}, {2, 400}};
constexpr Net many[] = {{4, 20}, {4, 100}, {8, 20}, {8, 100}, {8, 400}};

struct Sum {
  int runs = 0, kept = 0;
  double reached = 0, refused = 0;
  void add(Outcome const& outcome, double possible) {
    double const share = outcome.achieved() / possible;
    ++runs;
    if (share >= 0.9 && outcome.refused_share() <= 0.02) ++kept;
    reached += std::min(share, 1.0);
    refused += outcome.refused_share();
  }
  void print() const {
    std::printf(" %3.0f %% | %.2f | %.1f %% |", 100.0 * kept / runs, reached / runs,
                100 * refused / runs);
  }
};

template <std::size_t N>
void measure(Kind const& kind, Hints const& hints, Net const (&nets)[N], int requests, int seeds,
             bool restarts) {
  Sum first, later;
  for (double const rate : rates) {
    if (kind.quota != Quota::bucket && rate * kind.window < 1) continue;
    for (auto const& net : nets) {
      for (int seed = 1; seed <= seeds; ++seed) {
        Scene scene;
        scene.broker.rate = rate;
        scene.broker.burst = kind.burst;
        scene.broker.quota = kind.quota;
        scene.broker.window = kind.window;
        scene.broker.tells_wait = hints.wait;
        scene.broker.sends_headers = hints.headers;
        scene.broker.counts_refused = hints.counts;
        scene.clients = net.clients;
        scene.least_latency = std::chrono::milliseconds(net.milliseconds / 2);
        scene.most_latency = std::chrono::milliseconds(net.milliseconds * 3 / 2);
        scene.seed = static_cast<unsigned>(seed);
        double const possible = std::min(rate, net.clients * 1000.0 / net.milliseconds);
        Simulation simulation(scene);
        first.add(simulation.run(requests), possible);
        simulation.pause(std::chrono::minutes(15));
        if (restarts) simulation.restart();
        later.add(simulation.run(requests), possible);
      }
    }
  }
  first.print();
  later.print();
}

}  // namespace

int main(int argc, char** argv) {
  int const requests = argc > 1 ? std::atoi(argv[1]) : 250;
  int const seeds = argc > 2 ? std::atoi(argv[2]) : 8;
  bool const restarts = argc > 3 && std::string(argv[3]) == "restart";
  std::printf(
      "Syncs of %d requests. For one or two requests at a time, and for four or eight:\n"
      "the first sync (kept, of the possible rate, refused), a later one.\n\n",
      requests);
  for (auto const& kind : kinds) {
    for (auto const& hints : all_hints) {
      std::printf("| %-23s | %-20s |", kind.name, hints.name);
      measure(kind, hints, few, requests, seeds, restarts);
      measure(kind, hints, many, requests, seeds, restarts);
      std::printf("\n");
    }
  }
  auto const day = simulate_day(1000, 1);
  std::printf(
      "\nA day of a thousand sources: %lld requests, %.2f %% refused; first loads reach "
      "%.2f of the possible rate (median; one in ten less than %.2f).\n",
      static_cast<long long>(day.requests), 100 * day.refused_share(), day.median_reached,
      day.tenth_reached);
}
