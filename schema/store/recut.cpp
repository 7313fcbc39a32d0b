#include "schema/store/recut.hpp"

#include <algorithm>
#include <unordered_map>

#include "schema/store/merge_sql.hpp"
#include "schema/store/own_doing.hpp"
#include "schema/store/pass_closer.hpp"
#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

constexpr std::string_view why = "window";

// Rows that went because of a cut, and came back with another one: neither was a change of money.
void note_rows_back(pqxx::transaction_base& tx, OwnDoing const& doing, std::int64_t pass_run_id) {
  if (!doing.table->index_of("amount")) return;
  std::vector<std::string> back;
  walk(tx,
       "SELECT t.external_id FROM " + merge_sql_for(*doing.table).table +
           " t WHERE t.source_id = $1::int AND t.stream = $2 AND t.deleted_at IS NULL"
           " AND t.revision > 1 AND t.run_id >= $3::bigint AND " +
           is_back_sql(*doing.table, "$3::bigint") +
           " AND (SELECT h.after ->> 'ours' FROM affsync.record_change h"
           " WHERE h.source_id = $1::int AND h.stream = $2 AND h.record_table = '" +
           std::string(doing.table->name) +
           "' AND h.external_id = t.external_id AND h.operation = 'delete'"
           " ORDER BY h.change_id DESC LIMIT 1) = '" +
           std::string(why) + "'",
       {std::to_string(doing.run.id.source_id), doing.run.id.stream, std::to_string(pass_run_id)},
       [&](pqxx::row const& row) {
         back.emplace_back(row[0].c_str(), row[0].size());
         return true;
       });
  note_returned(tx, doing, back);
  tx.exec(by_index_again);
}

}  // namespace

bool is_recut(PassState const& pass) {
  return pass.recut_after && pass.pass_run_id > *pass.recut_after;
}

Recut mark_recut(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known,
                 bool is_sound) {
  auto const& table = *pass.table;
  OwnDoing doing;
  doing.run = pass.run;
  doing.table = &table;
  doing.now = pass.now;
  doing.why = why;
  SqlParams params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                   std::to_string(known.pass_run_id), std::to_string(*known.recut_after),
                   std::string(table.name)};
  auto const counts =
      exec(tx,
           "SELECT count(*), count(*) FILTER (WHERE t.run_id > $3::bigint AND (t.revision = 1 OR " +
               is_back_sql(table, "$3::bigint") + ")) FROM " + merge_sql_for(table).table +
               " t WHERE t.source_id = $1::int AND t.stream = $2 AND t.deleted_at IS NULL",
           {params[0], params[1], params[3]})[0];
  note_rows_back(tx, doing, known.pass_run_id);
  // The oldest rows of a list are not judged by their age; but its first day has no other rows now.
  std::string beside = "false";
  if (!pass.scope_column.empty() && pass.last_day) {
    auto const day = known_column(table, pass.scope_column);
    params.push_back(sql_day(pass.last_day));
    beside = day + " > $6::date";
    if (known.oldest) {
      params.push_back(sql_day(std::chrono::floor<std::chrono::days>(*known.oldest)));
      beside += " OR a.external_id IS NOT NULL AND " + day + " >= $7::date";
    }
  }
  Recut recut;
  OwnMarks marks;
  std::int64_t missed = 0, kept = 0;
  walk(tx,
       "SELECT t.external_id, " + counted_sql(table) +
           ", coalesce(a.passes > 0, false), a.external_id IS NOT NULL FROM " +
           merge_sql_for(table).table +
           " t LEFT JOIN affsync.absence a ON a.source_id = $1::int AND a.stream = $2"
           " AND a.record_table = $5 AND a.external_id = t.external_id AND a.run_id = $3::bigint"
           " WHERE t.source_id = $1::int AND t.stream = $2 AND t.deleted_at IS NULL"
           " AND t.run_id <= $4::bigint AND (a.passes > 0 OR " +
           beside + ")",
       params, [&](pqxx::row const& row) {
         marks.add({row[0].c_str(), row[0].size()}, row[1].is_null() ? nullptr : row[1].c_str());
         missed += row[3].as<bool>() ? 1 : 0;
         kept += row[3].as<bool>() && !row[2].as<bool>() ? 1 : 0;
         return true;
       });
  recut.left = missed;
  if (!is_sound) return recut;
  // Only by how much the list shrinks may be a fault.
  auto const shrinks = std::max<std::int64_t>(0, missed - int_of(counts[1]));
  if (is_mass_drop(shrinks, int_of(counts[0]), 0, pass.mass_drop_limit)) return recut;
  auto const marked = marks.mark(tx, doing, known.pass_run_id);
  recut.rows = marked.rows;
  recut.missed = marked.missed;
  recut.kept = kept;
  recut.left = 0;
  return recut;
}

void settle_recut(pqxx::transaction_base& tx, PassClose const& pass) {
  exec(
      tx,
      "UPDATE affsync.stream_state SET recut_after = NULL WHERE source_id = $1::int"
      " AND stream = $2 AND run_id = $3::bigint",
      {std::to_string(pass.run.id.source_id), pass.run.id.stream, std::to_string(pass.run.run_id)});
}

std::vector<std::string> find_recut(pqxx::transaction_base& tx, SliceClose const& slice,
                                    std::vector<std::string> const& keys, PassState const& pass,
                                    CameInstead& found) {
  found.before.resize(keys.size());
  found.after.resize(keys.size());
  std::unordered_map<std::string_view, std::size_t> places;
  ArrayText all;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    places.emplace(keys[i], i);
    all.add(keys[i]);
  }
  for (auto const& row :
       exec(tx,
            "SELECT k.external_id, " + counted_sql(*slice.table) +
                " FROM unnest($3::text[]) AS k (external_id) CROSS JOIN LATERAL (SELECT * FROM " +
                merge_sql_for(*slice.table).table +
                " t WHERE t.source_id = $1::int AND t.stream = $2"
                " AND t.external_id = k.external_id LIMIT 1) t WHERE t.run_id <= $4::bigint",
            {std::to_string(slice.run.id.source_id), slice.run.id.stream, all.take(),
             std::to_string(*pass.recut_after)})) {
    auto const place = places.at({row[0].c_str(), row[0].size()});
    std::string const counted =
        row[1].is_null() ? "" : std::string("\"counted\": ") + row[1].c_str();
    found.before[place] = "{" + counted + "}";
    found.after[place] =
        "{" + counted + (counted.empty() ? "" : ", ") + "\"ours\": \"" + std::string(why) + "\"}";
  }
  std::vector<std::string> others;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!found.before[i]) others.push_back(keys[i]);
  }
  return others;
}

}  // namespace affsync::schema
