// What the daemon counts about itself, in Prometheus' text form. Listens to the runs; lives on the
// I/O thread. Every label value comes from the configuration or from a closed set of words, so the
// number of series is bounded: about ten a stream, and 30 for the whole process. Kept as plain
// numbers: 7,000 streams take under 3 MB, the text of a scrape excepted.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "daemon/sync/observer.hpp"
#include "schema/store.hpp"

namespace affsync::serve {

class Metrics final : public sync::Observer {
 public:
  explicit Metrics(TimePoint process_started_at);
  ~Metrics() override;

  void on_request(std::string const& source, int status, std::chrono::microseconds took) override;
  void on_throttled(std::string const& source, std::chrono::microseconds wait) override;
  void on_rate(std::string const& source, double requests_per_second) override;
  void on_run_started(RunReport const& report) override;
  void on_progress(RunReport const& report, std::optional<std::int64_t> expected) override;
  void on_run_ended(RunReport const& report) override;

  // What only the database knows: last successes of earlier processes, unreconciled totals.
  void on_health(std::vector<schema::StreamHealth> const& streams);
  void on_database(bool answers);

  // Drops the series of every source that is not named, after a reload.
  void keep_sources(std::vector<std::string> const& names);

  // Prometheus text exposition format 0.0.4.
  std::string render() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::serve
