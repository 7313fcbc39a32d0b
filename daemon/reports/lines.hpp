// Which lines of a report are shown: sums always, of the others as many as the limit allows. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "daemon/reports/plan.hpp"
#include "schema/store/store.hpp"

namespace affsync::reports {

// The rows to print, when a block may have only so many lines.
struct ReportLine {
  std::size_t row = 0;       // index in the table; of no meaning where lines are left out
  bool total = false;        // a line of sums
  std::size_t left_out = 0;  // not 0: so many lines were left out here
};
std::vector<ReportLine> report_lines(ReportPlan const& plan, schema::Store::Table const& rows);

}  // namespace affsync::reports
