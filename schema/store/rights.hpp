// What the role affsync_writer may do with each table of the schema affsync: as much as the program
// does, and no more, so that nobody who has the daemon's password can rewrite history with it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace affsync::schema {

struct TableRights {
  std::string_view table;
  std::string_view privileges;  // as GRANT takes them, in one form: "SELECT, INSERT"
};

// Every table of the schema affsync.
std::span<TableRights const> writer_rights();

// ('client', 'SELECT'), ('client', 'INSERT'), …: the rows of a VALUES list.
std::string writer_rights_sql();

}  // namespace affsync::schema
