#include "daemon/serve/readiness.hpp"

#include <algorithm>
#include <map>

#include "base/schedule.hpp"
#include "daemon/reports/spans.hpp"

namespace affsync::serve {

namespace {

// The streams of one source that this daemon runs.
using Streams = std::vector<schema::StreamHealth const*>;

std::map<std::string, Streams> by_source(std::vector<schema::StreamHealth> const& streams,
                                         IntervalOf const& interval) {
  std::map<std::string, Streams> sources;
  for (auto const& health : streams) {
    if (interval(health.source, health.stream)) sources[health.source].push_back(&health);
  }
  return sources;
}

std::optional<NotReady> block_of(std::string const& source, Streams const& streams, TimePoint now) {
  auto const found = std::find_if(streams.begin(), streams.end(),
                                  [&](auto const* health) { return health->is_blocked(now); });
  if (found == streams.end()) return std::nullopt;
  NotReady entry;
  entry.source = source;
  entry.reason = "blocked";
  entry.message = "no requests are sent to the source until " +
                  format_time(std::chrono::floor<std::chrono::seconds>(*(*found)->blocked_until)) +
                  " (" + (*found)->blocked_code + "): " + (*found)->blocked_reason;
  return entry;
}

std::optional<NotReady> failure_of(std::string const& source, Streams const& streams) {
  auto const failed = [](auto const* health) { return health->ended_status == "failed"; };
  if (!std::all_of(streams.begin(), streams.end(), failed)) return std::nullopt;
  NotReady entry;
  entry.source = source;
  entry.reason = "all_failed";
  entry.message = streams.size() == 1
                      ? "its only stream has failed"
                      : "all of its " + std::to_string(streams.size()) + " streams have failed";
  auto const& first = *streams.front();
  if (!first.last_error.empty()) entry.message += "; " + first.stream + ": " + first.last_error;
  return entry;
}

std::string counted(std::int64_t number, char const* one, char const* several) {
  return std::to_string(number) + " " + (number == 1 ? one : several);
}

}  // namespace

std::vector<NotReady> late_streams(std::vector<schema::StreamHealth> const& streams,
                                   IntervalOf const& interval, TimePoint started_at,
                                   TimePoint now) {
  std::vector<NotReady> late;
  for (auto const& health : streams) {
    auto const every = interval(health.source, health.stream);
    if (!every) continue;
    auto const since = health.last_success_at.value_or(started_at);
    if (now - since <= intervals_allowed * *every) continue;
    NotReady entry;
    entry.source = health.source;
    entry.stream = health.stream;
    entry.reason = health.last_success_at ? "late" : "never_succeeded";
    entry.message =
        (health.last_success_at
             ? "the last success was " + reports::span_text(now - since) + " ago"
             : "no success since the start " + reports::span_text(now - since) + " ago") +
        ", and it runs every " + reports::span_text(*every);
    if (!health.last_error.empty()) entry.message += "; last error: " + health.last_error;
    late.push_back(std::move(entry));
  }
  return late;
}

std::vector<schema::StreamHealth> with_believed_runs(std::vector<schema::StreamHealth> streams,
                                                     IntervalOf const& interval, TimePoint now) {
  for (auto& health : streams) {
    auto const every = interval(health.source, health.stream);
    if (!every || !health.next_run_at) continue;
    health.next_run_at =
        Schedule(*every).believed(*health.next_run_at, health.last_success_at, now);
  }
  return streams;
}

std::vector<NotReady> not_ready(std::vector<schema::StreamHealth> const& streams,
                                IntervalOf const& interval, TimePoint started_at, TimePoint now) {
  std::vector<NotReady> all;
  for (auto const& [source, its_streams] : by_source(streams, interval)) {
    auto entry = block_of(source, its_streams, now);
    if (!entry) entry = failure_of(source, its_streams);
    if (entry) all.push_back(std::move(*entry));
  }
  for (auto& entry : late_streams(streams, interval, started_at, now)) {
    all.push_back(std::move(entry));
  }
  return all;
}

std::vector<std::string> complaints(schema::StreamHealth const& health, bool late, TimePoint now) {
  std::vector<std::string> all;
  if (health.is_blocked(now)) all.emplace_back("blocked");
  if (health.ended_status == "failed" || health.ended_status == "partial" ||
      health.ended_status == "skipped") {
    all.push_back(health.ended_status);
  }
  if (late) all.emplace_back("late");
  if (health.quarantined > 0) {
    all.push_back(counted(health.quarantined, "row in quarantine", "rows in quarantine"));
  }
  if (health.unreconciled > 0) {
    all.push_back(counted(health.unreconciled, "total differs", "totals differ"));
  }
  if (health.doubtful_days > 0) {
    all.push_back(counted(health.doubtful_days, "day in doubt", "days in doubt"));
  }
  if (health.lost_days > 0) all.push_back(counted(health.lost_days, "day lost", "days lost"));
  if (health.clock_is_wrong()) all.emplace_back("clock off");
  return all;
}

}  // namespace affsync::serve
