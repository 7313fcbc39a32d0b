// CSV as RFC 4180 has it, for programs and for spreadsheets. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace affsync::reports {

// Whether a spreadsheet would run the text as a formula: it begins with = + - @, a tab or a
// carriage return (blanks before them do not help), and is no number.
bool looks_like_formula(std::string_view text);

// Appends one field, quoted where it has to be. Nothing for null, "" for an empty text. A formula
// gets an apostrophe in front, so that a spreadsheet shows it as the text that it is.
void append_csv_field(std::string& out, std::optional<std::string> const& field);

}  // namespace affsync::reports
