// The counters of one run of one stream. The summary table, JSON output, metrics, the log line and
// affsync.sync_run are all made from this struct.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace affsync {

enum class RunStatus {
  running,
  succeeded,
  failed,
  partial,    // rows are stored, but some are missing, unverified, or totals differ: see `error`
  continued,  // a first load reached the time limit of a run; the next run resumes it. No failure
  skipped,    // another instance holds the stream, or the broker does not offer it to this account
  cancelled,
};
std::string_view to_string(RunStatus status);

// How long the two sides of a run waited, and what for. The side that reads waits for answers, for
// their parsing and mapping, and for room among the pages that wait to be stored; the side that
// stores waits for pages and for the database.
struct StageWaits {
  std::chrono::microseconds answer{}, mapping{}, room{}, page{}, database{};
};

struct RunReport {
  std::string source;
  std::string stream;
  std::string table;
  std::int64_t run_id = 0;  // of affsync.sync_run, unique within the source; 0: nothing is stored
  RunStatus status = RunStatus::running;
  TimePoint started_at{};
  std::optional<TimePoint> finished_at;

  std::int64_t rows_read = 0;  // rows in answers; rows on two overlapping pages count once
  std::int64_t inserted = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t deleted = 0;  // marked as deleted; rows are never removed
  std::int64_t quarantined = 0;
  std::int64_t pages = 0;
  std::int64_t requests = 0;
  std::int64_t throttled = 0;
  std::int64_t retries = 0;
  std::int64_t bytes_received = 0;
  StageWaits waits;

  // Progress: the days of the pass (unset without a window), the last day that was read to its end,
  // and the end of the pause that the broker asked for.
  std::optional<Day> window_from, window_to, reached;
  std::optional<TimePoint> waiting_until;
  bool had_rows = false;  // set with `error`: an earlier run has read the stream
  bool dry_run = false;   // nothing was looked up or stored, so `inserted` to `deleted` are unknown

  std::optional<Error> error;        // set if status is failed, partial, skipped or cancelled
  std::vector<std::string> remarks;  // of a file: what it left alone
  std::optional<std::int64_t> broker_total;  // the broker's own row count for the pass
  std::optional<TimePoint> next_run_at;

  std::chrono::milliseconds duration() const;
};

}  // namespace affsync
