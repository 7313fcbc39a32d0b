#include "daemon/sync/scheduler.hpp"

namespace affsync::sync {

void Scheduler::set(std::size_t entry, TimePoint due) {
  if (due_[entry]) queue_.erase({*due_[entry], entry});
  due_[entry] = due;
  queue_.emplace(due, entry);
}

std::optional<TimePoint> Scheduler::next() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.begin()->first;
}

std::optional<std::size_t> Scheduler::pop(TimePoint now) {
  if (queue_.empty() || queue_.begin()->first > now) return std::nullopt;
  std::size_t const entry = queue_.begin()->second;
  queue_.erase(queue_.begin());
  due_[entry].reset();
  return entry;
}

}  // namespace affsync::sync
