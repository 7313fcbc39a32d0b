// A report's rows as a table, CSV or JSON. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "daemon/cli/report_plan.hpp"
#include "daemon/log/terminal.hpp"
#include "schema/store.hpp"

namespace affsync::cli {

// The rows to print, when a block may have only so many lines.
struct ReportLine {
  std::size_t row = 0;       // index in the table; of no meaning where lines are left out
  bool total = false;        // a line of sums
  std::size_t left_out = 0;  // not 0: so many lines were left out here
};
std::vector<ReportLine> report_lines(ReportPlan const& plan, schema::Store::Table const& rows);

// Amounts grouped and rounded for reading, sums below, bars and trends where the plan has them.
std::string report_table(ReportPlan const& plan, schema::Store::Table const& rows,
                         log::Terminal const& terminal);

// RFC 4180: a header, lines that end in CR LF, quotes where needed. Every digit is there; null is
// an empty field, an empty text is "". No sums, and no word of what the limit left out.
std::string report_csv(ReportPlan const& plan, schema::Store::Table const& rows);

// What stands below a table, one note a line: what the report leaves out, and why.
std::string report_notes(std::vector<std::string> const& notes, log::Terminal const& terminal);

// {"report","by","since","until","rows":[{…}],"totals":[{…}],"left_out"} on one line, without a
// line feed, and "notes":[…] where there are any; left_out counts the rows beyond the limit.
// Amounts are strings, so that no reader rounds them; counts are numbers.
std::string report_json(ReportPlan const& plan, schema::Store::Table const& rows,
                        std::vector<std::string> const& notes = {});

}  // namespace affsync::cli
