#include "connectors/engine/pace/quotas.hpp"

#include <algorithm>
#include <utility>

namespace affsync::engine {

Quotas::Quotas(std::vector<RateLimit> limits) {
  for (auto& limit : limits) {
    Window window;
    window.limit = std::move(limit);
    windows_.push_back(std::move(window));
  }
}

bool Quotas::Window::counts(std::string_view stream) const {
  return limit.of.empty() || std::ranges::find(limit.of, stream) != limit.of.end();
}

TimePoint Quotas::Window::earliest(TimePoint at, int cost) const {
  std::int64_t used = 0;
  for (auto const& one : sent) used += one.until > at ? one.cost : 0;
  for (auto const& one : sent) {
    if (used + cost <= limit.requests) break;
    if (one.until <= at) continue;
    used -= one.cost;
    at = one.until;
  }
  return at;
}

void Quotas::Window::add(TimePoint at, int cost) {
  // Requests of one share of the window count until all of them have left it.
  constexpr int shares = 100;
  Duration const share = Duration(limit.per) / shares;
  TimePoint const until = at + limit.per;
  if (!sent.empty() && until <= sent.back().until) {
    sent.back().cost += cost;
    return;
  }
  // The last one of a share may be late by the share, never early.
  sent.push_back({until + (limit.requests > shares ? share : Duration(0)), cost});
}

TimePoint Quotas::earliest(TimePoint now, std::string_view stream, int cost) const {
  auto at = now;
  // A later time for one limit may be too early for another, never for an earlier one.
  for (bool moved = true; std::exchange(moved, false);) {
    for (auto const& window : windows_) {
      if (!window.counts(stream)) continue;
      auto const possible = window.earliest(at, cost);
      moved = moved || possible > at;
      at = possible;
    }
  }
  return at;
}

// If the clock goes back, what was sent is shifted with it, so that no request waits until the
// clock has caught up.
void Quotas::notice_clock(TimePoint now) {
  Duration const back = seen_at_ - now;
  seen_at_ = now;
  for (auto& window : windows_) {
    if (back > std::chrono::seconds(1)) {
      for (auto& one : window.sent) one.until -= back;
    }
    while (!window.sent.empty() && window.sent.front().until <= now) window.sent.pop_front();
  }
}

Duration Quotas::wait_for(TimePoint now, std::string_view stream, int cost) {
  notice_clock(now);
  return earliest(now, stream, cost) - now;
}

Duration Quotas::longest() const {
  Duration longest{};
  for (auto const& window : windows_) longest = std::max<Duration>(longest, window.limit.per);
  return longest;
}

void Quotas::note_past(TimePoint at, std::string_view stream, int cost) {
  for (auto& window : windows_) {
    if (window.counts(stream)) window.add(at, cost);
  }
}

Duration Quotas::reserve(TimePoint now, std::string_view stream, int cost) {
  notice_clock(now);
  auto const at = earliest(now, stream, cost);
  for (auto& window : windows_) {
    if (window.counts(stream)) window.add(at, cost);
  }
  return at - now;
}

}  // namespace affsync::engine
