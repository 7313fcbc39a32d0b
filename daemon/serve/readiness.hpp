// Whether the daemon does its work: the rule behind /readyz. Pure.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "schema/store.hpp"

namespace affsync::serve {

using IntervalOf = std::function<std::optional<std::chrono::seconds>(std::string const& source,
                                                                     std::string const& stream)>;

struct NotReady {
  std::string source;  // empty when it is about the database
  std::string stream;
  std::string reason;  // database, late, never_succeeded
  std::string message;
};

// The streams that are past three of their intervals; one that never succeeded counts from the
// start of the process. Streams without an interval are not this daemon's.
std::vector<NotReady> late_streams(std::vector<schema::StreamHealth> const& streams,
                                   IntervalOf const& interval, TimePoint started_at, TimePoint now);

}  // namespace affsync::serve
