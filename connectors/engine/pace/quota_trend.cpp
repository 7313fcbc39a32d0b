#include "connectors/engine/pace/quota_trend.hpp"

#include <algorithm>

#include "connectors/engine/pace/seconds.hpp"

namespace affsync::engine {
namespace {

// The values were chosen with simulations of buckets and windows of many sizes.
constexpr std::size_t most_points = 64;
constexpr std::size_t most_turns = 1000;         // whose answers never came
constexpr std::size_t most_turns_at_first = 16;  // nobody may ever say what is left
constexpr double rounding = 1;                   // of a count, and of whole seconds
constexpr double least_size = 4;           // left of a bucket whose renewal can be told from noise
constexpr double error_share = 0.5;        // of the requests under way
constexpr double under_way_decay = 0.9;    // with each answer
constexpr double jump_share = 0.5;         // of the largest quota, at once
constexpr int steady_answers = 6;          // after which it does not come in steps
constexpr int answers_of_an_oddity = 150;  // without another, until it is forgotten
constexpr int most_empty = 8;
constexpr double sure_oddity = 4;  // times the error
constexpr double raise = 1.5;
constexpr double sure_factor = 1.5;  // between the least and the most that it can be
constexpr double after_refusal = 0.5;
constexpr double reserve = 1;           // requests, for those that overtake each other
constexpr double cautious_share = 0.9;  // of the renewal, while nothing is left
constexpr double least_shared = 2;      // left: the share of a second of one of two is too long
constexpr double large_quota = 4;       // seconds to fill it
constexpr double guessed_share = 0.25;  // of the time between requests, before the renewal is known
constexpr double share_of_time = 0.7;   // in which a bucket is whole again

}  // namespace

void QuotaTrend::count_request(TimePoint turn) {
  turns_.insert(std::ranges::upper_bound(turns_, turn), turn);
  if (turns_.size() <= (points_.empty() ? most_turns_at_first : most_turns)) return;
  turns_.erase(turns_.begin());
  ++known_;
}

void QuotaTrend::give_back(TimePoint from, TimePoint until) {
  if (until <= from) return;
  turns_.erase(std::ranges::upper_bound(turns_, from), std::ranges::upper_bound(turns_, until));
}

TimePoint QuotaTrend::earliest(TimePoint turn) const {
  if (!trickles_) return turn;
  auto const ahead = static_cast<double>(turns_.size());
  double missing = 1 + ahead - left_;
  double rate = renewal_;
  if (is_measured_) {
    if (ahead > 0 || left_ == 0) missing += reserve;
    rate *= cautious_share;
  } else if (missing > 1) {
    // The answer to the first of them tells whether the others are too early.
    missing = 1 + guessed_share * (missing - 1);
  }
  return std::max(turn, points_.back().sent_at + seconds_of(missing / rate));
}

QuotaTrend::Point QuotaTrend::point_of(TimePoint now, TimePoint sent_at, double left) {
  // Requests overtake each other, or are sent a little later than at their turn.
  auto const begin = std::ranges::upper_bound(turns_, sent_at - (now - sent_at));
  auto const others = static_cast<double>(std::ranges::upper_bound(turns_, now) - begin) - 1;
  under_way_ = std::max(under_way_decay * under_way_, others);
  auto const unknown = std::ranges::upper_bound(turns_, sent_at);
  known_ += static_cast<double>(unknown - turns_.begin());
  turns_.erase(turns_.begin(), unknown);
  return {sent_at, left + known_, error_share * under_way_};
}

// Much was renewed since the last answer, and faster than before.
bool QuotaTrend::is_jump(Point const& point) const {
  auto const& first = points_.front();
  auto const& last = points_.back();
  double const before = in_seconds(last.sent_at - first.sent_at);
  double const since = in_seconds(point.sent_at - last.sent_at);
  double const at_least = point.ever - last.ever - rounding - point.error - last.error;
  double const at_most = last.ever - first.ever + rounding + last.error + first.error;
  return at_least > jump_share * most_left_ && before > 0 &&
         at_least * before > std::max(1.0, at_most) * since;
}

void QuotaTrend::note_oddity() {
  ++oddities_;
  answers_ = 0;
}

void QuotaTrend::compare(Point const& point, TimePoint now, bool is_whole) {
  // Less is left than the requests explain.
  double const gone = points_.back().ever - point.ever;
  double const explained = rounding + point.error + points_.back().error;
  if (gone > explained) note_oddity();
  if (gone > sure_oddity * explained) oddities_ = most_oddities;
  if (is_jump(point)) {
    comes_in_steps_ = true;
    steady_ = 0;
    points_.clear();
    return;
  }
  auto const& first = points_.front();
  double const time = in_seconds(point.sent_at - first.sent_at);
  if (time > 0) {
    double const renewed = point.ever - first.ever;
    double const error = rounding + first.error + point.error;
    // A whole quota may have been whole for long.
    double const most = std::max(0.0, (renewed + error) / time);
    if (!is_whole) {
      renewal_ = std::min(renewal_, most);
      if (most < sure_factor * renewal_) is_measured_ = true;
    }
    double const least = (renewed - error) / time;
    if (least > 0 && ++steady_ > steady_answers) comes_in_steps_ = false;
    if (least > renewal_) {
      renewal_ = least;
      is_measured_ = true;
    }
  }
  auto const& last = points_.back();
  double const expected = last.ever + renewal_ * in_seconds(point.sent_at - last.sent_at);
  if (is_whole && point.sent_at > raised_at_ && expected < point.ever + rounding) {
    renewal_ *= raise;
    is_measured_ = true;
    raised_at_ = now;
  }
  if (is_whole) points_.clear();
}

void QuotaTrend::on_answer(TimePoint now, TimePoint sent_at, double left, double until) {
  if (!points_.empty() && sent_at < points_.back().sent_at) return;
  auto const point = point_of(now, sent_at, left);
  if (++answers_ > answers_of_an_oddity && oddities_ > 0 && !is_odd()) {
    --oddities_;
    answers_ = 0;
  }
  // Requests that are slower than a bucket is renewed leave something now and then.
  empty_ = trickles_ && left == 0 ? empty_ + 1 : 0;
  if (empty_ > most_empty) oddities_ = most_oddities;
  bool const is_whole = left >= most_left_;
  left_ = left;
  most_left_ = std::max(most_left_, left);
  // All of it comes in at least this fast, or at once.
  bool const is_soon = !is_measured_ && until <= rounding;
  if (is_soon) renewal_ = std::max(renewal_, (most_left_ + 1 - left) / rounding);
  if (!points_.empty()) compare(point, now, is_whole);
  points_.push_back(point);
  if (points_.size() > most_points) points_.erase(points_.begin());
  trickles_ =
      !is_odd() && renewal_ > 0 && !comes_in_steps_ && most_left_ >= least_size && fits(until);
}

bool QuotaTrend::is_whole_after(double left, TimePoint sent_at, Duration until) const {
  if (points_.empty() || sent_at - points_.back().sent_at < until) return true;
  return left + rounding + under_way_ >= most_left_;
}

// What was used of a bucket comes in again until it is whole. The time that a sliding window tells
// is that until its oldest request is forgotten.
bool QuotaTrend::fits(double until) const {
  double const used = most_left_ + 1 - left_;
  return renewal_ * (until - rounding) <= used + 1 &&
         renewal_ * std::max(until, rounding) >= share_of_time * used;
}

// What is whole again within a second has at least its share of it for each request. A large quota
// is not: a sliding window tells the time until its oldest request is forgotten.
std::optional<Duration> QuotaTrend::time_to_one(Duration until) const {
  if (most_left_ < least_shared || is_odd()) return std::nullopt;
  auto const share = std::min(until, seconds_of(rounding / (most_left_ + 1)));
  bool const is_large = renewal_ > 0 && most_left_ >= large_quota * renewal_;
  return is_large ? std::clamp(seconds_of(1 / renewal_), share, until) : share;
}

void QuotaTrend::on_refusal() {
  if (trickles_) note_oddity();
  renewal_ *= after_refusal;
  points_.clear();
  trickles_ = false;
}

void QuotaTrend::shift(Duration by) {
  for (auto& turn : turns_) turn += by;
  for (auto& point : points_) point.sent_at += by;
  if (raised_at_ != TimePoint{}) raised_at_ += by;
}

}  // namespace affsync::engine
