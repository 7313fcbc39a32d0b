// How fast one source may be asked: a token bucket whose rate is learned, as arithmetic over a
// clock that is handed in. Shared by all streams of a source; used from one thread.
//
// The rate halves with a refusal, is back just below the limit that the refusal showed after a few
// good answers, stays there for a while, and then feels its way up again (as CUBIC does in TCP).
// So a limit that nobody told us costs a refusal now and then, and a limit that was raised is
// found.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/manifest/manifest.hpp"

namespace affsync::engine {

class Limiter {
 public:
  explicit Limiter(RateSpec const& spec);

  // Reserves one request and says how long to wait before it is sent (zero: at once). A request
  // that is given up afterwards is not paid back.
  Duration reserve(TimePoint now);

  // When everything stands still; requests that were reserved before must ask again.
  std::optional<TimePoint> blocked_until() const;

  // A request was refused for throttling. `wait`: what the broker asked for; without it an
  // exponential backoff with full jitter, `random` in [0, 1). Stops the whole source; halves the
  // rate (once per request round trip, so that a burst of refusals counts as one).
  void on_throttled(TimePoint now, TimePoint sent_at, std::optional<Duration> wait, double random);

  // A request was let through: the rate grows step by step; remaining and reset headers slow it
  // before a refusal.
  void on_success(TimePoint now, Headers const& headers);

  // Requests per second allowed now.
  double rate() const;
  // Refusals in a row without a success between.
  int refusals() const { return refusals_; }

 private:
  void notice_clock(TimePoint now);
  void refill(TimePoint now);
  void notice_idle(TimePoint now);
  void block(TimePoint now, Duration wait);
  void learn_limit(TimePoint now);
  void grow(TimePoint now);
  void apply_rate_headers(TimePoint now, Headers const& headers);

  RateSpec spec_;
  double max_rate_;  // never faster
  double min_rate_;  // never slower
  double rate_;
  double tokens_;
  TimePoint seen_at_{};  // the latest time that was handed in
  TimePoint refilled_at_{};
  TimePoint last_reserve_{};
  std::vector<TimePoint> reserved_;  // of reserved requests, those that lie ahead
  bool paced_ = false;               // the last request had to wait for the rate

  TimePoint blocked_until_{};
  int refusals_ = 0;
  std::optional<TimePoint> refused_at_;
  std::optional<double> refused_rate_;  // was refused, not long ago
  bool rate_was_refused_ = false;       // a rate was ever refused
  std::optional<double> limit_;         // what the broker allows, as far as refusals told
  bool asked_steadily_ = false;         // asked without a pause since the last refusal
  int successes_ = 0;                   // since the last refusal
  int probes_ = 0;                      // good answers since feeling upwards began
  int hold_factor_ = 1;  // grows with each refusal that told nothing new: longer peace

  double headers_rate_ = 0;  // what the rate headers allow; 0: nothing said
  TimePoint headers_until_{};
  double max_remaining_ = 0;
};

}  // namespace affsync::engine
