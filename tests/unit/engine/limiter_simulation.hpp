// Brokers that allow R requests per second, each counting in its own way, and clients that send
// requests through a Limiter, on a clock that jumps from event to event: an hour of syncing takes
// milliseconds.
#pragma once

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "connectors/engine/pace/limiter.hpp"

namespace affsync::engine::simulation {

// How a broker counts: a token bucket; the requests of the last `window` seconds; the requests of
// the current window of the clock.
enum class Quota { bucket, sliding, fixed };

struct Broker {
  double rate = 5;  // requests per second, on average
  double burst = 5;
  double spent = 0;         // of the burst, by somebody else before the first request
  bool tells_wait = false;  // sends Retry-After in whole seconds, as servers do
  Quota quota = Quota::bucket;
  double window = 1;            // seconds; `rate` times this many requests are allowed in it
  bool sends_headers = false;   // X-RateLimit-Remaining and -Reset on every answer
  bool names_headers = true;    // … which the connector names
  bool counts_refused = false;  // a refused request uses up quota as well
};

struct Scene {
  Broker broker;
  double start_rate = 5;
  int clients = 2;
  Duration least_latency = std::chrono::milliseconds(20);
  Duration most_latency = std::chrono::milliseconds(200);
  unsigned seed = 1;
  double max_rate = 0;  // the user's own limit
  // By how much a request is sent after its turn, at most, and how many of them are: a program has
  // other things to do.
  Duration most_late{};
  double late_share = 0.25;
};

struct Outcome {
  int let_through = 0;
  int refused = 0;
  double seconds = 0;
  double achieved() const { return let_through / seconds; }
  double refused_share() const { return refused / static_cast<double>(refused + let_through); }
};

// The broker's book-keeping, with the exact arithmetic of a server.
class ServerQuota {
 public:
  struct Answer {
    bool allowed = false;
    double wait = 0;   // seconds until a request is allowed
    double left = 0;   // what X-RateLimit-Remaining says
    double reset = 0;  // seconds until the quota is whole again
    bool is_of_overload = false;
  };

  explicit ServerQuota(Broker const& broker)
      : broker_(broker), tokens_(broker.burst - broker.spent) {}
  void set_rate(double rate) { broker_.rate = rate; }
  // Until then it is overloaded and refuses everything, whatever is left of the quota. `says`: the
  // wait that its refusals name, in seconds; nullopt: none.
  void overload(TimePoint until, std::optional<double> says) {
    overloaded_until_ = until;
    says_ = says;
  }

  Answer ask(TimePoint time) {
    if (time < overloaded_until_) return refuse_overloaded();
    double const now = std::chrono::duration<double>(time.time_since_epoch()).count();
    if (broker_.quota == Quota::bucket) return ask_bucket(now);
    return ask_window(now);
  }

 private:
  Answer refuse_overloaded() const {
    Answer answer;
    answer.wait = says_.value_or(0);
    answer.is_of_overload = true;
    return answer;
  }

  Answer ask_bucket(double now) {
    tokens_ = std::min(broker_.burst, tokens_ + (at_ == 0 ? 0 : now - at_) * broker_.rate);
    at_ = now;
    Answer answer;
    answer.allowed = tokens_ >= 1;
    if (answer.allowed || broker_.counts_refused) tokens_ = std::max(tokens_ - 1, -broker_.burst);
    answer.wait = answer.allowed ? 0 : (1 - tokens_) / broker_.rate;
    answer.left = std::max(0.0, std::floor(tokens_));
    answer.reset = (broker_.burst - tokens_) / broker_.rate;
    return answer;
  }

  Answer ask_window(double now) {
    auto const most =
        static_cast<std::size_t>(std::max(1L, std::lround(broker_.rate * broker_.window)));
    double const begin = broker_.quota == Quota::fixed
                             ? std::floor(now / broker_.window) * broker_.window
                             : now - broker_.window;
    while (!counted_.empty() && counted_.front() <= begin) counted_.pop_front();
    Answer answer;
    answer.allowed = counted_.size() < most;
    if (answer.allowed || broker_.counts_refused) counted_.push_back(now);
    double const over = broker_.quota == Quota::fixed ? begin : counted_.front();
    double const freed = counted_.size() > most ? counted_[counted_.size() - most] : over;
    answer.reset = over + broker_.window - now;
    answer.wait = answer.allowed ? 0 : std::max(answer.reset, freed + broker_.window - now);
    if (broker_.quota == Quota::fixed) answer.wait = answer.allowed ? 0 : answer.reset;
    answer.left = static_cast<double>(most - std::min(most, counted_.size()));
    return answer;
  }

  Broker broker_;
  double tokens_;
  double at_ = 0;
  std::deque<double> counted_;
  TimePoint overloaded_until_{};
  std::optional<double> says_;
};

class Simulation {
 public:
  explicit Simulation(Scene const& scene)
      : scene_(scene), server_(scene.broker), limiter_(spec_of(scene)), random_(scene.seed) {
    // Any place of the fixed windows of a broker.
    now_ += Duration(static_cast<Duration::rep>(random_() % 60'000'000));
    start_clients();
  }

  static TimePoint start() { return TimePoint(std::chrono::hours(24 * 365 * 55)); }
  Limiter const& limiter() const { return limiter_; }
  ServerQuota& server() { return server_; }
  TimePoint now() const { return now_; }

