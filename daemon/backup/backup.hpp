// Saves affsync's schemas to a file in pg_dump's custom format, and loads such a file. Blocking.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "schema/store/migrate.hpp"
#include "schema/store/store.hpp"

namespace affsync::backup {

struct BackedUp {
  std::uintmax_t bytes = 0;
  int server_major = 0;
  std::vector<std::string>
      left_out;  // the user's own objects in other schemas: "table public.notes"
};

// The state of one moment; runs may go on meanwhile. The file has its name only when it is
// complete, and can be read by its owner alone. `replace`: an existing one is replaced. Errors:
// usage (the file exists), database_unavailable, database_error (pg_dump's own reason).
Result<BackedUp> back_up(std::string const& url, std::filesystem::path const& file, bool replace);

struct Dump {
  std::string made_by;     // "15.14": version of pg_dump
  int schema_version = 0;  // of affsync
};

// Looks into a file. Errors: usage if it is not a dump of affsync or of a newer one, or cannot be
// read by the pg_restore of this machine.
Result<Dump> look_into(std::filesystem::path const& file);

struct Restored {
  Dump dump;
  schema::MigrationReport migration;
  bool replaced = false;  // there was a database before
};

// Loads the file into an embedded database, beside the one in use, and puts it into its place when
// it is complete: an interruption at any moment leaves the old one. `replace`: one that has data is
// replaced. Errors as above; usage if the database has data or objects of the user's own, which
// would be lost, or somebody uses it.
Result<Restored> restore_embedded(schema::StoreOptions const& options,
                                  std::string const& maintenance_url,
                                  std::filesystem::path const& file, bool replace);

// Loads the file into a database of a server that has no schema of affsync yet, in one transaction.
Result<Restored> restore_to_server(schema::StoreOptions const& options,
                                   std::filesystem::path const& file);

}  // namespace affsync::backup
