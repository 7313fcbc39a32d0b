// A range of consecutive days; both ends are inclusive.
#pragma once

#include "base/clock.hpp"

namespace affsync {

struct DaySpan {
  Day from{};
  Day to{};
  friend bool operator==(DaySpan const&, DaySpan const&) = default;
};

}  // namespace affsync
