// Errors that a spreadsheet has in a cell instead of a value: #REF!, #N/A, #DIV/0! and others.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace affsync::engine {

// Returns what stands in a row for such a cell of a workbook: an object, so that nothing takes it
// for a text. `place`: the cell, such as "A2".
Json cell_error(std::string error, std::string place);

// Returns the error that the value is, such as "#REF!"; empty if it is none.
std::string_view error_of_cell(Json const& value);

// Returns "holds the error #REF! (cell A2), which is no value", or empty if it is none.
std::string cell_error_in_words(Json const& value);

// Returns true if the text is exactly such an error, as exports of a spreadsheet have it.
bool is_spreadsheet_error(std::string_view text);

// The same about a text: "holds the error #REF! of a spreadsheet, which is no value".
std::string spreadsheet_error_in_words(std::string_view text);

}  // namespace affsync::engine
