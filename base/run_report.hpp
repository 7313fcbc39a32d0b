// The counters of one run of one stream: the one struct behind the summary table, JSON, metrics,
// the log line and affsync.sync_run.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace affsync {

enum class RunStatus {
  running,
  succeeded,
  failed,
  partial,    // rows are in, but not all, not verified, or the books differ: `error` says which
  continued,  // a first load that reached the time limit of a run; the next run goes on. No failure
  skipped,    // another instance holds it, or the broker does not offer it to this account
  cancelled,
};
std::string_view to_string(RunStatus status);

struct RunReport {
  std::string source;
  std::string stream;
  std::string table;
  RunStatus status = RunStatus::running;
  TimePoint started_at{};
  std::optional<TimePoint> finished_at;

  std::int64_t rows_read = 0;  // rows in answers, overlap of pages not counted twice
  std::int64_t inserted = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t deleted = 0;  // marked, never removed
  std::int64_t quarantined = 0;
  std::int64_t pages = 0;
  std::int64_t requests = 0;
  std::int64_t throttled = 0;
  std::int64_t retries = 0;
  std::int64_t bytes_received = 0;

  // How far it has come, for progress: the days of the pass (none without a window), the last of
  // them that was read to its end, and until when the broker has asked for a pause.
  std::optional<Day> window_from, window_to, reached;
  std::optional<TimePoint> waiting_until;
  bool dry_run = false;  // nothing was looked up or stored: inserted to deleted are not known

  std::optional<Error> error;  // set when status is failed, partial, skipped or cancelled
  std::optional<std::int64_t> broker_total;  // rows the broker says there are in the pass's scope
  std::optional<TimePoint> next_run_at;

  std::chrono::milliseconds duration() const;
};

}  // namespace affsync
