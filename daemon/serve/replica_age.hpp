// How old the figures of a replica are (database.read_url).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "schema/store/stream_health.hpp"

namespace affsync::serve {

// Remembers what a replica lacked when it was looked at last: of each stream both databases tell
// only their latest success, and with each further one a replica that stands still would seem up to
// date.
class ReplicaAge {
 public:
  // Takes what the two know now. Returns how long ago the oldest success ended that the replica
  // lacks; 0 if it lacks none.
  Duration look(std::vector<schema::StreamHealth> const& primary,
                std::vector<schema::StreamHealth> const& replica, TimePoint now);

 private:
  std::map<std::pair<std::string, std::string>, TimePoint> missing_;  // by source and stream
};

// What is worth telling a person: nullopt if it is less than a minute.
std::optional<Duration> worth_telling(Duration replica_age);

}  // namespace affsync::serve
