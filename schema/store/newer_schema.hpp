// Tells that a newer affsync has migrated the database, so that this one writes nothing into it:
// its tables may mean something else by now.
#pragma once

#include <string>

#include "base/error.hpp"

namespace affsync::schema {

// SQL of the name of the newest migration, if this program does not have it; else without a row.
std::string newer_migration_sql();

// The refusal to write into a database that has this migration.
Error newer_database(std::string const& migration);

}  // namespace affsync::schema
