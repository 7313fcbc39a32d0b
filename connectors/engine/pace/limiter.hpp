// Limits the request rate of one source: a token bucket whose rate adapts to the broker. It is
// arithmetic over a clock that the caller provides. All streams of a source share it; it is used
// from one thread.
//
// A refusal halves the rate. A few good answers bring it back to just below the limit that the
// refusal showed; it stays there for a while and then slowly probes higher (as CUBIC does in TCP).
// So an undocumented limit costs an occasional refusal, and a raised limit is found.
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

  // Reserves one request and returns how long to wait before it is sent (zero: send now). A
  // reservation cannot be returned if the request is not sent.
  Duration reserve(TimePoint now);

  // Returns until when all requests are blocked. Requests that were reserved before must call
  // reserve() again.
  std::optional<TimePoint> blocked_until() const;

  // Records a request that was refused for throttling. `wait`: what the broker asked for; without
  // it the wait is an exponential backoff with full jitter, `random` in [0, 1). Blocks the whole
  // source. Halves the rate, once per request round trip, so that a burst of refusals counts as
  // one.
  void on_throttled(TimePoint now, TimePoint sent_at, std::optional<Duration> wait, double random);

  // Records a request that succeeded: the rate grows step by step. The remaining and reset headers
  // slow it down before a refusal.
  void on_success(TimePoint now, Headers const& headers);

  // Returns the requests per second that are allowed now.
  double rate() const;
  // Returns the number of refusals since the last success.
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
  double max_rate_;
  double min_rate_;
  double rate_;
  double tokens_;
  TimePoint seen_at_{};  // the last time that the caller passed
  TimePoint refilled_at_{};
  TimePoint last_reserve_{};
  std::vector<TimePoint> reserved_;  // send times of reserved requests that are still ahead
  bool paced_ = false;               // the last request had to wait because of the rate

  TimePoint blocked_until_{};
  int refusals_ = 0;
  std::optional<TimePoint> refused_at_;
  std::optional<double> refused_rate_;  // a rate that was refused recently
  bool rate_was_refused_ = false;       // any rate was ever refused
  std::optional<double> limit_;         // estimate of the broker's limit, from refusals
  bool asked_steadily_ = false;         // no pause between requests since the last refusal
  int successes_ = 0;
  int probes_ = 0;  // successes since probing began
  // Multiplies the time at the resting rate; doubles with each refusal that showed nothing new.
  int hold_factor_ = 1;

  double headers_rate_ = 0;  // what the rate headers allow; 0: nothing said
  TimePoint headers_until_{};
  double max_remaining_ = 0;
};

}  // namespace affsync::engine
