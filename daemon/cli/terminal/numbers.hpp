// The numbers and times of the reports, for the commands.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/reports/numbers.hpp"

namespace affsync::cli {

using reports::fit_scale;
using reports::group_thousands;
using reports::shown_amount;
using reports::shown_duration;
using reports::shown_time;

// Returns "1 row" or "1,200 rows".
inline std::string rows_text(std::int64_t count) {
  return group_thousands(count) + (count == 1 ? " row" : " rows");
}

}  // namespace affsync::cli
