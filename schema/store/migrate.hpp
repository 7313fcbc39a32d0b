// Brings the database schema up to date under an advisory lock: first numbered SQL files, each in
// its own transaction; then the views, which are created again if their text has changed; then
// rights that a restore has lost; on request it distributes the tables. Blocking.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

struct MigrationReport {
  std::vector<std::string> applied;  // file names, in order; with dry_run: those to be applied
  int present = 0;                   // version before; 0: there was no schema
  int version = 0;                   // version after; with dry_run the same as `present`
  std::vector<std::string> notices;  // notices of PostgreSQL, such as roles it may not create
  // Who holds views that therefore stay as they are; see MigrationWatch::views_may_wait.
  std::string views_held_by;
  std::vector<std::string> distributed;  // tables that were distributed now
};

struct MigrationRequest {
  bool dry_run = false;
  bool remake_views = false;  // also if their text is the same
  bool distribute = false;    // over the servers of a Citus cluster
  MigrationRequest() = default;
  MigrationRequest(bool only_shown) : dry_run(only_shown) {}  // NOLINT(google-explicit-constructor)
};

// Returns the report of a dry run for a database that does not exist yet.
MigrationReport migrations_of_nothing();

// Number of the newest migration that this program has.
int newest_migration();

class MigrationWatch;

// Errors: database_unavailable; cancelled (by `watch`); migration_failed (with the file and
// PostgreSQL's own text; also if the database is newer than this binary).
Result<MigrationReport> migrate(StoreOptions const& options, MigrationRequest const& request,
                                MigrationWatch* watch = nullptr);

}  // namespace affsync::schema
