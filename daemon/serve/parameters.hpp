// Reads the parameters of addresses. All throw Failure(usage) for a parameter that does not exist
// and for a value that cannot be. Performs no I/O.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "daemon/serve/query_string.hpp"

namespace affsync::serve {

struct EarningsParameters {
  std::optional<Day> since, until;
  std::string by;
};

EarningsParameters earnings_parameters(Target const& target);

// The number of the run before which runs are listed; empty: the latest ones.
std::string before_parameter(Target const& target);

}  // namespace affsync::serve
