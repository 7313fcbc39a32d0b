// Estimates how many requests a second a broker allows, from when it answered and when it refused.
// Arithmetic over times that the caller provides.
//
// At a refusal the broker's quota is used up. So the answers from one refusal to the next, divided
// by the time between them, are the rate at which the quota is renewed. The more answers were
// counted, the more precise this is, and the slower the rate grows afterwards: far from the limit a
// few answers find it, close to it a long sync meets a refusal every few hundred requests.
//
// A stop may also be that of a broker that is overloaded for a while, and then it says nothing
// about the quota. So what was well known before is kept, and the rate returns to it quickly. Only
// if that is refused too, the limit is believed to be lower.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/learned_rate.hpp"

namespace affsync::engine {

class QuotaEstimate {
 public:
  struct Bounds {
    double start = 5;  // the rate before anything is known
    double least = 0;
    double most = 0;
    double burst = 1;  // what a broker may have saved up while nothing was asked
  };

  // A row of refusals, without an answer in between.
  struct Stop {
    int refusals = 0;
    bool told = false;  // the broker said how long to wait, usually in whole seconds
  };

  explicit QuotaEstimate(Bounds const& bounds);

  double rate() const { return rate_; }
  bool was_refused() const { return was_refused_; }

  // nullopt as long as nothing was refused, and where refusals have told little yet. While it is
  // open whether the limit has become lower, what was known before.
  std::optional<LearnedRate> learned() const;
  // What another process has learned. To be called before the first request.
  void begin_with(LearnedRate const& learned);

  // Requests begin, or begin again after a pause that says nothing about the quota.
  void begin(TimePoint at);
  void count_answer(TimePoint at);
  // The first refusal of a row, of a request that arrived at `at`. `asked`: the rate of the
  // requests until then.
  void count_refusal(TimePoint at, double asked);
  // The first request after a stop that was not refused.
  void end_stop(TimePoint sent_at, Stop stop);
  // An answer came while requests were waiting for their turn. `in_flight`: how many requests are
  // on their way at a time. `is_far`: the broker itself says that the limit is not near.
  void grow(double in_flight, bool is_far = false);

  // Moves all times; for a clock that was set back.
  void shift(Duration by);

 private:
  double steepest(TimePoint at) const;
  double worth() const;
  void remember_proven();
  void forget_proven_unless_lower();
  void notice_proof();

  Bounds bounds_;
  double rate_;
  bool was_refused_ = false;
  double burst_;              // bounds_.burst, or what the broker let through at first
  bool knows_burst_ = false;  // … which it is

  TimePoint empty_at_{};         // when the quota was used up, or asking began
  double counted_ = 0;           // answers since then; less a burst if it may have been saved up
  bool after_pause_ = true;      // asking began at empty_at_
  std::vector<TimePoint> seen_;  // the last answers since the last stop
  double precision_ = 1;         // how many answers the estimate is worth
  double since_refusal_ = 0;     // answers

  // What was well known before the last refusal, until it is seen whether it still holds. rate 0:
  // nothing.
  struct Proven {
    double rate = 0, precision = 0;
    bool told = false, costs_seconds = false;
  } proven_;
  bool was_lower_ = false;  // when something else was thought to be proven

  TimePoint window_from_{};  // the end of the last stop
  double in_window_ = 0;     // answers since then
  struct Window {            // the one that ended with the last refusal
    double answers = 0, seconds = 0, asked = 0;
    double least = 0;  // the rate is not set lower because of it
  } full_;
  int hasty_ = 0;      // refusals in a row that came after few answers: no quota explains them
  bool told_ = false;  // the last stop was as long as the broker asked
  bool costs_seconds_ = false;  // … which was more than the quota needed
};

}  // namespace affsync::engine
