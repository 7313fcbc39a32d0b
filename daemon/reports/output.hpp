// A report's rows for programs: CSV and JSON. Pure.
#pragma once

#include <string>
#include <vector>

#include "daemon/reports/plan.hpp"
#include "schema/store/store.hpp"

namespace affsync::reports {

// RFC 4180: a header, lines that end in CR LF, quotes where needed. Every digit is there; null is
// an empty field, an empty text is "". No sums, and no word of what the limit left out.
std::string report_csv(ReportPlan const& plan, schema::Store::Table const& rows);

// {"report","by","since","until","rows":[{…}],"totals":[{…}],"left_out"} on one line, without a
// line feed, and "notes":[…] where there are any; left_out counts the rows beyond the limit.
// Amounts are strings, so that no reader rounds them; counts are numbers.
std::string report_json(ReportPlan const& plan, schema::Store::Table const& rows,
                        std::vector<std::string> const& notes = {});

}  // namespace affsync::reports
