// Finds out why a broker refused a slice: too many days at once, days too old, or another reason.
// It requests single days for that.
#pragma once

#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

class AgeProbe {
 public:
  enum class Found {
    nothing_yet,  // not known yet: request day()
    too_long,     // the slice's first day alone is given: the slice must be shorter
    too_old,      // days from given_from() on are given, earlier ones are refused
    refused       // the newest day is refused too: there is another reason
  };

  // `refused`: the refused slice, with both days set. `newest`: the last day of the pass.
  AgeProbe(Slice const& refused, Day newest);

  Day day() const { return asked_; }
  Found found() const { return found_; }
  Day given_from() const { return given_; }

  void on_given();
  void on_refused();

 private:
  enum class Step { first_day, newest_day, between };
  void halve();

  Step step_ = Step::first_day;
  Found found_ = Found::nothing_yet;
  Day newest_{};
  Day asked_{};
  Day refused_{};  // the last day known to be refused
  Day given_{};    // the first day known to be given
};

}  // namespace affsync::engine
