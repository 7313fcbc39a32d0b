// A report's rows as a table, CSV or JSON. Pure.
#pragma once

#include <string>

#include "daemon/cli/report_plan.hpp"
#include "daemon/log/terminal.hpp"
#include "schema/store.hpp"

namespace affsync::cli {

// Amounts grouped and rounded for reading, sums below, bars and trends where the plan has them.
std::string report_table(ReportPlan const& plan, schema::Store::Table const& rows,
                         log::Terminal const& terminal);

// RFC 4180: a header, lines that end in CR LF, quotes where needed. Every digit is there; null is
// an empty field, an empty text is "". No sums.
std::string report_csv(ReportPlan const& plan, schema::Store::Table const& rows);

// {"report","by","since","until","rows":[{…}],"totals":[{…}]} on one line, without a line feed.
// Amounts are strings, so that no reader rounds them; counts are numbers.
std::string report_json(ReportPlan const& plan, schema::Store::Table const& rows);

}  // namespace affsync::cli
