#include "schema/store/rekeyed.hpp"

#include <string>
#include <vector>

#include "schema/store/absence.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

// Returns what a change record says that counted, as JSON in SQL; empty for a table without money.
std::string counted_sql(RecordTable const& table) {
  if (!table.index_of("amount") || !table.index_of("status")) return {};
  return "jsonb_build_object('counted', CASE WHEN coalesce(t.status, '') IN ('rejected',"
         " 'reversed', 'failed', 'cancelled') THEN 0 ELSE coalesce(t.amount, 0) END)::text";
}

struct Marks {
  ArrayText keys, counted;
  std::size_t count = 0;
};

std::int64_t mark(pqxx::transaction_base& tx, PassClose const& pass, RecordTable const& table,
                  Marks marks, bool with_money) {
  if (marks.count == 0) return 0;
  auto const& sql = merge_sql_for(table);
  auto keys = marks.keys.take();
  SqlParams const absent{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::string(table.name), keys};
  exec(tx,
       "DELETE FROM affsync.absence WHERE source_id = $1::int AND stream = $2"
       " AND record_table = $3 AND external_id = ANY ($4::text[])",
       absent);
  SqlParams chunk{std::to_string(pass.run.id.source_id), pass.run.id.stream, std::move(keys),
                  std::to_string(pass.run.run_id), sql_time(pass.now)};
  tx.exec(by_place_only);
  std::int64_t marked = 0;
  if (with_money) {
    chunk.emplace_back(marks.counted.take());
    chunk.push_back(chunk.back());
    marked = int_of(exec(tx, sql.mark_replaced, chunk)[0][0]);
  } else {
    marked = int_of(exec(tx, sql.mark_deleted, chunk)[0][0]);
  }
  tx.exec(by_index_again);
  return marked;
}

std::int64_t mark_in(pqxx::transaction_base& tx, PassClose const& pass, RecordTable const& table,
                     std::int64_t after) {
  auto const& name = merge_sql_for(table).table;
  auto const counted = counted_sql(table);
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(after)};
  // Without statistics, each row would be compared with each other one.
  tx.exec("SET LOCAL enable_nestloop = off");
  std::vector<Marks> all(1);
  walk(tx,
       "SELECT t.external_id, " + (counted.empty() ? std::string("NULL") : counted) + " FROM " +
           name +
           " t WHERE t.source_id = $1::int AND t.stream = $2 AND t.deleted_at IS NULL"
           " AND t.run_id <= $3::bigint AND EXISTS (SELECT FROM " +
           name +
           " n WHERE n.source_id = $1::int AND n.stream = $2 AND n.deleted_at IS NULL"
           " AND n.run_id > $3::bigint AND n.revision = 1 AND n.raw = t.raw)",
       params, [&](pqxx::row const& row) {
         if (all.back().count == keys_at_once) all.emplace_back();
         auto& marks = all.back();
         marks.keys.add(std::string_view(row[0].c_str(), row[0].size()));
         if (!counted.empty()) marks.counted.add(row[1].c_str());
         ++marks.count;
         return true;
       });
  tx.exec("SET LOCAL enable_nestloop TO DEFAULT");
  std::int64_t marked = 0;
  for (auto& marks : all) marked += mark(tx, pass, table, std::move(marks), !counted.empty());
  return marked;
}

}  // namespace

Rekeyed mark_rekeyed(pqxx::transaction_base& tx, PassClose const& pass, std::int64_t after) {
  Rekeyed rekeyed;
  for (auto const& table : record_tables()) {
    auto const marked = mark_in(tx, pass, table, after);
    (table.name == pass.table->name ? rekeyed.rows : rekeyed.others) += marked;
  }
  if (rekeyed.rows + rekeyed.others == 0) return rekeyed;
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(pass.run.run_id)};
  exec(tx,
       "UPDATE affsync.stream_state SET rekeyed_by = run_id"
       " WHERE source_id = $1::int AND stream = $2 AND run_id = $3::bigint",
       params);
  return rekeyed;
}

}  // namespace affsync::schema
