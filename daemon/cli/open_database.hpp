// Opens the database for commands that only read it.
#pragma once

#include "daemon/app.hpp"

namespace affsync::cli {

// Returns false for an embedded cluster that does not exist yet. Commands that only read must not
// create it.
bool is_database_there(App& app);

// Connects and checks that the schema exists, so that a database that was never migrated gives a
// helpful message instead of an SQL error. Throws Failure: database_unavailable, migration_failed,
// database_error.
void open_database(App& app);

}  // namespace affsync::cli
