#include "schema/store/distribution.hpp"

#include "schema/store/pg_session.hpp"

namespace affsync::schema {
namespace {

// A table is distributed if source_id is in each of its unique keys. `source` itself is joined by
// all, and rates by their currency.
constexpr auto tables_sql = R"sql(
SELECT c.relname, c.relname NOT IN ('source', 'fx_rate')
  AND EXISTS (SELECT FROM pg_attribute a
              WHERE a.attrelid = c.oid AND a.attname = 'source_id' AND NOT a.attisdropped)
  AND NOT EXISTS (SELECT FROM pg_index i
                  WHERE i.indrelid = c.oid AND i.indisunique
                    AND NOT EXISTS (SELECT FROM pg_attribute a
                                    WHERE a.attrelid = c.oid AND a.attname = 'source_id'
                                      AND a.attnum = ANY (i.indkey)))
FROM pg_class c
WHERE c.relnamespace = 'affsync'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_dist_partition d WHERE d.logicalrelid = c.oid)
ORDER BY 2, c.relname = 'client' DESC, c.relname
)sql";

}  // namespace

std::vector<std::string> distribute_tables(pqxx::transaction_base& tx) {
  if (tx.exec("SELECT FROM pg_extension WHERE extname = 'citus'").empty()) {
    throw Failure(ErrorCode::migration_failed,
                  "the extension citus is not installed in this database, so that its tables cannot"
                  " be distributed",
                  "One PostgreSQL carries more than most need, see docs/scaling.md. Else install"
                  " Citus on each server, CREATE EXTENSION citus, add the workers, and try again.");
  }
  // The extension belongs to a schema of its owner's choice.
  tx.exec("SET LOCAL search_path = pg_catalog, public");
  // A reference table keeps the foreign keys that distributed ones have to it.
  tx.exec("SET LOCAL citus.enable_local_reference_table_foreign_keys = off");
  // The triggers mark days in the same shard as the row.
  tx.exec("SET LOCAL citus.enable_unsafe_triggers = on");
  std::vector<std::string> made;
  for (auto const& row : tx.exec(tables_sql)) {
    std::string const name = row[0].c_str();
    SqlParams const params{"affsync." + quote_name(name)};
    if (!row[1].as<bool>()) {
      exec(tx, "SELECT create_reference_table($1::text::regclass)", params);
    } else if (name == "client") {
      exec(tx, "SELECT create_distributed_table($1::text::regclass, 'source_id')", params);
    } else {
      exec(tx,
           "SELECT create_distributed_table($1::text::regclass, 'source_id',"
           " colocate_with => 'affsync.client')",
           params);
    }
    made.push_back(name);
  }
  return made;
}

}  // namespace affsync::schema
