// A broker that allows R requests per second, and clients that send requests through a Limiter, on
// a clock that jumps from event to event: an hour of syncing takes milliseconds.
#pragma once

#include <algorithm>
#include <cmath>
#include <queue>
#include <random>
#include <vector>

#include "connectors/engine/pace/limiter.hpp"

namespace affsync::engine::simulation {

struct Broker {
  double rate = 5;  // requests per second
  double burst = 5;
  bool tells_wait = false;  // sends Retry-After in whole seconds, as servers do
};

struct Scene {
  Broker broker;
  double start_rate = 5;
  int clients = 2;
  Duration least_latency = std::chrono::milliseconds(20);
  Duration most_latency = std::chrono::milliseconds(200);
  unsigned seed = 1;
};

struct Outcome {
  int let_through = 0;
  int refused = 0;
  double seconds = 0;
  double achieved() const { return let_through / seconds; }
  double refused_share() const { return refused / static_cast<double>(refused + let_through); }
};

// The broker's token bucket, with the exact arithmetic of a server.
class ServerBucket {
 public:
  explicit ServerBucket(Broker const& broker) : broker_(broker), tokens_(broker.burst) {}
  void set_rate(double rate) { broker_.rate = rate; }
  // nullopt: allowed; otherwise the seconds until a token is available.
  std::optional<double> ask(TimePoint now) {
    double const passed = std::chrono::duration<double>(now - at_).count();
    tokens_ =
        std::min(broker_.burst, at_ == TimePoint{} ? tokens_ : tokens_ + passed * broker_.rate);
    at_ = now;
    if (tokens_ >= 1) {
      tokens_ -= 1;
      return std::nullopt;
    }
    return (1 - tokens_) / broker_.rate;
  }

 private:
  Broker broker_;
  double tokens_;
  TimePoint at_{};
};

class Simulation {
 public:
  explicit Simulation(Scene const& scene)
      : scene_(scene), server_(scene.broker), limiter_(spec_of(scene)), random_(scene.seed) {
    for (int i = 0; i < scene.clients; ++i) ask(start());
  }

  static TimePoint start() { return TimePoint(std::chrono::hours(24 * 365 * 55)); }
  Limiter const& limiter() const { return limiter_; }
  ServerBucket& server() { return server_; }

  // Runs until `requests` more were allowed.
  Outcome run(int requests) {
    Outcome outcome;
    TimePoint const from = now_;
    while (outcome.let_through < requests) step(outcome);
    outcome.seconds = std::chrono::duration<double>(now_ - from).count();
    return outcome;
  }

 private:
  enum class Kind { send, arrive, answer };
  struct Event {
    TimePoint at;
    int order;
    Kind kind;
    TimePoint sent;
    TimePoint asked;
    Duration back{};
    std::optional<double> refused{};
    bool operator>(Event const& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  static RateSpec spec_of(Scene const& scene) {
    RateSpec spec;
    spec.requests_per_second = scene.start_rate;
    return spec;
  }

  void add(Event event) {
    event.order = order_++;
    events_.push(event);
  }
  void ask(TimePoint now) { add({now + limiter_.reserve(now), 0, Kind::send, {}, now, {}, {}}); }
  Duration latency() {
    std::uniform_int_distribution<Duration::rep> one_way(scene_.least_latency.count() / 2,
                                                         scene_.most_latency.count() / 2);
    return Duration(one_way(random_));
  }

  void step(Outcome& outcome) {
    Event event = events_.top();
    events_.pop();
    now_ = event.at;
    switch (event.kind) {
      case Kind::send:
        // As in a real run: a block that came while waiting makes it reserve again.
        if (auto const block = limiter_.blocked_until(); block && *block > now_) {
          ask(now_);
          break;
        }
        event.sent = now_;
        event.kind = Kind::arrive;
        event.at = now_ + latency();
        add(event);
        break;
      case Kind::arrive:
        event.refused = server_.ask(now_);
        event.kind = Kind::answer;
        event.at = now_ + latency();
        add(event);
        break;
      case Kind::answer:
        if (event.refused) {
          ++outcome.refused;
          std::optional<Duration> wait;
          if (scene_.broker.tells_wait) {
            wait = std::chrono::seconds(static_cast<int>(std::ceil(*event.refused)));
          }
          std::uniform_real_distribution<double> uniform(0, 1);
          limiter_.on_throttled(now_, event.sent, wait, uniform(random_));
        } else {
          ++outcome.let_through;
          limiter_.on_success(now_, Headers());
        }
        ask(now_);
        break;
    }
  }

  Scene scene_;
  ServerBucket server_;
  Limiter limiter_;
  std::mt19937 random_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  int order_ = 0;
  TimePoint now_ = start();
};

}  // namespace affsync::engine::simulation
