// How fast one source may be asked: a token bucket whose rate is learned (additive increase,
// multiplicative decrease), as arithmetic over a clock that is handed in. Shared by all streams of
// a source; used from one thread.
#pragma once

#include <chrono>
#include <optional>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/manifest.hpp"

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
  double rate() const { return rate_; }
  // Refusals in a row without a success between.
  int refusals() const { return refusals_; }

 private:
  void refill(TimePoint now);

  RateSpec spec_;
  double rate_;
  double ceiling_;
  double tokens_;
  TimePoint refilled_at_{};
  TimePoint blocked_until_{};
  TimePoint last_decrease_{};
  int refusals_ = 0;
};

}  // namespace affsync::engine
