// Checks whether affsync can work in a database, without writing anything. Blocking.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "schema/store/store.hpp"

namespace affsync::schema {

struct Examination {
  std::string server;    // "PostgreSQL 15.8"
  std::string encoding;  // of the database: "UTF8"
  bool standby = false;
  int version = 0;          // of the schema; 0: there is none
  bool up_to_date = false;  // `migrate` has nothing to do
  // Reasons why `migrate` would fail; empty: it would succeed, or has nothing to do.
  std::vector<Error> migrate_lacks;
  // Reasons why `sync` and `run` would fail, including their migration at start; empty: they would
  // work.
  std::vector<Error> sync_lacks;
  Examination() = default;
};

// Errors: database_unavailable, config_invalid (the URL), migration_failed (the database is newer,
// or its applied migrations differ from ours).
Result<Examination> examine(StoreOptions const& options);

}  // namespace affsync::schema
