// A quota that the broker's headers announce: how many requests are left, and when it is renewed.
// Arithmetic over times that the caller provides.
//
// What is left of a window is spread over the time until it ends. A quota that is renewed all the
// time is used as fast as that (QuotaTrend). So neither is refused.
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "base/http_message.hpp"
#include "connectors/engine/manifest/manifest.hpp"
#include "connectors/engine/pace/quota_trend.hpp"

namespace affsync::engine {

class AnnouncedQuota {
 public:
  // Headers that the connector names.
  AnnouncedQuota(QuotaHeaders names, RateSpec const& spec);
  // Headers that many servers send and the connector does not name. Their unit is guessed, as
  // parse_retry_after() does. As they may mean something else, requests wait because of them only
  // for a quota that is seen to be renewed all the time, or that is whole again within a second.
  explicit AnnouncedQuota(RateSpec const& spec);

  void count_request(TimePoint turn) { trend_.count_request(turn); }
  // The requests that were to be sent after `from` and up to `until` are not sent.
  void give_back(TimePoint from, TimePoint until) { trend_.give_back(from, until); }

  // Records an answer to a request that was sent at `sent_at`. Returns how long nothing may be
  // sent. `may_try`: a refusal would do little harm, so a short wait that may be rounded up to
  // whole seconds is taken to be one second less.
  std::optional<Duration> on_answer(TimePoint now, TimePoint sent_at, Headers const& headers,
                                    bool may_try);
  // A request was refused that was sent at `sent_at`.
  void on_refusal(TimePoint sent_at);

  // Returns when, at `turn` or later, one more request is within the quota.
  TimePoint earliest(TimePoint turn) const;
  // Returns how many requests per second what is left allows; 0: no bound.
  double rate() const { return rate_; }
  // Returns how many requests per second come in again all the time; nullopt: it is no such quota.
  std::optional<double> renewal() const { return trend_.renewal(); }
  // More is left than is needed at this rate: the limit is not near.
  bool has_plenty() const { return trend_.has_plenty(); }
  // Forgets a window that has ended.
  void refresh(TimePoint now);

  // Moves all times; for a clock that was set back.
  void shift(Duration by);

 private:
  struct Said {
    double left = 0;
    Duration until{};
    bool is_instant = false;  // the reset was given as a point in time
  };
  std::optional<Said> read(QuotaHeaders const& names, Headers const& headers, TimePoint now) const;
  std::optional<Said> read(Headers const& headers, TimePoint now) const;
  std::optional<Duration> wait_for_window(Said const& said, TimePoint now, bool may_try);

  std::optional<QuotaHeaders> names_;
  ResetUnit unit_;
  Duration wait_cap_;

  QuotaTrend trend_;
  TimePoint renewed_at_{};  // when there is something left again, as the last answer said
  bool is_rounded_down_ = false;
  Duration until_{};          // as the last answer said, or longer
  Duration longest_until_{};  // that an answer said
  double most_left_ = 0;      // in this window
  double rate_ = 0;
  TimePoint window_end_{};
};

}  // namespace affsync::engine
