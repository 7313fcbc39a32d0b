// Logs the daemon's runs and passes all events on to the metrics: one line when a run changed rows
// or failed, one a minute during a run, everything else at debug level. An outage of the database
// is logged once, whatever the number of streams it affects, and once more when it ends.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "daemon/sync/observer.hpp"

namespace affsync {

class RunLog final : public sync::Observer {
 public:
  using AfterRun = std::function<void(RunReport const&)>;
  // `after_run`: called at the end of each run, for what follows runs; may be empty.
  RunLog(sync::Observer& next, Logger log, AfterRun after_run = {})
      : next_(next), log_(std::move(log)), after_run_(std::move(after_run)) {}

  void on_request(std::string const& source, int status, std::chrono::microseconds took) override {
    next_.on_request(source, status, took);
  }
  void on_throttled(std::string const& source, std::chrono::microseconds wait,
                    bool is_asked) override {
    next_.on_throttled(source, wait, is_asked);
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
  void on_written(std::chrono::microseconds took) override { next_.on_written(took); }
  void on_run_started(RunReport const& report) override;
  void on_progress(RunReport const& report, std::optional<std::int64_t> expected) override;
  void on_run_ended(RunReport const& report) override;

 private:
  // Returns true if this error has been logged in this outage, or enough different ones have.
  bool told_before(Error const& error);
  void database_answered();
  Logger log_of(RunReport const& report) const;

  sync::Observer& next_;
  Logger log_;
  AfterRun after_run_;
  std::set<std::string> outage_;  // messages logged in this outage; empty if there is none
  std::size_t met_ = 0;           // runs that failed because of the outage
  using Moment = std::chrono::steady_clock::time_point;
  std::map<std::pair<std::string, std::string>, Moment> told_at_;  // last log line of each open run
};

}  // namespace affsync
