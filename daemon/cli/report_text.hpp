// Formats a report's rows as a table for people. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "daemon/log/terminal.hpp"
#include "daemon/reports/plan.hpp"
#include "schema/store/store.hpp"

namespace affsync::cli {

// Returns a table with grouped and rounded amounts, sums below them, and bars and trends if the
// plan has them.
std::string report_table(reports::ReportPlan const& plan, schema::Store::Table const& rows,
                         log::Terminal const& terminal);

// Returns the notes below a table, each on its own line: what the report leaves out, and why.
std::string report_notes(std::vector<std::string> const& notes, log::Terminal const& terminal);

}  // namespace affsync::cli
