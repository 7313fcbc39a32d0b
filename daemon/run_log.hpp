// What the daemon logs of its runs, in front of the metrics: a line when a run has brought
// something or has failed, one a minute while it goes on, the rest only at debug level. An outage
// of the database is one cause, however many streams meet it: it is told once, and its end.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/log.hpp"
#include "daemon/sync/observer.hpp"

namespace affsync {

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
  void on_run_started(RunReport const& report) override;
  void on_progress(RunReport const& report, std::optional<std::int64_t> expected) override;
  void on_run_ended(RunReport const& report) override;

 private:
  // True: the same has been told in this outage.
  bool told_before(Error const& error);
  void database_answered();

  sync::Observer& next_;
  Logger log_;
  std::set<std::string> outage_;  // what was told of it; empty: there is none
  std::size_t met_ = 0;           // runs that met it
  using Moment = std::chrono::steady_clock::time_point;
  std::map<std::pair<std::string, std::string>, Moment> told_at_;  // of the runs that go on
};

}  // namespace affsync
