#include "schema/store/left_rows.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_map>

#include "schema/store/merge_sql.hpp"
#include "schema/store/own_doing.hpp"
#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

constexpr std::string_view why = "where";

bool is_retaken(PassState const& pass) {
  return pass.retaken_after && pass.pass_run_id > *pass.retaken_after;
}

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
    doing.why = why;
    auto const rows = marks.mark(tx, doing, pass.pass_run_id).rows;
    (given.table == main ? marked.rows : marked.others) += rows;
  }
  return marked;
}

namespace {

struct LeftOne {
  std::string key;
  std::optional<std::string> counted;
};

// Those of the rows with these keys that `where` leaves out. Rows that were stored since it is as
// it is are none of them.
std::vector<LeftOne> left_of(pqxx::transaction_base& tx, SliceClose const& slice,
                             std::vector<std::string> const& keys, PassState const& pass) {
  std::vector<LeftOne> left;
  if (!is_retaken(pass) || !slice.map_anew) return left;
  for (std::size_t from = 0; from < keys.size(); from += keys_at_once) {
    ArrayText some;
    for (auto i = from; i < std::min(keys.size(), from + keys_at_once); ++i) some.add(keys[i]);
    for (auto const& row :
         exec(tx,
              "SELECT t.external_id, " + counted_sql(*slice.table) +
                  ", t.raw FROM unnest($3::text[]) AS k (external_id) CROSS JOIN LATERAL"
                  " (SELECT * FROM " +
                  merge_sql_for(*slice.table).table +
                  " t WHERE t.source_id = $1::int AND t.stream = $2"
                  " AND t.external_id = k.external_id LIMIT 1) t WHERE t.raw <> '{}'",
              {std::to_string(slice.run.id.source_id), slice.run.id.stream, some.take()})) {
      if (!slice.map_anew->leaves_out(*slice.table, {row[2].c_str(), row[2].size()})) continue;
      left.push_back({std::string(row[0].c_str(), row[0].size()), text_of(row[1])});
    }
  }
  return left;
}

OwnMarks::Marked mark_left_in(pqxx::transaction_base& tx, PassClose const& pass,
                              PassState const& known, RecordTable const& table) {
  OwnMarks marks;
  walk(tx,
       "SELECT t.external_id, " + counted_sql(table) +
           ", t.raw FROM affsync.absence a CROSS JOIN LATERAL (SELECT * FROM " +
           merge_sql_for(table).table +
           " t WHERE t.source_id = $1::int AND t.stream = $2"
           " AND t.external_id = a.external_id LIMIT 1) t WHERE a.source_id = $1::int"
           " AND a.stream = $2 AND a.record_table = $3 AND a.run_id = $4::bigint AND a.passes > 0"
           " AND t.deleted_at IS NULL AND t.raw <> '{}'",
       {std::to_string(pass.run.id.source_id), pass.run.id.stream, std::string(table.name),
        std::to_string(known.pass_run_id)},
       [&](pqxx::row const& row) {
         if (pass.map_anew->leaves_out(table, {row[2].c_str(), row[2].size()})) {
           marks.add({row[0].c_str(), row[0].size()}, row[1].is_null() ? nullptr : row[1].c_str());
         }
         return true;
       });
  OwnDoing doing;
  doing.run = pass.run;
  doing.table = &table;
  doing.now = pass.now;
  doing.why = why;
  return marks.mark(tx, doing, known.pass_run_id);
}

}  // namespace

LeftMissed mark_left_missed(pqxx::transaction_base& tx, PassClose const& pass,
                            PassState const& known) {
  LeftMissed all;
  if (!is_retaken(known) || !pass.map_anew || pass.replaces) return all;
  for (auto const& table : record_tables()) {
    if (!table.keeps_records()) continue;
    auto const marked = mark_left_in(tx, pass, known, table);
    (table.name == pass.table->name ? all.rows : all.others) += marked.rows;
    all.missed += marked.missed;
  }
  return all;
}

std::int64_t left_among(pqxx::transaction_base& tx, SliceClose const& slice,
                        std::vector<std::string> const& keys, PassState const& pass) {
  return std::ssize(left_of(tx, slice, keys, pass));
}

std::vector<std::string> find_left(pqxx::transaction_base& tx, SliceClose const& slice,
                                   std::vector<std::string> const& all,
                                   std::vector<std::string> const& keys, PassState const& pass,
                                   CameInstead& found) {
  auto const left = left_of(tx, slice, keys, pass);
  if (left.empty()) return keys;
  found.before.resize(all.size());
  found.after.resize(all.size());
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < all.size(); ++i) places.emplace(all[i], i);
  for (auto const& one : left) {
    auto const place = places.at(one.key);
    std::string const counted = one.counted ? "\"counted\": " + *one.counted : "";
    found.before[place] = "{" + counted + "}";
    found.after[place] =
        "{" + counted + (counted.empty() ? "" : ", ") + "\"ours\": \"" + std::string(why) + "\"}";
  }
  std::vector<std::string> others;
  for (auto const& key : keys) {
    if (!found.before[places.at(key)]) others.push_back(key);
  }
  return others;
}

}  // namespace affsync::schema
