#include "connectors/engine/pace/quota_estimate.hpp"

#include <algorithm>
#include <cmath>

namespace affsync::engine {
namespace {

// Growth for each answer. The values were chosen with bench/throttle_grid.
constexpr double growth_before_refusal = 0.5;
constexpr double growth_per_round_trip = 0.5;  // so that few requests are under way at a refusal
constexpr double least_growth = 8e-4;
// If each refusal costs the whole seconds that a broker asks for, of the least growth and of that
// by precision.
constexpr double told_share = 0.3;
constexpr double told_share_of_precision = 0.7;
constexpr double answers_to_double_least_growth = 150;  // a limit that was raised is found
// … and if the limit is well known: so many seconds rather than answers.
constexpr double sure_precision = 20;
constexpr double seconds_of_doubling = 10;
constexpr double slowness = 8;      // growth is 1 / (slowness * precision²) …
constexpr double steady_share = 6;  // … for this many times as many answers as were counted

constexpr double answers_below_refused = 30;
constexpr double worth_telling = 5;  // answers, for a process that may trust this for long

constexpr double first_share = 0.9;  // of the first measurement, whose burst is a guess
constexpr double first_precision = 2;
constexpr double burst_precision = 0.7;  // only the burst was counted: nothing is known yet
constexpr double precision_from_guess = 4;
constexpr double least_margin = 0.03;  // the rate stays below the estimate by at least this …
constexpr double most_margin = 0.15;
constexpr double after_pause_share = 0.9;  // a pause makes a measurement unreliable
constexpr double answers_of_a_slope = 5;
constexpr double answers_of_a_sure_slope = 3;  // if the burst is known, and not a guess
constexpr std::size_t most_seen = 128;

constexpr double whole_second = 1;  // a requested wait may be rounded up by this
constexpr double long_wait = 2;     // seconds: the quota is that of a window, no trickle
constexpr double sure_wait = 10;
constexpr double least_share = 0.1;  // of the rate, by one refusal …
constexpr double few_answers = 3;
constexpr double least_share_if_hasty = 0.6;  // … if several in a row came after so few answers
constexpr double worth_of_a_row = 3;

// What is well known, and that a stop has lowered below this share, may be as it was.
constexpr double proven_precision = 10;
constexpr double share_of_a_drop = 0.75;
constexpr double growth_to_proven = 0.1;  // for each answer …
constexpr double first_share_of_proven = 0.1;
constexpr double last_share_of_proven = 0.95;
// It is as it was if nothing is refused for so many answers, and for more than preceded the
// refusal: a window that has become smaller refuses each time after as many.
constexpr double answers_of_proof = 150;
constexpr double most_answers_of_proof = 1000;
constexpr double share_of_proof = 1.25;  // of those that preceded it

double seconds(Duration time) {
  return std::max(static_cast<double>(time.count()) / 1e6, 1e-3);
}

double with_margin(double rate, double precision) {
  return rate * (1 - std::clamp(1 / precision, least_margin, most_margin));
}

}  // namespace

QuotaEstimate::QuotaEstimate(Bounds const& bounds)
    : bounds_(bounds),
      rate_(std::clamp(bounds.start, bounds.least, bounds.most)),
      burst_(bounds.burst) {}

void QuotaEstimate::begin(TimePoint at) {
  empty_at_ = window_from_ = at;
  counted_ = -bounds_.burst;
  in_window_ = 0;
  after_pause_ = true;
  seen_.clear();
}

void QuotaEstimate::count_answer(TimePoint at) {
  ++counted_;
  ++in_window_;
  ++since_refusal_;
  notice_proof();
  if (seen_.size() >= most_seen) seen_.erase(seen_.begin(), seen_.begin() + most_seen / 2);
  seen_.push_back(at);
}

// The largest rate over any time up to now. Where the quota may have been saved up before, because
// the requests were slower than it, a burst is taken off.
double QuotaEstimate::steepest(TimePoint at) const {
  double const since_empty = seconds(at - empty_at_), since_stop = seconds(at - window_from_);
  double best = (counted_ + 0.5) / since_empty;
  // In a longer wait than it needed, the broker has renewed more than it can save up.
  bool const spilled = told_ && best * (since_empty - since_stop) > burst_;
  if (spilled) best = (counted_ + 0.5) / std::sqrt(since_empty * since_stop);
  double const of_a_slope = knows_burst_ ? answers_of_a_sure_slope : answers_of_a_slope;
  double const least = was_refused_ ? of_a_slope : 1;
  // A burst that was full before the first of these answers has let that one through as well; one
  // whose size is a guess is taken off the others.
  double beyond_burst = static_cast<double>(seen_.size()) - burst_ + (knows_burst_ ? 1 : 0);
  for (auto const from : seen_) {
    beyond_burst -= 1;
    if (beyond_burst < least) break;
    best = std::max(best, (beyond_burst + 0.5) / seconds(at - from));
  }
  return best;
}

double QuotaEstimate::worth() const {
  return std::max(precision_, since_refusal_ / steady_share);
}

// The second refusal before it is proven shows that the limit is lower, or that a window is full
// again.
void QuotaEstimate::remember_proven() {
  bool const is_known = worth() >= proven_precision && since_refusal_ >= answers_below_refused;
  bool const was_open = proven_.rate > 0;
  proven_ = {};
  was_lower_ = was_lower_ || was_open;
  if (was_refused_ && is_known && !was_lower_) proven_ = {rate_, worth(), told_, costs_seconds_};
}

void QuotaEstimate::notice_proof() {
  if (since_refusal_ <
      std::clamp(share_of_proof * full_.answers, answers_of_proof, most_answers_of_proof)) {
    return;
  }
  was_lower_ = false;
  if (rate_ >= last_share_of_proven * proven_.rate) proven_ = {};
}

void QuotaEstimate::forget_proven_unless_lower() {
  if (rate_ >= share_of_a_drop * proven_.rate) {
    proven_ = {};
  } else {
    rate_ = std::max(rate_, first_share_of_proven * proven_.rate);
  }
}

void QuotaEstimate::count_refusal(TimePoint at, double asked) {
  remember_proven();
  // The rate that a small burst led to was too fast: somebody else had spent the rest of it.
  if (knows_burst_ && precision_ >= 1 && since_refusal_ < answers_below_refused) {
    burst_ = bounds_.burst;
    knows_burst_ = false;
  }
  if (!was_refused_ && in_window_ > bounds_.burst) {
    precision_ = first_precision;
    rate_ = first_share * std::min(asked, steepest(at));
  } else if (counted_ >= 1) {
    // From a guess the rate has risen through the limit: such a measurement says less.
    double const most = precision_ < 1 ? precision_from_guess : counted_;
    precision_ = std::max(1.0, std::min({counted_, since_refusal_, most}));
    rate_ = std::min(asked, with_margin(steepest(at), precision_));
    if (after_pause_) rate_ = std::max(rate_, after_pause_share * asked);
  } else {
    // Nothing but a burst was let through. It was as large as that, and how fast requests may be is
    // as unknown as before.
    precision_ = was_refused_ ? 1 : burst_precision;
    rate_ = was_refused_ ? asked : std::min(asked, bounds_.start);
    if (!was_refused_) {
      burst_ = std::clamp(in_window_, 1.0, bounds_.burst);
      knows_burst_ = true;
    }
  }
  // A few answers may be wrong about a broker that worked so far.
  hasty_ = in_window_ < few_answers ? hasty_ + 1 : 0;
  full_.least = (hasty_ > 1 ? least_share_if_hasty : least_share) * asked;
  rate_ = std::clamp(std::max(rate_, full_.least), bounds_.least, bounds_.most);
  full_.answers = in_window_;
  full_.seconds = std::max(0.0, static_cast<double>((at - window_from_).count()) / 1e6);
  full_.asked = asked;
  empty_at_ = at;
  counted_ = 0;
  since_refusal_ = 0;
  was_refused_ = true;
  after_pause_ = false;
  seen_.clear();
}

// A stop that lasted is the rest of a window: what was answered in it, divided by its length, is
// the rate. A short one is that of a quota that trickles in, which count_refusal() has measured.
void QuotaEstimate::end_stop(TimePoint sent_at, Stop stop) {
  double const waited = seconds(sent_at - empty_at_) - (stop.told ? whole_second : 0);
  bool const shows = stop.told ? waited > 0.2 : stop.refusals > 1;
  if (shows && full_.answers >= 1) {
    double of_window = full_.answers / (full_.seconds + waited);
    double precision = full_.answers;
    if (!stop.told) {
      precision = std::max(std::min(full_.answers, worth_of_a_row), full_.answers / 4);
      // Perhaps it was only a burst, and the quota comes in as slowly as the wait was long.
      if (full_.answers <= 2 * bounds_.burst) {
        of_window = std::sqrt(of_window * std::min(of_window, 1 / waited));
        precision = first_precision;
      }
    }
    if (waited > long_wait || of_window < rate_) {
      double const least = waited > sure_wait ? 0 : full_.least;
      rate_ = std::min(full_.asked, std::max(with_margin(of_window, precision), least));
      rate_ = std::clamp(rate_, bounds_.least, bounds_.most);
      precision_ = precision;
    }
  }
  window_from_ = sent_at;
  in_window_ = 0;
  told_ = stop.told;
  costs_seconds_ = stop.told && waited <= long_wait && precision_ >= sure_precision;
  forget_proven_unless_lower();
}

void QuotaEstimate::grow(double in_flight, bool is_far) {
  double growth = growth_before_refusal;
  bool const is_guess = precision_ < 1;
  if (was_refused_ && !is_far) {
    double const counted = is_guess ? 0 : (since_refusal_ - 1) / steady_share;
    double const worth = std::max(precision_, counted);
    // A refusal costs what the broker would have answered in a second.
    double const doubling =
        std::max(answers_to_double_least_growth, costs_seconds_ ? seconds_of_doubling * rate_ : 0);
    double const times = since_refusal_ / doubling;
    double const least = least_growth * (told_ ? told_share : 1);
    double const by_precision = (told_ ? told_share_of_precision : 1) / (slowness * worth * worth);
    growth = std::max(by_precision, least * (times + times * times));
  }
  bool const returns = rate_ < last_share_of_proven * proven_.rate;
  if (returns) growth = std::max(growth, growth_to_proven);
  growth =
      std::min({growth, growth_before_refusal, growth_per_round_trip / std::max(in_flight, 1.0)});
  rate_ = std::min(bounds_.most, rate_ * (1 + growth));
  // What was refused just now is still too fast, unless it was a burst.
  if (was_refused_ && !is_far && !is_guess && since_refusal_ < answers_below_refused)
    rate_ = std::min(rate_, 0.98 * full_.asked);
  if (returns && rate_ >= last_share_of_proven * proven_.rate) {
    precision_ = proven_.precision;
    told_ = proven_.told;
    costs_seconds_ = proven_.costs_seconds;
  }
}

std::optional<LearnedRate> QuotaEstimate::learned() const {
  if (!was_refused_ || precision_ < 1) return std::nullopt;
  LearnedRate learned;
  if (proven_.rate > 0) {
    learned.requests_per_second = proven_.rate;
    learned.answers = proven_.precision;
    learned.waits_are_told = proven_.told;
    return learned;
  }
  learned.requests_per_second = rate_;
  learned.answers = worth();
  if (learned.answers < worth_telling) return std::nullopt;
  learned.waits_are_told = told_;
  return learned;
}

void QuotaEstimate::begin_with(LearnedRate const& learned) {
  rate_ = std::clamp(learned.requests_per_second, bounds_.least, bounds_.most);
  precision_ = std::max(learned.answers, 1.0);
  told_ = learned.waits_are_told;
  costs_seconds_ = told_ && precision_ >= sure_precision;
  since_refusal_ = answers_below_refused;  // this rate is not what was refused
  was_refused_ = true;
}

void QuotaEstimate::shift(Duration by) {
  empty_at_ += by;
  window_from_ += by;
  for (auto& at : seen_) at += by;
}

}  // namespace affsync::engine
