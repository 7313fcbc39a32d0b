// What PostgreSQL accepts: the text of a cell by its column type, and JSON for jsonb.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/tables.hpp"

namespace affsync::fuzz {

// -?digits[.digits], without leading zeros and without a negative zero.
bool is_numeric(std::string_view text);

// UTF-8 without U+0000.
bool is_text(std::string_view text);

// Each throws Broken if the value is not accepted.
void require_text(std::string_view text, std::string_view what);
void require_cell(Column const& column, std::string_view text);
// PostgreSQL stores jsonb numbers as numeric, which has its own limits.
void require_jsonb(std::string_view text);
// The message and hint of an error go into logs, JSON and the database.
void require_error(Error const& error);

}  // namespace affsync::fuzz
