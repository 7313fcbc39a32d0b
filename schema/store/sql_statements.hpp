// Splits SQL text into single statements. Some must be sent alone (CREATE INDEX CONCURRENTLY), and
// some extensions require it for all statements.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace affsync::schema {

// Returns statements without their semicolons; comments are kept. Handles quotes, dollar quotes and
// comments. Omits parts that contain only blanks and comments.
std::vector<std::string> sql_statements(std::string_view text);

}  // namespace affsync::schema
