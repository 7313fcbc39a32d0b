#include "connectors/engine/pace/limiter.hpp"

#include <algorithm>

#include "connectors/engine/pace/backoff.hpp"
#include "connectors/engine/pace/seconds.hpp"

namespace affsync::engine {
namespace {

// Without a maximum of the connector or the configuration, the rate grows at most to this.
constexpr double fastest_rate = 250;
constexpr double slowest_rate = 1.0 / 120;
constexpr double dip_of_refusal = 0.5;
constexpr double dip_that_is_left = 0.1;  // after each answer
constexpr double least_dip = 0.02;
// Of the time from one request to the next, which one that was late does not shorten further. Where
// it is shorter than `least_gap`, most are late.
constexpr double least_share_of_gap = 0.95;
constexpr Duration least_gap = std::chrono::milliseconds(20);
constexpr int trusted_refusals = 5;  // in a row, whose requested wait is used as it is

double most_of(RateSpec const& spec) {
  bool const stated = spec.max_requests_per_second > 0;
  return stated ? spec.max_requests_per_second : std::max(fastest_rate, spec.requests_per_second);
}

QuotaEstimate::Bounds bounds_of(RateSpec const& spec) {
  QuotaEstimate::Bounds bounds;
  bounds.start = spec.requests_per_second;
  bounds.most = most_of(spec);
  bounds.least = std::min(slowest_rate, bounds.most);
  bounds.burst = std::max(spec.burst, 1.0);
  return bounds;
}

}  // namespace

Limiter::Limiter(RateSpec const& spec)
    : spec_(spec),
      max_rate_(most_of(spec)),
      min_rate_(std::min(slowest_rate, max_rate_)),
      quota_(bounds_of(spec)),
      tokens_(std::max(spec.burst, 1.0)) {
  auto quotas = spec.further_quotas;
  quotas.insert(quotas.begin(), QuotaHeaders{spec.remaining_header, spec.reset_header});
  for (auto& names : quotas) {
    if (names.remaining.empty() || names.reset.empty()) continue;
    announced_.emplace_back(std::move(names), spec);
  }
  if (announced_.empty()) announced_.emplace_back(spec);
}

void Limiter::begin_with(LearnedRate const& learned) {
  quota_.begin_with(learned);
  tokens_ = 1;
}

double Limiter::rate() const {
  double rate = quota_.rate() * (1 - dip_);
  for (auto const& quota : announced_) {
    if (quota.rate() > 0) rate = std::min(rate, quota.rate());
  }
  return std::max(min_rate_, rate);
}

double Limiter::lasting_rate() const {
  double lasting = rate();
  for (auto const& quota : announced_)
    lasting = std::min(lasting, quota.renewal().value_or(lasting));
  return lasting;
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
  std::vector<TimePoint*> times{&refilled_at_, &last_reserve_, &blocked_until_, &refused_at_,
                                &spent_until_, &spent_before_, &sent_at_};
  for (auto* time : times) {
    if (*time != TimePoint{}) *time -= back;
  }
  for (auto& turn : reserved_) turn -= back;
  quota_.shift(-back);
  for (auto& quota : announced_) quota.shift(-back);
}

void Limiter::refill(TimePoint now) {
  for (auto& quota : announced_) quota.refresh(now);
  if (refilled_at_ == TimePoint{}) refilled_at_ = now;
  if (now <= refilled_at_) return;
  tokens_ += in_seconds(now - refilled_at_) * rate();
  // Once the limit is known, a burst would only be refused.
  tokens_ = std::min(tokens_, quota_.was_refused() ? 1.0 : std::max(spec_.burst, 1.0));
  refilled_at_ = now;
}

// After a pause without requests the answers before it say nothing about the limit.
void Limiter::notice_pause(TimePoint now) {
  Duration const gap = now - std::max(last_reserve_, blocked_until_);
  if (gap > std::max<Duration>(std::chrono::seconds(5), seconds_of(5 / rate()))) quota_.begin(now);
  last_reserve_ = std::max(now, blocked_until_);
}

// A turn that was reserved at a lower rate may fall together with later ones. A limit that the user
// or the connector states holds for the requests as they are sent.
TimePoint Limiter::within_stated_limit(TimePoint turn) {
  if (spec_.max_requests_per_second <= 0) return turn;
  double const burst = std::max(spec_.burst, 1.0);
  turn = std::max(turn, spent_until_ - seconds_of((burst - 1) / max_rate_));
  spent_before_ = spent_until_;
  spent_until_ = std::max(spent_until_, turn) + seconds_of(1 / max_rate_);
  return turn;
}

// Some brokers save nothing up: after a request that was late they refuse the next one if it is as
// early as the rate would allow, and that would say nothing about the rate.
TimePoint Limiter::spaced(TimePoint turn) const {
  if (!quota_.was_refused()) return turn;
  Duration const gap = seconds_of(least_share_of_gap / quota_.rate());
  return gap < least_gap ? turn : std::max(turn, sent_at_ + gap);
}

Duration Limiter::reserve(TimePoint now) {
  notice_clock(now);
  refill(now);
  notice_pause(now);
  tokens_ -= 1;
  Duration wait = tokens_ < 0 ? seconds_of(-tokens_ / rate()) : Duration(0);
  // An unused rate proves nothing. Until the first refusal, requests that use up the burst count.
  bool const in_burst = !quota_.was_refused() && tokens_ + 1.01 < spec_.burst;
  paced_ = wait > Duration(0) || in_burst;
  // refilled_at_ is in the future while requests are blocked.
  if (refilled_at_ > now) wait += refilled_at_ - now;
  TimePoint turn = spaced(now + wait);
  TimePoint const last = now + std::max<Duration>(wait, spec_.wait_cap);
  for (auto const& quota : announced_) turn = std::min(last, quota.earliest(turn));
  wait = within_stated_limit(turn) - now;
  last_reserve_ = std::max(last_reserve_, now + wait);
  std::erase_if(reserved_, [&](TimePoint other) { return other <= now; });
  reserved_.push_back(now + wait);
  for (auto& quota : announced_) quota.count_request(now + wait);
  return wait;
}

void Limiter::give_back(TimePoint turn) {
  // A block has given it back already, and what is past has been sent.
  auto const found = std::ranges::find(reserved_, turn);
  if (found == reserved_.end()) return;
  reserved_.erase(found);
  tokens_ += 1;
  spent_until_ = spent_before_;
  for (auto& quota : announced_) quota.give_back(turn - Duration(1), turn);
}

Duration Limiter::reserve_again(TimePoint now, TimePoint turn) {
  bool const was_paced = paced_;
  give_back(turn);
  Duration const wait = reserve(now);
  paced_ = paced_ || was_paced;
  return wait;
}

void Limiter::block(TimePoint now, Duration wait) {
  TimePoint const until = now + std::min<Duration>(wait, spec_.wait_cap);
  if (until <= blocked_until_) return;
  blocked_until_ = until;
  refilled_at_ = until;
  // One request may go when the block ends, after those that are reserved for a later time. All
  // other waiting requests call reserve() again.
  std::erase_if(reserved_, [&](TimePoint turn) { return turn <= now; });
  auto const given_back = std::erase_if(reserved_, [&](TimePoint turn) { return turn <= until; });
  spent_until_ -= seconds_of(static_cast<double>(given_back) / max_rate_);
  for (auto& quota : announced_) quota.give_back(now, until);
  tokens_ = 1 - static_cast<double>(reserved_.size());
}

// The time of a few requests, so that a fast broker is not left idle; four times that at each
// further refusal. From some seconds on it doubles, for windows of a minute.
Duration Limiter::own_wait(double random) const {
  double wait = std::clamp(3 / quota_.rate(), 0.01, 8.0);
  double const cap = in_seconds(spec_.wait_cap);
  for (int i = 1; i < refusals_ && wait < cap; ++i) wait *= wait < 8 ? 4 : 2;
  return seconds_of(std::min(wait, cap) * (0.5 + 0.5 * random));
}

void Limiter::on_throttled(TimePoint now, TimePoint sent_at, std::optional<Duration> wait,
                           double random) {
  notice_clock(now);
  bool const counts = refused_at_ == TimePoint{} || sent_at > refused_at_;
  if (counts) {
    if (++refusals_ == 1) {
      quota_.count_refusal(sent_at + (now - sent_at) / 2, quota_.rate() * (1 - dip_));
    }
    dip_ = dip_of_refusal;
    for (auto& quota : announced_) quota.on_refusal(sent_at);
    told_ = wait.has_value();
    refused_at_ = now;
    paced_ = false;
  }
  if (!wait) {
    wait = counts ? own_wait(random) : Duration(0);
  } else if (counts && refusals_ > trusted_refusals) {
    // The requested waits are too short, so the wait grows with each refusal.
    BackoffSpec backoff;
    backoff.first = std::chrono::seconds(1);
    backoff.cap = spec_.wait_cap;
    wait = std::max(*wait, backoff_wait(backoff, refusals_ - trusted_refusals, random));
  }
  block(now, *wait);
}

void Limiter::on_success(TimePoint now, TimePoint sent_at, Headers const& headers, Duration late) {
  notice_clock(now);
  double const took = std::max(0.0, in_seconds(now - late - sent_at));
  round_trip_ = round_trip_ == 0 ? took : 0.8 * round_trip_ + 0.2 * took;
  // Answers to requests that were under way at the refusal do not end the stop.
  if (refusals_ > 0 && sent_at >= refused_at_) {
    QuotaEstimate::Stop stop;
    stop.refusals = refusals_;
    stop.told = told_;
    quota_.end_stop(sent_at, stop);
    refusals_ = 0;
  }
  // What is measured follows the order in which answers are learned of.
  sent_at += late;
  quota_.count_answer(sent_at + (now - sent_at) / 2);
  refill(now);
  if (refusals_ == 0) {
    if (paced_ && dip_ < least_dip)
      quota_.grow(quota_.rate() * round_trip_,
                  std::ranges::any_of(announced_, &AnnouncedQuota::has_plenty));
    dip_ = dip_ < least_dip ? 0 : dip_ * dip_that_is_left;
  }
  for (auto& quota : announced_) {
    auto const wait = quota.on_answer(now, sent_at, headers, !quota_.was_refused());
    if (wait) block(now, *wait);
  }
}

}  // namespace affsync::engine
