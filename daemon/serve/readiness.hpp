// Whether the daemon does its work: the rule behind /readyz, and what is wrong with a stream in the
// words of the status page. Pure.
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

// A stream that is past so many of its intervals is late.
constexpr int intervals_allowed = 3;

struct NotReady {
  std::string source;  // empty when it is about the database
  std::string stream;  // empty when it is about the whole source
  std::string reason;  // database, blocked, all_failed, late, never_succeeded
  std::string message;
};

// The streams that are past three of their intervals; one that never succeeded counts from the
// start of the process. Streams without an interval are not this daemon's.
std::vector<NotReady> late_streams(std::vector<schema::StreamHealth> const& streams,
                                   IntervalOf const& interval, TimePoint started_at, TimePoint now);

// Besides, at once: sources that are blocked, and sources of whose streams each one's latest run
// has failed. Such a source has one line, not one for each stream.
std::vector<NotReady> not_ready(std::vector<schema::StreamHealth> const& streams,
                                IntervalOf const& interval, TimePoint started_at, TimePoint now);

// What speaks against a stream, in a few words each: "failed", "3 rows in quarantine"; empty: all
// is well. `late` is for the caller to say.
std::vector<std::string> complaints(schema::StreamHealth const& health, bool late, TimePoint now);

}  // namespace affsync::serve
