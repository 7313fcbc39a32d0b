// Writes a report's rows for programs, as CSV or JSON. Performs no I/O.
#pragma once

#include <string>
#include <vector>

#include "daemon/reports/plan.hpp"
#include "schema/store/store.hpp"

namespace affsync::reports {

// Returns CSV (RFC 4180): a header, lines that end with CR LF, quotes where needed. Amounts keep
// all digits; null is an empty field, an empty text is "". Contains neither sums nor a note on
// lines that the limit left out.
std::string report_csv(ReportPlan const& plan, schema::Store::Table const& rows);

// Returns {"report","by","since","until","rows":[{…}],"totals":[{…}],"left_out"} on one line,
// without a line feed, with "notes":[…] if there are any; left_out counts the rows beyond the
// limit. Amounts are strings, so that no reader rounds them; counts are numbers.
std::string report_json(ReportPlan const& plan, schema::Store::Table const& rows,
                        std::vector<std::string> const& notes = {});

}  // namespace affsync::reports
