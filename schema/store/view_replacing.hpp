// Replaces the views one by one, so that a long query on one of them holds up that one alone.
// Blocking.
#pragma once

#include <span>
#include <string>

#include "base/embedded_file.hpp"
#include "schema/store/migration_watch.hpp"

namespace affsync::schema {

// Replaces each view in its own transaction. Views that a query holds are tried again until the
// watch's patience ends; returns who holds them then, such as "process 4711 (metabase)"; empty: all
// are replaced. Throws pqxx::sql_error if PostgreSQL cannot replace a view because its columns
// differ.
std::string replace_views(PgSession& session, std::span<EmbeddedFile const> views,
                          MigrationWatch& watch);

}  // namespace affsync::schema
