// The events of a run. Metrics, progress bars and logs implement the interface.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/run_report.hpp"

namespace affsync::sync {

class Observer {
 public:
  virtual ~Observer() = default;
  // A request ended. `status`: its HTTP status, 0 if there was no answer.
  virtual void on_request(std::string const& source, int status, std::chrono::microseconds took) {
    (void)source, (void)status, (void)took;
  }
  // `is_asked`: the broker asked for this wait, and not for a shorter one or none.
  virtual void on_throttled(std::string const& source, std::chrono::microseconds wait,
                            bool is_asked) {
    (void)source, (void)wait, (void)is_asked;
  }
  virtual void on_rate(std::string const& source, double requests_per_second) {
    (void)source, (void)requests_per_second;
  }
  // Nothing is sent to the source until `until`, because the broker refused its login or key or
  // asked for a long wait. Reported again each time the block is seen. `code`: as in
  // sync_run.error_code.
  virtual void on_blocked(std::string const& source, std::string const& code, TimePoint until) {
    (void)source, (void)code, (void)until;
  }
  virtual void on_unblocked(std::string const& source) { (void)source; }
  // Our clock minus the broker's, after each answer that has a Date.
  virtual void on_clock_skew(std::string const& source, std::chrono::microseconds skew) {
    (void)source, (void)skew;
  }
  // Pages were stored in one transaction; `took` includes the wait for a connection.
  virtual void on_written(std::chrono::microseconds took) { (void)took; }
  virtual void on_run_started(RunReport const& report) { (void)report; }
  // After each stored page. `expected`: number of rows of this pass, as far as the broker has
  // reported it.
  virtual void on_progress(RunReport const& report, std::optional<std::int64_t> expected) {
    (void)report, (void)expected;
  }
  virtual void on_run_ended(RunReport const& report) { (void)report; }
};

}  // namespace affsync::sync
