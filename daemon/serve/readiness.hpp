// The rule behind /readyz, and short texts on the problems of a stream for the status. Performs no
// I/O.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

using IntervalOf = std::function<std::optional<std::chrono::seconds>(std::string const& source,
                                                                     std::string const& stream)>;

// A stream is late if its last success is more than this number of its intervals ago.
constexpr int intervals_allowed = 3;

struct NotReady {
  std::string source;  // empty when it is about the database
  std::string stream;  // empty when it is about the whole source
  std::string reason;  // database, database_full, blocked, all_failed, late, never_succeeded
  std::string message;
};

// Returns the streams that are late. A stream that never succeeded counts from the start of the
// process. Streams without an interval belong to other daemons and are ignored.
std::vector<NotReady> late_streams(std::vector<schema::StreamHealth> const& streams,
                                   IntervalOf const& interval, TimePoint started_at, TimePoint now);

// Returns them with the times of their next runs at which they are really due; see
// Schedule::believed(). Streams without an interval stay as they are.
std::vector<schema::StreamHealth> with_believed_runs(std::vector<schema::StreamHealth> streams,
                                                     IntervalOf const& interval, TimePoint now);

// Returns the late streams and, without waiting for lateness, the sources that are blocked and
// those where the latest run of every stream has failed. Such a source has one entry, not one for
// each stream.
std::vector<NotReady> not_ready(std::vector<schema::StreamHealth> const& streams,
                                IntervalOf const& interval, TimePoint started_at, TimePoint now);

// Returns the problems of a stream in a few words each: "failed", "3 rows in quarantine"; empty if
// there are none. `late`: see late_streams().
std::vector<std::string> complaints(schema::StreamHealth const& health, bool late, TimePoint now);

}  // namespace affsync::serve
