#include "connectors/engine/pace/limiter.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "connectors/engine/answer/requested_wait.hpp"
#include "connectors/engine/pace/backoff.hpp"

namespace affsync::engine {
namespace {

// Without a configured maximum, the rate grows at most to this multiple of its initial value.
constexpr double max_growth = 20;
constexpr double slowest_rate = 1.0 / 120;
// The rate rests at this share of the estimated limit, to allow for network jitter.
constexpr double resting_share = 0.97;
constexpr double growth_before_refusal =
    1.035;  // factor for each answer before any refusal: doubles in 20
constexpr double growth_after_refusal = 1.012;  // later: doubles in 60
constexpr int answers_before_probing = 50;      // minimum stay at the resting rate …
constexpr Duration time_before_probing = std::chrono::seconds(15);
constexpr int max_hold_factor = 8;         // … multiplied by at most this
constexpr int early_refusal_answers = 30;  // a refusal after fewer answers is an early one
constexpr int few_remaining = 10;
constexpr int trusted_refusals = 5;  // in a row, whose requested wait is used as it is

Duration seconds_of(double seconds) {
  return Duration(static_cast<Duration::rep>(std::min(seconds, 1e6) * 1e6));
}

double in_seconds(Duration time) {
  return static_cast<double>(time.count()) / 1e6;
}

std::optional<double> to_count(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::uint32_t count = 0;
  auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return count;
}

}  // namespace

Limiter::Limiter(RateSpec const& spec)
    : spec_(spec),
      max_rate_(spec.max_requests_per_second > 0 ? spec.max_requests_per_second
                                                 : spec.requests_per_second * max_growth),
      min_rate_(std::min(slowest_rate, max_rate_)),
      rate_(std::clamp(spec.requests_per_second, min_rate_, max_rate_)),
      tokens_(std::max(spec.burst, 1.0)) {}

double Limiter::rate() const {
  return headers_rate_ > 0 ? std::max(min_rate_, std::min(rate_, headers_rate_)) : rate_;
}

std::optional<TimePoint> Limiter::blocked_until() const {
  if (blocked_until_ == TimePoint{}) return std::nullopt;
  return blocked_until_;
}

// If the clock goes back, shifts all stored times with it, so that no request waits until the clock
// has caught up.
void Limiter::notice_clock(TimePoint now) {
  constexpr Duration slight = std::chrono::seconds(1);
  Duration const back = seen_at_ - now;
  seen_at_ = now;
  if (back <= slight) return;
  auto const shift = [&](TimePoint& time) {
    if (time != TimePoint{}) time -= back;
  };
  for (auto* time : {&refilled_at_, &last_reserve_, &blocked_until_, &headers_until_}) shift(*time);
  for (auto& turn : reserved_) shift(turn);
  if (refused_at_) shift(*refused_at_);
}

void Limiter::refill(TimePoint now) {
  if (headers_rate_ > 0 && now >= headers_until_) {
    headers_rate_ = 0;
    max_remaining_ = 0;
  }
  if (refilled_at_ == TimePoint{}) refilled_at_ = now;
  if (now <= refilled_at_) return;
  tokens_ += in_seconds(now - refilled_at_) * rate();
  // Once the limit is known, a burst would only be refused.
  tokens_ = std::min(tokens_, std::max(limit_ ? 1.0 : spec_.burst, 1.0));
  refilled_at_ = now;
}

// After a pause without requests the number of successes since the last refusal says nothing about
// the limit.
void Limiter::notice_idle(TimePoint now) {
  Duration const gap = now - std::max(last_reserve_, blocked_until_);
  if (gap > std::max<Duration>(std::chrono::seconds(5), seconds_of(5 / rate_)))
    asked_steadily_ = false;
  last_reserve_ = std::max(now, blocked_until_);
}

Duration Limiter::reserve(TimePoint now) {
  notice_clock(now);
  refill(now);
  notice_idle(now);
  tokens_ -= 1;
  Duration wait = tokens_ < 0 ? seconds_of(-tokens_ / rate()) : Duration(0);
  paced_ = wait > Duration(0);
  // refilled_at_ is in the future while requests are blocked.
  if (refilled_at_ > now) wait += refilled_at_ - now;
  last_reserve_ = std::max(last_reserve_, now + wait);
  std::erase_if(reserved_, [&](TimePoint turn) { return turn <= now; });
  reserved_.push_back(now + wait);
  return wait;
}

void Limiter::block(TimePoint now, Duration wait) {
  TimePoint const until = now + std::min<Duration>(wait, spec_.wait_cap);
  if (until <= blocked_until_) return;
  blocked_until_ = until;
  refilled_at_ = until;
  // One request may go when the block ends, after those that are reserved for a later time. All
  // other waiting requests call reserve() again.
  std::erase_if(reserved_, [&](TimePoint turn) { return turn <= until; });
  tokens_ = 1 - static_cast<double>(reserved_.size());
}

// Estimates the limit from a refusal. The broker's bucket was empty at this refusal and at the
// previous one, so the successes in between show its fill rate, unless the bucket was full for a
// while.
void Limiter::learn_limit(TimePoint now) {
  double const old = limit_.value_or(0);
  double estimate = rate_;
  if (!limit_ && successes_ < 2 * spec_.burst) {
    // The burst was too large; the rate itself may be fine.
  } else if (!refused_at_) {
    refused_rate_ = rate_;
    estimate = 0.8 * rate_;
  } else if (successes_ < early_refusal_answers) {
    // Still too fast. The bucket was filled with at most this rate, unless it was full for a while.
    double const base = std::max(old, rate_);
    double const at_most = (successes_ + 1) / std::max(in_seconds(now - *refused_at_), 1e-3);
    refused_rate_ = base;
    estimate = asked_steadily_ ? std::clamp(at_most, 0.5 * base, 0.8 * base) : 0.8 * base;
  } else {
    refused_rate_ = rate_;
    Duration const asking = now - std::max(*refused_at_, blocked_until_);
    double const measured =
        asked_steadily_ ? successes_ / std::max(in_seconds(asking), 1e-3) : rate_;
    estimate = rate_ > old ? std::max((old + rate_) / 2, 0.9 * rate_)
                           : std::clamp(measured, 0.8 * rate_, 0.96 * rate_);
  }
  rate_was_refused_ = rate_was_refused_ || refused_rate_;
  bool const nothing_new = std::abs(estimate - old) < 0.07 * old;
  hold_factor_ = nothing_new ? std::min(hold_factor_ * 2, max_hold_factor) : 1;
  limit_ = std::clamp(estimate, min_rate_, max_rate_);
  rate_ = std::clamp(*limit_ / 2, min_rate_, max_rate_);
}

void Limiter::on_throttled(TimePoint now, TimePoint sent_at, std::optional<Duration> wait,
                           double random) {
  notice_clock(now);
  bool const counts = !refused_at_ || sent_at > *refused_at_;
  if (counts) {
    ++refusals_;
    learn_limit(now);
    refused_at_ = now;
    asked_steadily_ = true;
    successes_ = 0;
    probes_ = 0;
    paced_ = false;
  }
  if (!wait) {
    // The time of a few requests, so that a fast broker is not left idle for long.
    BackoffSpec backoff;
    backoff.first = std::clamp<Duration>(seconds_of(8 / rate_), std::chrono::milliseconds(500),
                                         std::chrono::seconds(8));
    backoff.cap = spec_.wait_cap;
    wait = counts ? backoff_wait(backoff, refusals_, random) : Duration(0);
  } else if (counts && refusals_ > trusted_refusals) {
    // The requested waits are too short, so the wait grows with each refusal.
    BackoffSpec backoff;
    backoff.first = std::chrono::seconds(1);
    backoff.cap = spec_.wait_cap;
    wait = std::max(*wait, backoff_wait(backoff, refusals_ - trusted_refusals, random));
  }
  block(now, *wait);
}

void Limiter::grow(TimePoint now) {
  double const rest = resting_share * limit_.value_or(0);
  if (rate_ < rest) {
    rate_ = std::min(rest, rate_ + std::max((rest - rate_) * 0.3, 0.01 * rest));
    return;
  }
  // Far from the refused rate, growing is safe.
  if (!refused_rate_ || rate_ < 0.9 * *refused_rate_ || rate_ > 1.15 * *refused_rate_) {
    rate_ = std::min(max_rate_,
                     rate_ * (rate_was_refused_ ? growth_after_refusal : growth_before_refusal));
    if (limit_) limit_ = std::max(*limit_, rate_);
    // The rate that was refused is allowed now.
    if (refused_rate_ && rate_ > *refused_rate_) refused_rate_.reset();
    return;
  }
  if (successes_ < answers_before_probing * hold_factor_ ||
      now - *refused_at_ < time_before_probing * hold_factor_)
    return;
  ++probes_;
  double const n = probes_;
  rate_ = std::min(max_rate_, *limit_ * (resting_share + 3e-4 * n + 3e-6 * n * n));
}

void Limiter::on_success(TimePoint now, Headers const& headers) {
  notice_clock(now);
  refusals_ = 0;
  ++successes_;
  refill(now);
  // Grow only if requests had to wait for the rate: an unused rate proves nothing.
  if (paced_) grow(now);
  apply_rate_headers(now, headers);
}

// Allows full speed while much of the quota is left, then spreads the rest over the time to the
// reset.
void Limiter::apply_rate_headers(TimePoint now, Headers const& headers) {
  if (spec_.remaining_header.empty() || spec_.reset_header.empty()) return;
  auto const remaining = to_count(headers.find(spec_.remaining_header));
  auto const reset = headers.find(spec_.reset_header);
  if (!remaining || !reset) return;
  auto const until = parse_reset(*reset, spec_.reset_unit, now);
  if (!until || until->count() == 0) return;
  if (*remaining == 0) {
    block(now, *until);
    return;
  }
  max_remaining_ = std::max(max_remaining_, *remaining);
  headers_until_ = now + std::min<Duration>(*until, spec_.wait_cap);
  bool const plenty = *remaining > few_remaining && *remaining > max_remaining_ / 2;
  headers_rate_ = plenty ? max_rate_ : *remaining / in_seconds(*until);
}

}  // namespace affsync::engine
