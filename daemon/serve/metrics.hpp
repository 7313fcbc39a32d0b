// What the daemon counts about itself, in Prometheus' text form. Listens to the runs; lives on the
// I/O thread. Every label value comes from the configuration or from a closed set of words, so the
// number of series is bounded: about 40 a stream, and 30 for the whole process. Kept as plain
// numbers, the text of a scrape excepted.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "daemon/sync/observer.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

// A stream of the configuration, and how often it runs; nullopt for one that is off.
struct StreamSetting {
  std::string source, stream;
  std::optional<std::chrono::seconds> interval;
};

class Metrics final : public sync::Observer {
 public:
  explicit Metrics(TimePoint process_started_at);
  ~Metrics() override;

  void on_request(std::string const& source, int status, std::chrono::microseconds took) override;
  void on_throttled(std::string const& source, std::chrono::microseconds wait) override;
  void on_rate(std::string const& source, double requests_per_second) override;
  void on_blocked(std::string const& source, std::string const& code, TimePoint until) override;
  void on_unblocked(std::string const& source) override;
  void on_clock_skew(std::string const& source, std::chrono::microseconds skew) override;
  void on_run_started(RunReport const& report) override;
  void on_progress(RunReport const& report, std::optional<std::int64_t> expected) override;
  void on_run_ended(RunReport const& report) override;

  // What only the database knows: last successes of earlier processes, unreconciled totals.
  void on_health(std::vector<schema::StreamHealth> const& streams);
  void on_database(bool answers);
  void on_reload(bool successful);
  // The run of a stream that goes on; nullptr when there is none. Valid until the next call of
  // anything here.
  RunReport const* running(std::string const& source, std::string const& stream) const;

  // The streams of the configuration. From then on these have series, from the start and with 0,
  // and no others: what is off, retired or gone takes its series along.
  void set_streams(std::vector<StreamSetting> const& streams);

  // Drops the series of every source that is not named, after a reload.
  void keep_sources(std::vector<std::string> const& names);

  // Prometheus text exposition format 0.0.4.
  std::string render(TimePoint now = SystemClock().now()) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::serve
