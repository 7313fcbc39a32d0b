// What the daemon logs of its runs, in front of the metrics: a line when a run has brought
// something or has failed, the rest only at debug level.
#pragma once

#include "base/log.hpp"
#include "daemon/sync/observer.hpp"

namespace affsync::cli {

class RunLog final : public sync::Observer {
 public:
  RunLog(sync::Observer& next, Logger log) : next_(next), log_(std::move(log)) {}

  void on_request(std::string const& source, int status, std::chrono::microseconds took) override {
    next_.on_request(source, status, took);
  }
  void on_throttled(std::string const& source, std::chrono::microseconds wait) override {
    next_.on_throttled(source, wait);
  }
  void on_rate(std::string const& source, double requests_per_second) override {
    next_.on_rate(source, requests_per_second);
  }
  void on_blocked(std::string const& source, std::string const& code, TimePoint until) override {
    next_.on_blocked(source, code, until);
  }
  void on_unblocked(std::string const& source) override { next_.on_unblocked(source); }
  void on_clock_skew(std::string const& source, std::chrono::microseconds skew) override {
    next_.on_clock_skew(source, skew);
  }
  void on_run_started(RunReport const& report) override { next_.on_run_started(report); }
  void on_progress(RunReport const& report, std::optional<std::int64_t> expected) override {
    next_.on_progress(report, expected);
  }
  void on_run_ended(RunReport const& report) override;

 private:
  sync::Observer& next_;
  Logger log_;
};

}  // namespace affsync::cli
