#include "schema/store/own_doing.hpp"

#include <algorithm>

#include "schema/store/absence.hpp"
#include "schema/store/merge_sql.hpp"

namespace affsync::schema {
namespace {

std::string last_change_sql(RecordTable const& table, std::string const& condition) {
  return "EXISTS (SELECT FROM affsync.record_change h WHERE h.source_id = $1::int"
         " AND h.external_id = t.external_id AND h.changed_at = t.changed_at AND h.stream = $2"
         " AND h.record_table = '" +
         std::string(table.name) + "' AND " + condition + ")";
}

}  // namespace

std::string counted_sql(RecordTable const& table) {
  if (!table.index_of("amount")) return "NULL::text";
  if (!table.index_of("status")) return "coalesce(t.amount, 0)::text";
  return "(CASE WHEN coalesce(t.status, '') IN ('rejected', 'reversed', 'failed', 'cancelled')"
         " THEN 0 ELSE coalesce(t.amount, 0) END)::text";
}

std::string is_back_sql(RecordTable const& table, std::string const& run) {
  return last_change_sql(
      table, "h.run_id = t.run_id AND h.run_id >= " + run + " AND h.operation = 'restore'");
}

std::string is_ours_sql(RecordTable const& table, std::string_view why) {
  std::string const ours =
      why.empty() ? "h.after ? 'ours'" : "h.after ->> 'ours' = '" + std::string(why) + "'";
  return last_change_sql(table, "h.operation = 'delete' AND " + ours);
}

void OwnMarks::add(std::string_view key, char const* counted) {
  rows_.push_back({std::string(key), counted == nullptr ? "" : counted});
}

OwnMarks::Marked OwnMarks::mark(pqxx::transaction_base& tx, OwnDoing const& of,
                                std::int64_t pass_run_id) {
  Marked marked;
  auto const source = std::to_string(of.run.id.source_id);
  for (std::size_t from = 0; from < rows_.size(); from += keys_at_once) {
    ArrayText keys, before, after;
    for (auto i = from; i < std::min(rows_.size(), from + keys_at_once); ++i) {
      auto const& [key, counted] = rows_[i];
      std::string const said = counted.empty() ? "" : "\"counted\": " + counted;
      keys.add(key);
      before.add("{" + said + "}");
      after.add("{" + said + (said.empty() ? "" : ", ") + "\"ours\": \"" + std::string(of.why) +
                "\"}");
    }
    auto const all = keys.take();
    marked.missed += int_of(
        exec(tx,
             "WITH d AS (DELETE FROM affsync.absence WHERE source_id = $1::int AND stream = $2"
             " AND record_table = $3 AND external_id = ANY ($4::text[]) RETURNING run_id, passes)"
             " SELECT count(*) FROM d WHERE run_id = $5::bigint AND passes > 0",
             {source, of.run.id.stream, std::string(of.table->name), all,
              std::to_string(pass_run_id)})[0][0]);
    tx.exec(by_place_only);
    marked.rows += int_of(exec(tx, merge_sql_for(*of.table).mark_replaced,
                               {source, of.run.id.stream, all, std::to_string(of.run.run_id),
                                sql_time(of.now), before.take(), after.take()})[0][0]);
    tx.exec(by_index_again);
  }
  return marked;
}

}  // namespace affsync::schema
