#include "daemon/sync/run_times.hpp"

#include <algorithm>
#include <chrono>

namespace affsync::sync {

void refuse_start_ahead(engine::StreamPlan const& plan, TimePoint now) {
  auto const& window = plan.spec.window;
  auto const tomorrow = now + std::chrono::days(1);
  if (!window || window->start <= tomorrow) return;
  throw Failure(ErrorCode::clock_skew,
                "today is " + format_day(std::chrono::floor<std::chrono::days>(now)) +
                    " by the clock of this machine, before the stream's start, " +
                    format_day(window->start),
                "Set the clock (timedatectl), or correct `start` of the stream.");
}

std::optional<TimePoint> due_later(StreamTask const& task, schema::StreamState const& state,
                                   TimePoint now) {
  if (!state.next_run_at || state.interrupted_run) return std::nullopt;
  // Another instance may have read the stream meanwhile. A shorter interval takes effect at once.
  TimePoint due = *state.next_run_at;
  if (state.last_success_at) due = std::min(due, task.every.next(*state.last_success_at, 1));
  // A time further ahead than one interval was written while the clock was wrong: ignore it.
  bool const believable = due <= task.every.next(now, 1);
  if (believable && due > now) return due;
  return std::nullopt;
}

TimePoint next_run_at(StreamTask const& task, RunReport const& report, double jitter) {
  // If a run took longer than its interval, one run follows at once; missed runs are not repeated.
  if (report.status == RunStatus::continued) return *report.finished_at;
  return std::max(task.every.next(report.started_at, jitter), *report.finished_at);
}

}  // namespace affsync::sync
