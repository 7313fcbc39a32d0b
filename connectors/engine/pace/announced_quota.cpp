#include "connectors/engine/pace/announced_quota.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "connectors/engine/answer/requested_wait.hpp"
#include "connectors/engine/pace/seconds.hpp"

namespace affsync::engine {
namespace {

constexpr auto second = std::chrono::seconds(1);
// Less than this is spread over the time to the reset. What is more a short sync may need at once.
constexpr double few_left = 10;
constexpr double scarce_share = 1.0 / 3;  // of the largest number that was left

std::optional<double> to_count(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::uint32_t count = 0;
  auto const [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return count;
}

bool in_whole_seconds(ResetUnit unit) {
  return unit == ResetUnit::seconds || unit == ResetUnit::epoch_seconds;
}

std::array<QuotaHeaders, 3> const& usual_names() {
  static std::array<QuotaHeaders, 3> const names{{
      {"X-RateLimit-Remaining", "X-RateLimit-Reset"},
      {"RateLimit-Remaining", "RateLimit-Reset"},
      {"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
  }};
  return names;
}

}  // namespace

AnnouncedQuota::AnnouncedQuota(QuotaHeaders names, RateSpec const& spec)
    : names_(std::move(names)), unit_(spec.reset_unit), wait_cap_(spec.wait_cap) {}

AnnouncedQuota::AnnouncedQuota(RateSpec const& spec)
    : unit_(ResetUnit::seconds), wait_cap_(spec.wait_cap) {}

std::optional<AnnouncedQuota::Said> AnnouncedQuota::read(QuotaHeaders const& names,
                                                         Headers const& headers,
                                                         TimePoint now) const {
  auto const left = to_count(headers.find(names.remaining));
  auto const reset = left ? headers.find(names.reset) : std::nullopt;
  if (!reset) return std::nullopt;
  auto const until = names_ ? parse_reset(*reset, unit_, now) : parse_retry_after(*reset, now);
  if (!until) return std::nullopt;
  constexpr std::size_t digits_of_an_instant = 10;
  bool const is_instant = reset->size() >= digits_of_an_instant;
  if (until->count() > 0) return Said{*left, *until, is_instant};
  // Seconds that are rounded down: the rest of one.
  bool const is_less = *left == 0 && names_ && in_whole_seconds(unit_);
  return is_less ? std::optional(Said{*left, second, is_instant}) : std::nullopt;
}

std::optional<AnnouncedQuota::Said> AnnouncedQuota::read(Headers const& headers,
                                                         TimePoint now) const {
  if (names_) return read(*names_, headers, now);
  for (auto const& names : usual_names()) {
    if (auto const said = read(names, headers, now)) return said;
  }
  return std::nullopt;
}

std::optional<Duration> AnnouncedQuota::on_answer(TimePoint now, TimePoint sent_at,
                                                  Headers const& headers, bool may_try) {
  auto const said = read(headers, now);
  if (!said) return std::nullopt;
  // Numbers that nobody has named may be of any kind.
  if (!names_ && !trend_.is_whole_after(said->left, sent_at, until_)) trend_.note_oddity();
  trend_.on_answer(now, sent_at, said->left, in_seconds(said->until));
  // A point in time may be rounded down, and is of another clock.
  until_ = said->until + (said->is_instant ? second : Duration(0));
  most_left_ = std::max(most_left_, said->left);
  longest_until_ = std::max(longest_until_, said->until);
  renewed_at_ = {};
  if (!trend_.trickles()) return wait_for_window(*said, now, may_try);
  rate_ = 0;
  return std::nullopt;
}

void AnnouncedQuota::on_refusal(TimePoint sent_at) {
  bool const is_early = renewed_at_ != TimePoint{} && sent_at >= renewed_at_;
  if (is_early && in_whole_seconds(unit_)) is_rounded_down_ = true;
  trend_.on_refusal();
}

std::optional<Duration> AnnouncedQuota::wait_for_window(Said const& said, TimePoint now,
                                                        bool may_try) {
  bool const rounded = in_whole_seconds(unit_);
  // Whole seconds are rounded up: a reset in one second may be in a few milliseconds.
  if (rounded && said.until <= second) {
    if (said.left > 0) return std::nullopt;
    auto const until = is_rounded_down_ ? said.until + second : said.until;
    auto wait = trend_.time_to_one(until);
    // It is the last second of a longer window, and no quota that is whole within one.
    if (wait && names_ && longest_until_ > 2 * second) wait = until;
    if (wait && *wait >= said.until) renewed_at_ = now + said.until;
    return wait;
  }
  if (!names_) return std::nullopt;
  if (said.left == 0) {
    bool const may_be_less = rounded && said.until <= 3 * second && may_try;
    if (!may_be_less) renewed_at_ = now + said.until;
    if (is_rounded_down_) return said.until + second;
    return may_be_less ? said.until - second : said.until;
  }
  window_end_ = now + std::min(said.until, wait_cap_);
  bool const plenty = said.left > few_left && said.left > scarce_share * most_left_;
  rate_ = plenty ? 0 : said.left / in_seconds(said.until);
  return std::nullopt;
}

TimePoint AnnouncedQuota::earliest(TimePoint turn) const {
  bool const is_used_up = rate_ > 0 && !trend_.has_more();
  return is_used_up ? std::max(turn, window_end_) : trend_.earliest(turn);
}

void AnnouncedQuota::refresh(TimePoint now) {
  if (rate_ > 0 && now >= window_end_) rate_ = most_left_ = 0;
}

void AnnouncedQuota::shift(Duration by) {
  for (auto* time : {&window_end_, &renewed_at_}) {
    if (*time != TimePoint{}) *time += by;
  }
  trend_.shift(by);
}

}  // namespace affsync::engine
