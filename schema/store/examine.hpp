// Asks a database whether affsync could work in it, without writing anything. Blocking.
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
  bool up_to_date = false;  // `migrate` would have nothing to do
  // Why `migrate` could not do what it has to; empty: it could, or has nothing to do.
  std::vector<Error> migrate_lacks;
  // Why `sync` and `run` could not work, what they migrate at their start included; empty: they
  // could.
  std::vector<Error> sync_lacks;
  Examination() = default;
};

// Errors: database_unavailable, config_invalid (the URL), migration_failed (a newer database, or
// one whose migrations were others).
Result<Examination> examine(StoreOptions const& options);

}  // namespace affsync::schema
