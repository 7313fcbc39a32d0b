// One run of one stream: the loop between the reader, the source's session and the store. Owns
// everything it starts. While PostgreSQL stores a page, the next one is on the wire; more than that
// is never in memory.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/run_report.hpp"
#include "daemon/sync/observer.hpp"
#include "daemon/sync/stream_task.hpp"
#include "schema/store/store.hpp"

namespace affsync::sync {

struct RunOptions {
  bool full = false;                       // --full, or the stream's full pass is due
  std::optional<Day> since, until;         // only these days
  bool scheduled = false;                  // the daemon's: sets the stream's next_run_at
  double jitter = 0;                       // [0, 1), of the next time
  std::chrono::seconds longest{6 * 3600};  // then the run ends; the next one goes on from there
  RunOptions() = default;
};

struct RunParts {
  schema::Store* store = nullptr;  // nullptr: --dry-run, nothing is read from or written to it
  Clock* clock = nullptr;
  Observer* observer = nullptr;
  RunParts() = default;
};

// Never throws for what happens to the run: that is in the report's status and error.
// Terminal cancellation ends it with the page in flight either stored or not, and the run closed as
// `cancelled`.
asio::awaitable<RunReport> run_stream(StreamTask task, RunOptions options, RunParts parts,
                                      Logger log);

}  // namespace affsync::sync