  // Runs until `requests` more were allowed.
  Outcome run(int requests) {
    Outcome outcome;
    TimePoint const from = now_;
    while (outcome.let_through < requests) step(outcome);
    outcome.seconds = std::chrono::duration<double>(now_ - from).count();
    return outcome;
  }

  // A pass of so many requests is over: what is under way ends, then nothing is asked until
  // `pause` has passed.
  void pause(Duration pause) {
    Outcome ignored;
    stopped_ = true;
    while (!events_.empty()) step(ignored);
    stopped_ = false;
    waiting_ = 0;
    now_ += pause;
    start_clients();
  }

  // Another process goes on with what this one has learned, or with `learned`. After pause(), or
  // before the first request.
  void restart(std::optional<LearnedRate> learned = std::nullopt) {
    if (!learned) learned = limiter_.learned();
    limiter_ = Limiter(spec_of(scene_));
    if (learned) limiter_.begin_with(*learned);
  }

  // The time of each request that was sent.
  std::vector<TimePoint> const& sent() const { return sent_; }

 private:
  enum class Kind { send, arrive, answer };
  struct Event {
    TimePoint at;
    int order;
    Kind kind;
    TimePoint sent;
    ServerQuota::Answer answer{};
    bool operator>(Event const& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  static RateSpec spec_of(Scene const& scene) {
    RateSpec spec;
    spec.requests_per_second = scene.start_rate;
    spec.max_requests_per_second = scene.max_rate;
    if (scene.broker.sends_headers && scene.broker.names_headers) {
      spec.remaining_header = "X-RateLimit-Remaining";
      spec.reset_header = "X-RateLimit-Reset";
    }
    return spec;
  }

  void start_clients() {
    for (int i = 0; i < scene_.clients; ++i) ask(now_);
  }
  void add(Event event) {
    event.order = order_++;
    events_.push(event);
  }
  // As in the program, one client reserves its turn, and the others wait until it has sent.
  void ask(TimePoint now) {
    if (++waiting_ == 1) put(now + limiter_.reserve(now));
  }
  void put(TimePoint turn) {
    turn_ = turn;
    turn_event_ = order_;
    bool const waits = turn > now_;
    add({waits ? turn + lateness() : turn, 0, Kind::send, {}, {}});
  }
  Duration lateness() {
    if (scene_.most_late == Duration()) return Duration();
    std::uniform_real_distribution<double> uniform(0, 1);
    if (uniform(random_) >= scene_.late_share) return Duration();
    return std::chrono::duration_cast<Duration>(scene_.most_late * uniform(random_));
  }
  void go_on() {
    if (--waiting_ > 0) put(now_ + limiter_.reserve(now_));
  }
  Duration latency() {
    std::uniform_int_distribution<Duration::rep> one_way(scene_.least_latency.count() / 2,
                                                         scene_.most_latency.count() / 2);
    return Duration(one_way(random_));
  }

  Headers headers_of(ServerQuota::Answer const& answer) const {
    Headers headers;
    if (!scene_.broker.sends_headers) return headers;
    headers.add("X-RateLimit-Remaining", std::to_string(static_cast<long>(answer.left)));
    headers.add("X-RateLimit-Reset", std::to_string(static_cast<long>(std::ceil(answer.reset))));
    return headers;
  }

  void step(Outcome& outcome) {
    Event event = events_.top();
    events_.pop();
    now_ = event.at;
    switch (event.kind) {
      case Kind::send:
        if (stopped_ || event.order != turn_event_) break;  // its turn has changed
        // As in a real run: a block that came while waiting makes it reserve again.
        if (auto const block = limiter_.blocked_until(); block && *block > now_) {
          put(now_ + limiter_.reserve_again(now_, turn_));
          break;
        }
        event.sent = now_;
        sent_.push_back(now_);
        limiter_.on_sent(now_);
        go_on();
        event.kind = Kind::arrive;
        event.at = now_ + latency();
        add(event);
        break;
      case Kind::arrive:
        event.answer = server_.ask(now_);
        event.kind = Kind::answer;
        event.at = now_ + latency();
        add(event);
        break;
      case Kind::answer:
        take(event, outcome);
        if (!stopped_) ask(now_);
        break;
    }
  }

  void take(Event const& event, Outcome& outcome) {
    if (event.answer.allowed) {
      ++outcome.let_through;
      limiter_.on_success(now_, event.sent, headers_of(event.answer));
      if (waiting_ > 0) put(now_ + limiter_.reserve_again(now_, turn_));
      return;
    }
    ++outcome.refused;
    std::optional<Duration> wait;
    // A reset header is read as a wait, as requested_wait() does.
    bool const overloaded = event.answer.is_of_overload;
    bool const says = overloaded || scene_.broker.tells_wait || scene_.broker.sends_headers;
    bool const is_of_wait = overloaded || scene_.broker.tells_wait;
    double const seconds = std::ceil(is_of_wait ? event.answer.wait : event.answer.reset);
    if (says && seconds > 0) wait = std::chrono::seconds(static_cast<long>(seconds));
    std::uniform_real_distribution<double> uniform(0, 1);
    limiter_.on_throttled(now_, event.sent, wait, uniform(random_));
  }

  Scene scene_;
  ServerQuota server_;
  Limiter limiter_;
  std::mt19937 random_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::vector<TimePoint> sent_;
  int order_ = 0;
  int waiting_ = 0;  // clients; the first has reserved `turn_`
  TimePoint turn_{};
  int turn_event_ = -1;
  bool stopped_ = false;
  TimePoint now_ = start();
};

}  // namespace affsync::engine::simulation
