// What the pages show of the daemon itself: streams, their runs, problems. Plain values, so that a
// page can be made on another thread. Performs no I/O.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/run_report.hpp"
#include "daemon/serve/readiness.hpp"
#include "schema/store/stream_health.hpp"

namespace affsync::serve {

struct StreamView {
  schema::StreamHealth health;
  std::optional<std::chrono::seconds> every;  // nullopt: not run by this daemon
  std::optional<RunReport> running;           // its run in this process
  bool late = false;

  bool is_run_here() const { return every.has_value(); }
};

struct PageState {
  std::vector<StreamView> streams;
  std::vector<NotReady> not_ready;
  std::vector<std::string> notes;          // problems of the daemon itself, such as a failed reload
  std::optional<Error> problem;            // why the database could not be asked
  bool replica_is_away = false;            // the problem is database.read_url's; runs go on
  std::optional<TimePoint> known_at;       // when the streams' state was read
  bool is_unknown = false;                 // of one source or stream: there is none of that name
  std::optional<Duration> replica_behind;  // how far the replica lags, if it is worth telling
  TimePoint started_at{};
  TimePoint now{};
};

// good, warn, bad, or none for a stream that has not been read to an end or is not run here.
char const* state_of(StreamView const& stream, TimePoint now);

// A stream with everything that is known of it. Each member is described in docs/openapi.yaml.
Json stream_json(StreamView const& stream, TimePoint now);

// A run in progress: how far it has come, and how fast.
Json running_json(RunReport const& run, TimePoint now);

}  // namespace affsync::serve
