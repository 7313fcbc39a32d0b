// Brings the database schema up to date: numbered SQL files, each in its own transaction, under an
// advisory lock; then the views, which are made anew whenever their text has changed; then rights
// that a restore has lost. Blocking.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

struct MigrationReport {
  std::vector<std::string> applied;  // file names, in order; with dry_run: what would be applied
  int present = 0;                   // version before; 0: there was no schema
  int version = 0;                   // afterwards; with dry_run as before
  std::vector<std::string> notices;  // what PostgreSQL remarked, such as roles it may not make
};

// What a dry run says of a database that does not exist yet.
MigrationReport migrations_of_nothing();

class MigrationWatch;

// Errors: database_unavailable; cancelled (by `watch`); migration_failed (which file, PostgreSQL's
// own text, also when the database is newer than this binary).
Result<MigrationReport> migrate(StoreOptions const& options, bool dry_run,
                                MigrationWatch* watch = nullptr);

}  // namespace affsync::schema
