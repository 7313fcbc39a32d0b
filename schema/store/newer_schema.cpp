#include "schema/store/newer_schema.hpp"

#include "schema/store/migrate.hpp"

namespace affsync::schema {

std::string newer_migration_sql() {
  return "SELECT name FROM affsync.schema_migration WHERE version > " +
         std::to_string(newest_migration()) + " ORDER BY version DESC LIMIT 1";
}

Error newer_database(std::string const& migration) {
  return Error(ErrorCode::migration_failed,
               "the database belongs to a newer affsync (" + migration + ")",
               "Run the newer version, or use another database with this one.");
}

}  // namespace affsync::schema
