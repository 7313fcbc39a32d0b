// The daemon's metrics in the text format of Prometheus. Observes the runs; lives on the I/O
// thread. Every label value comes from the configuration or from a fixed set of words, so the
// number of series is bounded: about 30 for each stream, 35 for each source and its amounts of
// money, and 40 for the whole process.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "daemon/serve/alert_figures.hpp"
#include "daemon/serve/money_figures.hpp"
#include "daemon/sync/observer.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

// A stream of the configuration and its interval; nullopt if the stream is off.
struct StreamSetting {
  std::string source, stream;
  std::optional<std::chrono::seconds> interval;
};

class Metrics final : public sync::Observer {
 public:
  // Without `clock`, the system's.
  explicit Metrics(TimePoint process_started_at, Clock const* clock = nullptr);
  ~Metrics() override;

  void on_request(std::string const& source, int status, std::chrono::microseconds took) override;
  void on_throttled(std::string const& source, std::chrono::microseconds wait,
                    bool is_asked) override;
  void on_rate(std::string const& source, double requests_per_second) override;
  void on_blocked(std::string const& source, std::string const& code, TimePoint until) override;
  void on_unblocked(std::string const& source) override;
  void on_clock_skew(std::string const& source, std::chrono::microseconds skew) override;
  void on_written(std::chrono::microseconds took) override;
  void on_run_started(RunReport const& report) override;
  void on_progress(RunReport const& report, std::optional<std::int64_t> expected) override;
  void on_run_ended(RunReport const& report) override;

  // Takes what only the database knows: last successes of earlier processes, unreconciled totals.
  void on_health(std::vector<schema::StreamHealth> const& streams);
  // Takes the amounts of one figure that the database knows, of all sources.
  void on_money(Money figure, std::vector<MoneyLine> lines, TimePoint now);
  void on_database(bool answers);
  // How many leases this process holds.
  void on_leases(std::size_t held);
  // How old what the replica lacks is; 0 if it lacks nothing. Without a replica never called.
  void on_replica(Duration lag);
  // A request with a token was refused: the token is wrong, or was not looked at.
  enum class TokenRefusal { wrong, too_many };
  void on_token_refused(TokenRefusal reason);
  void on_reload(bool successful);
  // Returns the current run of a stream; nullptr if there is none. Valid until the next call of any
  // member.
  RunReport const* running(std::string const& source, std::string const& stream) const;

  // Sets the streams of the configuration. From then on exactly these have series, which start with
  // 0. The series of streams that are off, retired or removed are dropped.
  void set_streams(std::vector<StreamSetting> const& streams);

  // The figures of alerts, which their delivery tells.
  AlertFigures& alerts();

  // Returns the text of a scrape, in Prometheus text exposition format 0.0.4.
  std::string render(TimePoint now = SystemClock().now()) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace affsync::serve
