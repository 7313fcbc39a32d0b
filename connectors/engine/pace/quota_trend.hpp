// How fast a quota is renewed, from what a broker says is left of it after each request. Arithmetic
// over times that the caller provides.
//
// What is left and all requests so far grow together only by what was renewed. A token bucket grows
// all the time: then its size and rate are known, and a request is sent when one more has come in,
// so that none is refused. A window stands still until it ends, and then grows at once: it is left
// to others.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.hpp"

namespace affsync::engine {

class QuotaTrend {
 public:
  // Notes that a request is to be sent at `turn`.
  void count_request(TimePoint turn);
  // The requests that were to be sent after `from` and up to `until` are not sent.
  void give_back(TimePoint from, TimePoint until);

  // Records an answer to a request that was sent at `sent_at`: so many requests are left, and the
  // quota is whole again in `until` seconds, which may be rounded to whole ones up or down. Answers
  // that arrive after one to a later request are ignored.
  void on_answer(TimePoint now, TimePoint sent_at, double left, double until);
  // A request was refused although none should have been.
  void on_refusal();
  // What the answers say does not explain what happened, several times: it means something else, or
  // others use the quota as well.
  bool is_odd() const { return oddities_ >= most_oddities; }
  void note_oddity();

  // A quota that was whole in `until` must be whole after that time, if nobody else uses it.
  bool is_whole_after(double left, TimePoint sent_at, Duration until) const;
  // The quota is renewed all the time.
  bool trickles() const { return trickles_; }
  // Returns how many requests per second come in again, if that is known of one that trickles.
  std::optional<double> renewal() const {
    return trickles_ && is_measured_ ? std::optional(renewal_) : std::nullopt;
  }
  // Returns when, at `turn` or later, one more request is within a quota that trickles.
  TimePoint earliest(TimePoint turn) const;

  // Something is left beyond the requests that the newest answer does not know of.
  bool has_more() const { return left_ > static_cast<double>(turns_.size()); }
  // Much is left of a quota that trickles: requests may be faster.
  bool has_plenty() const { return trickles_ && left_ > most_left_ / 2; }

  // Nothing is left of a quota that is whole again in `until`. Returns how soon one request may
  // come in; nullopt: hardly anything was ever left, which says nothing or means something else.
  std::optional<Duration> time_to_one(Duration until) const;

  // Moves all times; for a clock that was set back.
  void shift(Duration by);

 private:
  struct Point {
    TimePoint sent_at;
    double ever = 0;   // what was left, and all requests until then
    double error = 0;  // … which is wrong by so many that were under way
  };

  Point point_of(TimePoint now, TimePoint sent_at, double left);
  void compare(Point const& point, TimePoint now, bool is_whole);
  bool is_jump(Point const& point) const;
  bool fits(double until) const;

  std::vector<TimePoint> turns_;  // of requests that the newest answer does not know of, ascending
  double known_ = 0;              // requests before those
  double under_way_ = 0;          // requests at a time: the most of the last answers

  std::vector<Point> points_;  // answers since the quota was whole or jumped, oldest first
  double left_ = 0;            // at the newest
  double most_left_ = 0;       // ever
  double renewal_ = 0;         // requests per second; 0: unknown
  bool is_measured_ = false;   // … and not only the least that the time until it is whole allows
  TimePoint raised_at_{};      // when it was last raised because the quota was whole

  static constexpr int most_oddities = 3;
  int oddities_ = 0;
  int answers_ = 0;  // since the last of them
  int empty_ = 0;    // answers in a row that left nothing

  bool comes_in_steps_ = false;
  int steady_ = 0;  // answers since the last step that showed a renewal
  bool trickles_ = false;
};

}  // namespace affsync::engine
