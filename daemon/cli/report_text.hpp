// A report's rows as a table for people. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/log/terminal.hpp"
#include "daemon/reports/plan.hpp"
#include "schema/store/store.hpp"

namespace affsync::cli {

// Amounts grouped and rounded for reading, sums below, bars and trends where the plan has them.
std::string report_table(reports::ReportPlan const& plan, schema::Store::Table const& rows,
                         log::Terminal const& terminal);

// What stands below a table, one note a line: what the report leaves out, and why.
std::string report_notes(std::vector<std::string> const& notes, log::Terminal const& terminal);

}  // namespace affsync::cli
