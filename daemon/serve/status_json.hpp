// The JSON of /readyz and /api/status. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "daemon/serve/readiness.hpp"
#include "schema/store/store.hpp"

namespace affsync::serve {

struct StatusView {
  std::vector<schema::StreamHealth> streams;
  std::vector<NotReady> not_ready;
  TimePoint started_at{};
  TimePoint now{};
};

// {"ready":false,"reasons":[{"reason":…,"source":…,"stream":…,"message":…}]}
std::string readiness_json(std::vector<NotReady> const& not_ready);

// {"version","commit","started_at","now","ready","reasons":[…],"streams":[{…}]}; times are UTC,
// unknown values are null. `interval_seconds` is null for a stream that another instance runs.
std::string status_json(StatusView const& view, IntervalOf const& interval);

// {"error":{"code":…,"message":…,"hint":…}}
std::string error_json(Error const& error);

}  // namespace affsync::serve
