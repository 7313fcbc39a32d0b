#include "daemon/serve/relative_time.hpp"

#include <algorithm>

namespace affsync::serve {

std::string span_text(Duration span) {
  auto const seconds =
      std::max(std::chrono::floor<std::chrono::seconds>(span).count(), std::int64_t{0});
  struct Unit {
    std::int64_t seconds;
    char const* name;
  };
  for (Unit const unit : {Unit{86400, " days"}, Unit{3600, " h"}, Unit{60, " min"}}) {
    auto const count = seconds / unit.seconds;
    if (count == 1 && unit.seconds == 86400 && seconds % 86400 == 0) return "1 day";
    if (count >= 2 || (count == 1 && seconds % unit.seconds == 0)) {
      return std::to_string(count) + unit.name;
    }
  }
  return std::to_string(seconds) + " s";
}

std::string relative_text(TimePoint time, TimePoint now) {
  auto const distance = now - time;
  if (std::chrono::abs(distance) < std::chrono::seconds(1)) return "now";
  return distance.count() > 0 ? span_text(distance) + " ago" : "in " + span_text(-distance);
}

}  // namespace affsync::serve
