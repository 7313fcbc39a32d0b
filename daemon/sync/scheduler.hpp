// Tracks when each stream is due. Performs no I/O; the caller passes the time.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace affsync::sync {

class Scheduler {
 public:
  // Entries are numbered 0 … count-1. An entry is not due before set() gave it a time.
  explicit Scheduler(std::size_t count) : due_(count) {}

  void set(std::size_t entry, TimePoint due);
  // Returns the earliest time; nullopt if the queue is empty.
  std::optional<TimePoint> next() const;
  // Removes one due entry from the queue and returns it; it is not due again before the next set().
  std::optional<std::size_t> pop(TimePoint now);

 private:
  std::vector<std::optional<TimePoint>> due_;
  std::set<std::pair<TimePoint, std::size_t>> queue_;
};

}  // namespace affsync::sync
