#include "daemon/serve/readiness.hpp"

#include "daemon/serve/relative_time.hpp"

namespace affsync::serve {

namespace {

constexpr int intervals_allowed = 3;

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
        (health.last_success_at ? "the last success was " + span_text(now - since) + " ago"
                                : "no success since the start " + span_text(now - since) + " ago") +
        ", and it runs every " + span_text(*every);
    if (!health.last_error.empty()) entry.message += "; last error: " + health.last_error;
    late.push_back(std::move(entry));
  }
  return late;
}

}  // namespace affsync::serve
