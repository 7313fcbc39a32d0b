// For commands that only read what is there.
#pragma once

#include "daemon/app.hpp"

namespace affsync::cli {

// Connects, and makes sure that the schema is there: a database that was never migrated gets an
// answer that says what to do, not an SQL error. Throws Failure: database_unavailable,
// database_error, usage.
void open_database(App& app);

}  // namespace affsync::cli
