// What PostgreSQL takes: the texts of cells by the type of their column, and JSON for jsonb.
#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/tables.hpp"

namespace affsync::fuzz {

// -?digits[.digits], no needless zero in front, no negative zero.
bool is_numeric(std::string_view text);

// UTF-8 without U+0000.
bool is_text(std::string_view text);

// Each throws Broken.
void require_text(std::string_view text, std::string_view what);
void require_cell(Column const& column, std::string_view text);
// PostgreSQL stores a number of jsonb as numeric, which has limits of its own.
void require_jsonb(std::string_view text);
// Message and hint go into logs, JSON and the database.
void require_error(Error const& error);

}  // namespace affsync::fuzz
