// A text of SQL as its single statements: some can only be sent alone (CREATE INDEX CONCURRENTLY,
// and all of them to some extensions).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace affsync::schema {

// Without the semicolons that part them; comments stay where they are. Knows quotes, dollar quotes
// and comments; parts that are nothing but blanks and comments are left out.
std::vector<std::string> sql_statements(std::string_view text);

}  // namespace affsync::schema
