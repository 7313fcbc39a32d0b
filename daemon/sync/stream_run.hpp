// One run of one stream: the loop between the reader, the source's session and the store. Owns
// everything it starts. While PostgreSQL stores a page, the next one is fetched and read; answers
// to requests that were sent ahead wait unread, as far as memory allows.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/run_report.hpp"
#include "daemon/async/workers.hpp"
#include "daemon/sync/observer.hpp"
#include "daemon/sync/page_queue.hpp"
#include "daemon/sync/prefetch.hpp"
#include "daemon/sync/stream_task.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

struct RunOptions {
  bool full = false;                       // --full, or the stream's full pass is due
  std::optional<Day> since, until;         // read only these days
  bool scheduled = false;                  // a run of the daemon: sets the stream's next_run_at
  double jitter = 0;                       // [0, 1), for the time of the next run
  std::chrono::seconds longest{6 * 3600};  // time limit; the next run resumes where this one ended
  RunOptions() = default;
};

struct RunParts {
  schema::Store* store = nullptr;  // nullptr for --dry-run: the database is not used
  Clock* clock = nullptr;
  Observer* observer = nullptr;
  async::Workers* workers = nullptr;  // read large answers; nullptr: the I/O thread does
  // Of all runs.
  std::shared_ptr<AheadBudget> ahead_budget = std::make_shared<AheadBudget>();
  std::shared_ptr<QueueBudget> queue_budget = std::make_shared<QueueBudget>();
  RunParts() = default;
};

// Runs a stream once. Failures of the run are in the report's status and error, never thrown.
// After terminal cancellation the current page is either stored completely or not at all, and the
// run is closed as `cancelled`.
asio::awaitable<RunReport> run_stream(StreamTask task, RunOptions options, RunParts parts,
                                      Logger log);

}  // namespace affsync::sync
