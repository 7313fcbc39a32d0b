#include "base/duration.hpp"

#include <algorithm>
#include <iterator>

namespace affsync {
namespace {

using namespace std::chrono;

struct Unit {
  char letter;
  seconds length;
};
constexpr Unit units[] = {{'d', days(1)}, {'h', hours(1)}, {'m', minutes(1)}, {'s', seconds(1)}};

}  // namespace

std::optional<seconds> unit_length(char letter) {
  auto const unit = std::ranges::find(units, letter, &Unit::letter);
  if (unit == std::end(units)) return std::nullopt;
  return unit->length;
}

std::string duration_text(seconds duration) {
  auto const unit = std::ranges::find_if(
      units, [&](Unit const& one) { return duration % one.length == seconds(0); });
  if (duration == seconds(0) || unit == std::end(units)) {
    return std::to_string(duration.count()) + "s";
  }
  return std::to_string(duration / unit->length) + unit->letter;
}

}  // namespace affsync
