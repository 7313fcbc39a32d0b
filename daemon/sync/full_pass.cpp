#include "daemon/sync/full_pass.hpp"

#include <algorithm>

namespace affsync::sync {

bool is_full_due(StreamTask const& task, schema::StreamState const& state, TimePoint now) {
  if (!task.full_every) return false;
  auto const& began = state.last_full_began_at;
  // A start in the future was recorded while the clock was wrong.
  if (!began || *began > now) return true;
  Duration slack{};
  if (task.full_every->is_interval()) {
    slack = std::min<Duration>(task.full_every->interval() / 10, task.every.interval() / 2);
  }
  return task.full_every->next(*began, 0) <= now + slack;
}

}  // namespace affsync::sync
