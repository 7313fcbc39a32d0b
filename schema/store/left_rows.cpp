#include "schema/store/left_rows.hpp"

#include <iterator>

#include "schema/store/merge_sql.hpp"
#include "schema/store/own_doing.hpp"

namespace affsync::schema {
namespace {

std::vector<std::string> live_among(pqxx::transaction_base& tx, RunKey const& run,
                                    TableKeys const& keys) {
  ArrayText wanted;
  for (auto const& key : keys.external_ids) wanted.add(key);
  SqlParams const params{std::to_string(run.id.source_id), run.id.stream, wanted.take()};
  std::vector<std::string> live;
  for (auto const& found : exec(tx, merge_sql_for(*keys.table).live_keys, params)) {
    live.emplace_back(found[0].c_str(), found[0].size());
  }
  return live;
}

}  // namespace

std::vector<TableKeys> stored_among(pqxx::transaction_base& tx, RunKey const& run,
                                    std::vector<TableKeys> const& left_out) {
  std::vector<TableKeys> stored;
  for (auto const& keys : left_out) {
    if (keys.external_ids.empty() || !keys.table->keeps_records()) continue;
    auto live = live_among(tx, run, keys);
    if (!live.empty()) stored.emplace_back(keys.table, std::move(live));
  }
  return stored;
}

LeftRows note_left_rows(pqxx::transaction_base& tx, RunKey const& run,
                        std::vector<TableKeys> const& left_out, PassState const& pass) {
  LeftRows noted;
  for (auto const& given : left_out) {
    // Since write_page looked for it, a row may have come back or may already be marked.
    auto const keys = live_among(tx, run, given);
    if (keys.empty()) continue;
    ArrayText left;
    for (auto const& key : keys) left.add(key);
    SqlParams const params{std::to_string(run.id.source_id), std::string(given.table->name),
                           run.id.stream, left.take(), std::to_string(pass.pass_run_id)};
    noted.rows += std::ssize(keys);
    noted.news += int_of(
        exec(tx,
             "WITH n AS (INSERT INTO affsync.absence AS a (source_id, record_table, stream,"
             " external_id, run_id, passes, proven) SELECT $1::int, $2, $3, k, $5::bigint, 1, true"
             " FROM unnest($4::text[]) k"
             " ON CONFLICT (source_id, record_table, stream, external_id) DO UPDATE SET"
             " run_id = excluded.run_id, proven = true, passes = greatest(a.passes, 1)"
             " WHERE a.run_id < excluded.run_id OR a.passes = 0 RETURNING 1)"
             " SELECT count(*) FROM n",
             params)[0][0]);
  }
  return noted;
}

OwnLeft mark_left_rows(pqxx::transaction_base& tx, PageWrite const& page, RecordTable const* main,
                       std::vector<TableKeys> const& left_out, PassState const& pass) {
  OwnLeft marked;
  for (auto const& given : left_out) {
    ArrayText keys;
    for (auto const& key : given.external_ids) keys.add(key);
    SqlParams const params{std::to_string(page.run.id.source_id), page.run.id.stream, keys.take()};
    OwnMarks marks;
    for (auto const& row :
         exec(tx,
              "SELECT t.external_id, " + counted_sql(*given.table) +
                  " FROM unnest($3::text[]) AS k (external_id) CROSS JOIN LATERAL (SELECT * FROM " +
                  merge_sql_for(*given.table).table +
                  " t WHERE t.source_id = $1::int AND t.stream = $2"
                  " AND t.external_id = k.external_id LIMIT 1) t WHERE t.deleted_at IS NULL",
              params)) {
      marks.add({row[0].c_str(), row[0].size()}, row[1].is_null() ? nullptr : row[1].c_str());
    }
    OwnDoing doing;
    doing.run = page.run;
    doing.table = given.table;
    doing.now = page.now;
    doing.why = "where";
    auto const rows = marks.mark(tx, doing, pass.pass_run_id).rows;
    (given.table == main ? marked.rows : marked.others) += rows;
  }
  return marked;
}

}  // namespace affsync::schema
