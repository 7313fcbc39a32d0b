// The numbers and times of the reports, for the commands.
#pragma once

#include "daemon/reports/numbers.hpp"

namespace affsync::cli {

using reports::fit_scale;
using reports::group_thousands;
using reports::shown_amount;
using reports::shown_duration;
using reports::shown_time;

}  // namespace affsync::cli
