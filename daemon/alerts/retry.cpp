#include "daemon/alerts/retry.hpp"

#include <algorithm>
#include <array>

namespace affsync::alerts {
namespace {

using std::chrono::seconds;

constexpr std::array pauses{seconds(5), seconds(15), seconds(60), seconds(300), seconds(900)};

}  // namespace

TimePoint next_attempt(TimePoint now, int attempts, std::optional<std::chrono::milliseconds> asked,
                       double jitter) {
  constexpr std::chrono::hours longest{6};
  constexpr double most_jitter = 0.2;
  auto const index = std::clamp(attempts, 1, static_cast<int>(pauses.size())) - 1;
  auto const pause = std::chrono::duration<double>(pauses[static_cast<std::size_t>(index)]);
  auto wait = std::chrono::duration_cast<Duration>(pause * (1 + most_jitter * jitter));
  if (asked) wait = std::max(wait, std::min(Duration(*asked), Duration(longest)));
  return now + wait;
}

}  // namespace affsync::alerts
