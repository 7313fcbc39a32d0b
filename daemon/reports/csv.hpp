// Writes CSV (RFC 4180) for programs and spreadsheets. Performs no I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace affsync::reports {

// Returns whether a spreadsheet would run the text as a formula: it begins with = + - @, a tab or a
// carriage return, perhaps after spaces, and is not a number.
bool looks_like_formula(std::string_view text);

// Appends one field, quoted if necessary: nothing for null, "" for an empty text. Puts an
// apostrophe before a formula, so that a spreadsheet shows it as text.
void append_csv_field(std::string& out, std::optional<std::string> const& field);

}  // namespace affsync::reports
