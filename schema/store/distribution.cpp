#include "schema/store/distribution.hpp"

#include "schema/store/pg_session.hpp"

namespace affsync::schema {
namespace {

// Tables that every server has a copy of, since rows of all sources are joined with them; each
// after those that it refers to.
constexpr auto copied = "ARRAY['source', 'fx_rate', 'currency_unit']";

// Everything that a run changes lies with the rows of its source, so that its transaction is one of
// a single server. A lease is not part of such a transaction, and Citus takes no clock_timestamp()
// for a distributed table, nor a subquery for ON CONFLICT. The sums of days and clients are not
// used.
constexpr auto kept_here =
    "ARRAY['lease', 'field_sample', 'field_seen', 'earned_day', 'earned_mark', 'implied_rate',"
    " 'client_mark', 'client_span', 'client_sum', 'growth', 'growth_mark', 'growth_state',"
    " 'growth_stream']";

std::string tables_sql() {
  return "SELECT t.relname, t.place FROM (SELECT c.oid, c.relname,"
         " array_position(" +
         std::string(copied) +
         ", c.relname::text) AS place,"
         " EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'source_id'"
         " AND NOT a.attisdropped) AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid"
         " AND i.indisunique AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid"
         " AND a.attname = 'source_id' AND a.attnum = ANY (i.indkey)))"
         " AND c.relname <> ALL (" +
         kept_here +
         ") AS by_source FROM pg_class c WHERE c.relnamespace = 'affsync'::regnamespace"
         " AND c.relkind IN ('r', 'p') AND NOT c.relispartition) t"
         " WHERE (t.place IS NOT NULL OR t.by_source)"
         " AND NOT EXISTS (SELECT FROM pg_dist_partition d WHERE d.logicalrelid = t.oid)"
         " ORDER BY t.place, t.relname = 'client' DESC, t.relname";
}

// Citus runs no trigger that sees the rows of a statement, so that nothing would mark the days
// whose sums are out of date. Without the marks no sum is used: see affsync.days_are_marked().
constexpr char const* no_sums[] = {
    "DROP TRIGGER IF EXISTS earned_inserted ON affsync.commission",
    "DROP TRIGGER IF EXISTS earned_updated ON affsync.commission",
    "DROP TRIGGER IF EXISTS earned_deleted ON affsync.commission",
    "DROP TRIGGER IF EXISTS earned_truncated ON affsync.commission",
    "DROP TRIGGER IF EXISTS earned_stream_added ON affsync.stream",
    "DROP TRIGGER IF EXISTS earned_stream_changed ON affsync.stream",
    "DROP TRIGGER IF EXISTS earned_stream_removed ON affsync.stream",
    "DROP TRIGGER IF EXISTS earned_truncated_for_clients ON affsync.commission",
    "DROP TRIGGER IF EXISTS passed_on_inserted ON affsync.rebate",
    "DROP TRIGGER IF EXISTS passed_on_updated ON affsync.rebate",
    "DROP TRIGGER IF EXISTS passed_on_deleted ON affsync.rebate",
    "DROP TRIGGER IF EXISTS passed_on_truncated ON affsync.rebate",
    "DROP TRIGGER IF EXISTS sources_deleted ON affsync.source",
    "DROP TRIGGER IF EXISTS rates_inserted ON affsync.fx_rate",
    "DROP TRIGGER IF EXISTS rates_updated ON affsync.fx_rate",
    "DROP TRIGGER IF EXISTS rates_deleted ON affsync.fx_rate",
    "DROP TRIGGER IF EXISTS rates_truncated ON affsync.fx_rate",
    "DROP TRIGGER IF EXISTS units_changed ON affsync.currency_unit",
    "DROP TRIGGER IF EXISTS growth_inserted ON affsync.commission",
    "DROP TRIGGER IF EXISTS growth_updated ON affsync.commission",
    "DROP TRIGGER IF EXISTS growth_deleted ON affsync.commission",
    "DROP TRIGGER IF EXISTS growth_truncated ON affsync.commission",
    "DROP TRIGGER IF EXISTS growth_inserted ON affsync.rebate",
    "DROP TRIGGER IF EXISTS growth_updated ON affsync.rebate",
    "DROP TRIGGER IF EXISTS growth_deleted ON affsync.rebate",
    "DROP TRIGGER IF EXISTS growth_truncated ON affsync.rebate",
    "DROP TRIGGER IF EXISTS growth_inserted ON affsync.record_change",
    "DROP TRIGGER IF EXISTS growth_updated ON affsync.record_change",
    "DROP TRIGGER IF EXISTS growth_deleted ON affsync.record_change",
    "DROP TRIGGER IF EXISTS growth_truncated ON affsync.record_change",
    "TRUNCATE affsync.earned_day, affsync.earned_mark, affsync.implied_rate",
    "TRUNCATE affsync.growth, affsync.growth_mark, affsync.growth_state, affsync.growth_stream",
    "TRUNCATE affsync.client_span, affsync.client_sum, affsync.client_mark",
};

}  // namespace

bool is_distributed(pqxx::transaction_base& tx) {
  if (tx.exec("SELECT FROM pg_extension WHERE extname = 'citus'").empty()) return false;
  return !tx.exec(
                "SELECT FROM pg_catalog.pg_dist_partition"
                " WHERE logicalrelid = to_regclass('affsync.commission')")
              .empty();
}

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
  // The triggers that are left change nothing but rows of the same source.
  tx.exec("SET LOCAL citus.enable_unsafe_triggers = on");
  if (!is_distributed(tx)) {
    for (auto const* statement : no_sums) tx.exec(statement);
  }
  std::vector<std::string> made;
  for (auto const& row : tx.exec(tables_sql())) {
    std::string const name = row[0].c_str();
    SqlParams const params{"affsync." + quote_name(name)};
    if (!row[1].is_null()) {
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
