// For commands that only read what is there.
#pragma once

#include "daemon/app.hpp"

namespace affsync::cli {

// False for an embedded cluster that nobody has made yet: what only reads must not make it.
bool is_database_there(App& app);

// Connects, and makes sure that the schema is there: a database that was never migrated gets an
// answer that says what to do, not an SQL error. Throws Failure: database_unavailable,
// migration_failed, database_error.
void open_database(App& app);

}  // namespace affsync::cli
