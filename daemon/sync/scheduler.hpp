// Which stream is due when. Pure bookkeeping over a clock that is handed in.
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
  // Entries are numbered 0 … count-1; none is due before it was given a time.
  explicit Scheduler(std::size_t count) : due_(count) {}

  void set(std::size_t entry, TimePoint due);
  // The earliest time; nullopt when nothing waits.
  std::optional<TimePoint> next() const;
  // Takes one entry that is due out of the queue; it waits for set() again.
  std::optional<std::size_t> pop(TimePoint now);

 private:
  std::vector<std::optional<TimePoint>> due_;
  std::set<std::pair<TimePoint, std::size_t>> queue_;
};

}  // namespace affsync::sync
