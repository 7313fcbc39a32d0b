// Opens the database for commands that neither create nor migrate it.
#pragma once

#include "daemon/app.hpp"

namespace affsync::cli {

// Returns false for an embedded cluster that does not exist yet. Commands that only read must not
// create it.
bool is_database_there(App& app);

// Connects, for reading to the replica if there is one, and checks that the schema exists, so that
// a database that was never migrated gives a helpful message instead of an SQL error. Throws
// Failure: database_unavailable, migration_failed, database_error.
void open_database(App& app, bool for_reading = false);

// For commands that write: throws Failure migration_failed if a newer affsync has migrated the
// database, whose tables may mean something else by now.
void refuse_newer_database(App& app);

// Tells on stderr what a reader of the database should know: how old what a replica has is, and
// that commits wait for a synchronous standby.
void tell_about_database(App& app);

}  // namespace affsync::cli
