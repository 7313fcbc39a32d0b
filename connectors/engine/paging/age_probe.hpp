// Why a broker has refused the days that it was asked for: they are too many at once, too old, or
// it refuses all. Found out by asking for single days.
#pragma once

#include "connectors/engine/paging/slice.hpp"

namespace affsync::engine {

class AgeProbe {
 public:
  enum class Found {
    nothing_yet,  // ask for day()
    too_long,     // its first day alone is given: the slice has to be shorter
    too_old,      // days from given_from() on are given, those before it are not
    refused       // the newest day is refused as well: the reason is another one
  };

  // `refused`: the slice, with both days; `newest`: the last day of the pass.
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
  Day refused_{};  // the last day that is known to be refused …
  Day given_{};    // … and the first that is known to be given
};

}  // namespace affsync::engine
