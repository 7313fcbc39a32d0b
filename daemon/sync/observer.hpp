// What a run tells while it goes on: metrics, progress bars and logs listen.
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
  // A request ended: its HTTP status, or 0 when there was no answer.
  virtual void on_request(std::string const& source, int status, std::chrono::microseconds took) {
    (void)source, (void)status, (void)took;
  }
  virtual void on_throttled(std::string const& source, std::chrono::microseconds wait) {
    (void)source, (void)wait;
  }
  virtual void on_rate(std::string const& source, double requests_per_second) {
    (void)source, (void)requests_per_second;
  }
  // Nothing is sent to the source until then, since the broker refused its login or key; told again
  // whenever it is seen. `code`: as in sync_run.error_code.
  virtual void on_blocked(std::string const& source, std::string const& code, TimePoint until) {
    (void)source, (void)code, (void)until;
  }
  virtual void on_unblocked(std::string const& source) { (void)source; }
  // Our clock less the broker's, told with each answer that has a Date.
  virtual void on_clock_skew(std::string const& source, std::chrono::microseconds skew) {
    (void)source, (void)skew;
  }
  virtual void on_run_started(RunReport const& report) { (void)report; }
  // After each page was stored. `expected`: rows of this pass as far as the broker said.
  virtual void on_progress(RunReport const& report, std::optional<std::int64_t> expected) {
    (void)report, (void)expected;
  }
  virtual void on_run_ended(RunReport const& report) { (void)report; }
};

}  // namespace affsync::sync
