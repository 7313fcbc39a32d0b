#include "daemon/reports/spans.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string_view>

namespace affsync::reports {
namespace {

struct Unit {
  std::int64_t seconds;
  std::string_view word;
  std::int64_t least;           // how often it must fit
  std::string_view exact = {};  // after "1", if the unit fits once and without a remainder
};

// Uses the first of the units that fits; the last always does.
std::string in_unit(Duration span, std::span<Unit const> units) {
  auto const seconds =
      std::max(std::chrono::floor<std::chrono::seconds>(span).count(), std::int64_t{0});
  for (auto const& unit : units) {
    if (seconds == unit.seconds && !unit.exact.empty()) return "1" + std::string(unit.exact);
    auto const count = seconds / unit.seconds;
    if (count >= unit.least) return std::to_string(count).append(unit.word);
  }
  return {};
}

}  // namespace

std::optional<std::int64_t> whole_seconds(std::optional<double> seconds) {
  if (!seconds || !std::isfinite(*seconds)) return std::nullopt;
  return std::llround(*seconds);
}

std::string span_text(Duration span) {
  static constexpr Unit units[] = {
      {86'400, " days", 2, " day"}, {3600, " h", 2, " h"}, {60, " min", 2, " min"}, {1, " s", 0}};
  return in_unit(span, units);
}

std::string short_span_text(Duration span) {
  static constexpr Unit units[] = {{86'400, "d", 2}, {3600, "h", 1}, {60, "m", 1}, {1, "s", 0}};
  return in_unit(span, units);
}

std::string long_span_text(Duration span) {
  static constexpr Unit units[] = {{86'400, " days", 2}, {3600, " hours", 2}, {60, " minutes", 0}};
  return in_unit(span, units);
}

std::string relative_text(TimePoint time, TimePoint now) {
  auto const distance = now - time;
  if (std::chrono::abs(distance) < std::chrono::seconds(1)) return "now";
  return distance.count() > 0 ? span_text(distance) + " ago" : "in " + span_text(-distance);
}

}  // namespace affsync::reports
