#include "schema/left_rows.hpp"

#include "schema/merge_sql.hpp"
#include "schema/slice_closer.hpp"

namespace affsync::schema {
namespace {

std::vector<std::string> live_among(pqxx::transaction_base& tx, RunKey const& run,
                                    TableKeys const& keys) {
  ArrayText wanted;
  for (auto const& key : keys.external_ids) wanted.add(key);
  SqlParams const params{std::to_string(run.id.source_id), run.id.stream, wanted.take()};
  std::vector<std::string> live;
  for (auto const& found : exec(tx, merge_sql_for(*keys.table).probe, params)) {
    if (*found[2].c_str() == 't') live.emplace_back(found[0].c_str(), found[0].size());
  }
  return live;
}

std::int64_t live_rows(pqxx::transaction_base& tx, RunKey const& run, RecordTable const& table) {
  SqlParams const params{std::to_string(run.id.source_id), run.id.stream};
  return int_of(exec(tx,
                     "SELECT count(*) FROM " + merge_sql_for(table).table +
                         " t WHERE t.source_id = $1::int AND t.stream = $2"
                         " AND t.deleted_at IS NULL",
                     params)[0][0]);
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

LeftRows mark_left_rows(pqxx::transaction_base& tx, SliceClose const& slice,
                        std::int64_t deleted_in_run) {
  LeftRows left;
  for (auto const& given : slice.left_out) {
    // A row may have come back, or have gone already, since it was looked for.
    TableKeys const keys(given.table, live_among(tx, slice.run, given));
    auto const count = static_cast<std::int64_t>(keys.external_ids.size());
    if (count == 0) continue;
    auto const live = live_rows(tx, slice.run, *keys.table);
    bool const is_main = keys.table == slice.table;
    if (is_mass_drop(count, live, is_main ? deleted_in_run : 0, false, slice.mass_drop_limit)) {
      left.held_back += count;
      left.live += live;
      continue;
    }
    ArrayText gone;
    for (auto const& key : keys.external_ids) gone.add(key);
    SqlParams const params{std::to_string(slice.run.id.source_id), slice.run.id.stream, gone.take(),
                           std::to_string(slice.run.run_id), sql_time(slice.now)};
    auto const marked = int_of(exec(tx, merge_sql_for(*keys.table).mark_deleted, params)[0][0]);
    (is_main ? left.of_main_table : left.of_others) += marked;
  }
  return left;
}

}  // namespace affsync::schema
