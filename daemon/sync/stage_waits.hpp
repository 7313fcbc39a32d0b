// Measures what the two sides of a run wait for.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/run_report.hpp"

namespace affsync::sync {

using WaitClock = std::chrono::steady_clock;

// The time from its construction to its end counts as a wait.
class CountedWait {
 public:
  explicit CountedWait(std::chrono::microseconds& total) : total_(total) {}
  ~CountedWait() { end(); }
  CountedWait(CountedWait const&) = delete;
  CountedWait& operator=(CountedWait const&) = delete;

  // Counts what is behind `moment` as another wait. (An answer that has arrived is still parsed.)
  void end(WaitClock::time_point moment, std::chrono::microseconds& rest) {
    auto const now = WaitClock::now();
    auto const middle = std::clamp(moment, since_, now);
    add(middle - since_, total_);
    add(now - middle, rest);
    is_over_ = true;
  }
  void end() {
    if (!is_over_) add(WaitClock::now() - since_, total_);
    is_over_ = true;
  }

 private:
  static void add(WaitClock::duration time, std::chrono::microseconds& to) {
    to += std::chrono::duration_cast<std::chrono::microseconds>(time);
  }

  std::chrono::microseconds& total_;
  WaitClock::time_point since_ = WaitClock::now();
  bool is_over_ = false;
};

}  // namespace affsync::sync
