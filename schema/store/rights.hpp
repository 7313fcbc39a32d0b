// Rights of the role affsync_writer on each table of the schema affsync. They are limited to what
// the program needs, so that a stolen daemon password cannot be used to rewrite the history.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace affsync::schema {

struct TableRights {
  std::string_view table;
  std::string_view privileges;  // as in GRANT, separated by ", ": "SELECT, INSERT"
};

// Returns the rights on every table of the schema affsync.
std::span<TableRights const> writer_rights();

// Returns the rows of a VALUES list: ('client', 'SELECT'), ('client', 'INSERT'), …
std::string writer_rights_sql();

}  // namespace affsync::schema
