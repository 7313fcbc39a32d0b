#include "schema/store/changes_of_ours.hpp"

namespace affsync::schema {
namespace {

// The row had gone before the keys of the stream were changed, and comes under them now: it may
// have been there under others meanwhile, also if it was not recognized there.
constexpr auto back_with_keys =
    "p.t_run <= (SELECT z.rekeyed_after FROM affsync.stream_state z WHERE z.source_id = $1::int"
    " AND z.stream = $2)";

// SQL for the record of a change of a row `p` that was changed at this very time already: what a
// row that had gone because of its key is now, beside what it was (see revive_statement).
std::string back_just_now(std::string const& table) {
  return "CASE WHEN p.t_changed = $4::timestamptz AND EXISTS (SELECT FROM affsync.record_change h"
         " WHERE h.source_id = $1::int AND h.external_id = p.external_id"
         " AND h.changed_at = p.t_changed AND h.stream = $2 AND h.record_table = '" +
         table +
         "' AND h.operation = 'restore' AND h.before ->> 'ours' = 'key')"
         " THEN '{\"ours\": \"key\"}'::jsonb ELSE '{}' END";
}

}  // namespace

std::string back_by_us_sql(RecordTable const& table) {
  std::string const name(table.name);
  return "CASE WHEN p.t_deleted IS NULL THEN " + back_just_now(name) + " WHEN coalesce(" +
         std::string(cut_anew_sql) + ", false) AND " + wanted_anew_sql +
         " THEN '{\"ours\": \"window\"}' ELSE coalesce((SELECT jsonb_strip_nulls("
         "jsonb_build_object('ours', h.after -> 'ours', 'counted', CASE WHEN h.after ->> 'ours'"
         " <> 'window' THEN h.after -> 'counted' END)) FROM affsync.record_change h"
         " WHERE h.source_id = $1::int AND h.external_id = p.external_id"
         " AND h.changed_at = p.t_changed AND h.stream = $2 AND h.record_table = '" +
         name + "' AND h.operation = 'delete' AND h.after ? 'ours' LIMIT 1), CASE WHEN " +
         back_with_keys + " THEN '{\"ours\": \"key\"}'::jsonb END, '{}') END";
}

}  // namespace affsync::schema
