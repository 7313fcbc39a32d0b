// What the refusals of a broker have shown of how many requests a second it allows. The next
// process begins with it.
#pragma once

#include <cmath>
#include <optional>

namespace affsync {

struct LearnedRate {
  double requests_per_second = 0;
  double answers = 0;           // that this was measured with: how precise it is
  bool waits_are_told = false;  // refusals say how long to wait, usually in whole seconds

  // Whether it is worth storing in place of `stored`.
  bool differs_from(std::optional<LearnedRate> const& stored) const {
    constexpr double slight = 0.01;
    return !stored || std::abs(requests_per_second - stored->requests_per_second) >
                          slight * stored->requests_per_second;
  }
};

}  // namespace affsync
