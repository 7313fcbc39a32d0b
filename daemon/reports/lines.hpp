// Chooses the lines of a report to show: all sums, and as many other lines as the limit allows.
// Performs no I/O.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/reports/plan.hpp"
#include "schema/store/store.hpp"

namespace affsync::reports {

struct ReportLine {
  std::size_t row = 0;       // index in the table; meaningless if left_out is not 0
  bool total = false;        // a line of sums
  bool all = false;          // one over all currencies
  std::size_t left_out = 0;  // if not 0: the number of lines that were left out here
};
// Returns the lines to show; the limit of the plan applies to each block, which ends with sums.
std::vector<ReportLine> report_lines(ReportPlan const& plan, schema::Store::Table const& rows);

}  // namespace affsync::reports
