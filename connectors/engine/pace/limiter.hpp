// Limits the request rate of one source: a token bucket whose rate adapts to the broker. It is
// arithmetic over a clock that the caller provides. All streams of a source share it; it is used
// from one thread.
//
// The rate doubles every few answers until the first refusal. A refusal halves it; the next answers
// bring it back to what the refusals have shown (QuotaEstimate). Headers that announce the
// remaining quota slow it before a refusal.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/pace/announced_quota.hpp"
#include "connectors/engine/pace/quota_estimate.hpp"

namespace affsync::engine {

class Limiter {
 public:
  explicit Limiter(RateSpec const& spec);

  // Reserves one request and returns how long to wait before it is sent (zero: send now).
  Duration reserve(TimePoint now);
  // The request that was reserved last, for `turn`, is not sent then.
  void give_back(TimePoint turn);
  // Reserves that request anew: by what has been learned since then its turn may have changed.
  Duration reserve_again(TimePoint now, TimePoint turn);

  // The request that was reserved last is sent now, perhaps later than its turn. Once the limit is
  // known, the next one keeps its distance from it.
  void on_sent(TimePoint now) { sent_at_ = now; }

  // Returns until when all requests are blocked. Requests that were reserved before must call
  // reserve() again.
  std::optional<TimePoint> blocked_until() const;

  // Records a request that was refused for throttling. `wait`: what the broker asked for; without
  // it the wait is an exponential backoff with jitter, `random` in [0, 1). Blocks the whole
  // source. Halves the rate, once per request round trip, so that a burst of refusals counts as
  // one.
  void on_throttled(TimePoint now, TimePoint sent_at, std::optional<Duration> wait, double random);

  // Records a request that succeeded: the rate grows step by step. The remaining and reset headers
  // slow it down before a refusal. `late`: the answer arrived so long before now, as one that takes
  // its time to parse.
  void on_success(TimePoint now, TimePoint sent_at, Headers const& headers,
                  Duration late = Duration(0));

  // Returns the requests per second that are allowed now, beside what quotas hold up.
  double rate() const;
  // Returns the requests per second that can go on: the rate, or what quotas are renewed by.
  double lasting_rate() const;
  // See QuotaEstimate.
  std::optional<LearnedRate> learned() const { return quota_.learned(); }
  void begin_with(LearnedRate const& learned);
  // Returns the number of refusals since the last success.
  int refusals() const { return refusals_; }

 private:
  void notice_clock(TimePoint now);
  void refill(TimePoint now);
  void notice_pause(TimePoint now);
  TimePoint spaced(TimePoint turn) const;
  TimePoint within_stated_limit(TimePoint turn);
  void block(TimePoint now, Duration wait);
  Duration own_wait(double random) const;

  RateSpec spec_;
  double max_rate_;
  double min_rate_;
  QuotaEstimate quota_;
  double dip_ = 0;         // share by which the rate is below the estimate after a refusal
  double round_trip_ = 0;  // seconds, smoothed

  double tokens_;
  TimePoint seen_at_{};  // the last time that the caller passed
  TimePoint refilled_at_{};
  TimePoint last_reserve_{};
  TimePoint sent_at_{};              // the last request
  std::vector<TimePoint> reserved_;  // send times of reserved requests that are still ahead
  TimePoint spent_until_{};   // the requests until now have used up a stated limit until then
  TimePoint spent_before_{};  // … before the last one
  bool paced_ = false;        // requests come as fast as the rate allows

  TimePoint blocked_until_{};
  TimePoint refused_at_{};
  int refusals_ = 0;
  bool told_ = false;  // the last refusal said how long to wait

  std::vector<AnnouncedQuota> announced_;
};

}  // namespace affsync::engine
