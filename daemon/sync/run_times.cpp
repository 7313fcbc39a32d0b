#include "daemon/sync/run_times.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "base/batch.hpp"
#include "connectors/engine/paging/window.hpp"

namespace affsync::sync {

void refuse_start_ahead(engine::StreamPlan const& plan, TimePoint now) {
  auto const& window = plan.spec->window;
  if (!window) return;
  auto const today = engine::today_in(window->zone, now);
  if (window->start <= today) return;
  throw Failure(ErrorCode::clock_skew,
                "today is " + format_day(today) +
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
  if (task.every.believes(due, now) && due > now) return due;
  return std::nullopt;
}

std::optional<TimePoint> due_at(StreamTask const& task,
                                std::vector<schema::StreamTimes> const& times, TimePoint now) {
  auto const known = std::ranges::find(times, task.stream(), &schema::StreamTimes::stream);
  if (known == times.end() || known->running) return std::nullopt;
  schema::StreamState state;
  state.next_run_at = known->next_run_at;
  state.last_success_at = known->last_success_at;
  return due_later(task, state, now);
}

TimePoint spread_after(TimePoint started_at, std::chrono::seconds interval, std::string_view source,
                       std::string_view stream) {
  Duration const length = interval;
  auto const hash = hash_key(std::string(source) + '/' + std::string(stream));
  Duration const phase(
      static_cast<Duration::rep>(hash % static_cast<std::uint64_t>(length.count())));
  auto since_place = (started_at.time_since_epoch() - phase) % length;
  if (since_place < Duration()) since_place += length;
  auto const left = length - since_place;
  auto const half = length / 2;
  if (left >= half) return started_at + left;
  // Less than half an interval behind the place: a run begins a little late, so that it would be
  // too near to its place the next time as well, and would stay where it is for ever.
  return started_at + half + left * 4 / 5;
}

TimePoint next_run_at(StreamTask const& task, RunReport const& report, double jitter) {
  // If a run took longer than its interval, one run follows at once; missed runs are not repeated.
  if (report.status == RunStatus::continued) return *report.finished_at;
  auto const due = task.every.is_interval() ? spread_after(report.started_at, task.every.interval(),
                                                           task.source(), task.stream())
                                            : task.every.next(report.started_at, jitter);
  return std::max(due, *report.finished_at);
}

}  // namespace affsync::sync
