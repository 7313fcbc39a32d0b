// A sheet of an XLSX workbook as a table. Numbers keep the digits of the file; serial dates become
// days only in columns that the connector names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "connectors/engine/document/document_spec.hpp"

namespace affsync::engine {

Result<Json> read_xlsx(std::string_view bytes, DocumentSpec const& spec,
                       DocumentLimits const& limits);

// Returns the names of the workbook's sheets that are not hidden, in order.
Result<std::vector<std::string>> sheet_names(std::string_view bytes, DocumentLimits const& limits);

// The text of a number as a person sees it: programs write the binary number nearest to 1.1 as
// 1.1000000000000001, and a workbook the sum of 0.1 and 0.2 as 0.30000000000000004. The fifteen
// digits, all that a workbook promises and shows, are returned if they give the same binary number,
// or if they end in zeros, so that the digits behind them are the noise of an addition. Whole
// numbers may be ids and stay.
std::string fifteen_digits(std::string_view number);

// The text of a number without an exponent, and of a whole one without places: programs in Java
// write the id 12345678 as 1.2345678E7, and 1234 as 1234.0. Exact; what has no such text of
// moderate length stays as it is.
std::string plain_digits(std::string_view number);

// The day of a serial number, "2026-10-05", or with a fraction its time too, to the second,
// "2026-10-05T14:30:00"; as it is if it is no day between 1900 and 9999. `from_1904`: the workbook
// counts from 1904.
std::string day_of_serial(std::string_view number, bool from_1904);

}  // namespace affsync::engine
