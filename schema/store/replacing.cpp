#include "schema/store/replacing.hpp"

#include <pqxx/transaction_base>

#include <algorithm>
#include <iterator>
#include <utility>

#include "schema/store/absence.hpp"
#include "schema/store/aged_rows.hpp"
#include "schema/store/came_instead.hpp"
#include "schema/store/left_rows.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/own_doing.hpp"
#include "schema/store/pass_closer.hpp"
#include "schema/store/rows_anew.hpp"
#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

// Rows of money that is 0, or of counts, are equal in files that have nothing to do with each
// other. One of a client or an account has something else to say.
std::string is_mute_sql(SliceClose const& slice) {
  bool const is_of_money = slice.table->index_of("amount").has_value();
  bool const is_of_counts = slice.table->index_of("impressions").has_value();
  if (!slice.by_content || (!is_of_money && !is_of_counts)) return "false";
  std::string all;
  for (auto const& column : slice.table->columns) {
    bool const is_number = column.type == ColumnType::numeric || column.type == ColumnType::bigint;
    if (is_of_money ? !column.money : !is_number) continue;
    all +=
        (all.empty() ? "coalesce(t." : " AND coalesce(t.") + std::string(column.name) + ", 0) = 0";
  }
  return all;
}

}  // namespace

std::vector<std::string> unseen_in(pqxx::transaction_base& tx, SliceClose const& slice,
                                   Scope const& scope, LiveRows* live) {
  std::vector<std::string> keys;
  walk(tx,
       "SELECT t.external_id" + (live == nullptr ? std::string() : ", " + is_mute_sql(slice)) +
           " FROM " + merge_sql_for(*slice.table).table + " t WHERE " + scope.condition,
       scope.params, [&](pqxx::row const& row) {
         std::string_view const key(row[0].c_str(), row[0].size());
         auto const hash = hash_key(key);
         if (live != nullptr) {
           live->keys.push_back(hash);
           if (row[1].as<bool>()) live->mute.push_back(hash);
         }
         bool const seen =
             std::ranges::binary_search(slice.seen_keys, hash) ||
             (slice.shared && std::ranges::binary_search(slice.shared->seen_before, hash));
         if (!seen) keys.emplace_back(key);
         return true;
       });
  return keys;
}

Unseen find_unseen(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& asked,
                   Scope const& days, PassState const& pass, FileRows& files) {
  Unseen unseen;
  bool const of_file = !slice.file.empty();
  if (of_file && slice.seen_keys.empty() && !lists_older_days(slice, pass)) return unseen;
  auto const from = " FROM " + merge_sql_for(*slice.table).table + " t WHERE ";
  LiveRows live;
  unseen.keys = unseen_in(tx, slice, asked, &live);
  files.judge(live.keys, live.mute);
  std::erase_if(unseen.keys, [&](std::string const& key) {
    if (!files.keeps(hash_key(key))) return false;
    unseen.kept.push_back(key);
    return true;
  });
  if (!of_file && !unseen.keys.empty()) {
    auto aged = take_aged(tx, slice, asked, days, pass, unseen.keys);
    unseen.oldest = aged.oldest;
    unseen.has_oldest = true;
    unseen.aged = std::ssize(aged.keys);
    unseen.kept.insert(unseen.kept.end(), std::make_move_iterator(aged.keys.begin()),
                       std::make_move_iterator(aged.keys.end()));
  }
  if (unseen.keys.empty()) return unseen;
  // A row that changed comes as a new one, or as one that was there before. Only by how much the
  // set shrinks may be a fault.
  auto params = asked.params;
  params.push_back(std::to_string(pass.pass_run_id));
  auto const run = "$" + std::to_string(params.size()) + "::bigint";
  auto const fresh =
      int_of(exec(tx,
                  "SELECT count(*)" + from + asked.condition + " AND t.run_id >= " + run +
                      " AND (t.revision = 1 OR " + is_back_sql(*slice.table, run) + ")",
                  params)[0][0]);
  unseen.shrinks = std::max<std::int64_t>(0, static_cast<std::int64_t>(unseen.keys.size()) - fresh);
  if (unseen.shrinks > 0) {
    auto const in_doubt = came_in_doubt(tx, slice, unseen.keys, asked, pass);
    unseen.shrinks = std::max<std::int64_t>(0, unseen.shrinks - in_doubt);
  }
  if (unseen.shrinks > 0) {
    auto const left = left_among(tx, slice, unseen.keys, pass);
    unseen.shrinks = std::max<std::int64_t>(0, unseen.shrinks - left);
  }
  if (unseen.shrinks == 0) return unseen;
  SqlParams const stream{std::to_string(slice.run.id.source_id), slice.run.id.stream};
  unseen.live = int_of(exec(
      tx,
      "SELECT count(*)" + from + "t.source_id = $1::int AND t.stream = $2 AND t.deleted_at IS NULL",
      stream)[0][0]);
  // What earlier slices of the pass lost counts too, or a fault would take all rows in small steps.
  auto const shrinks = pass.missed + unseen.shrinks;
  unseen.too_many = is_mass_drop(shrinks, unseen.live + pass.missed, 0, slice.mass_drop_limit);
  return unseen;
}

void leave_out(std::vector<std::string> const& keys, Scope& scope) {
  if (keys.empty()) return;
  ArrayText all;
  for (auto const& key : keys) all.add(key);
  scope.params.push_back(all.take());
  scope.condition +=
      " AND " + none_of("t.external_id", "$" + std::to_string(scope.params.size()) + "::text[]");
}

namespace {

void map_unseen(PgSession& session, pqxx::transaction_base& tx, SliceClose const& slice,
                Unseen const& unseen, PassState const& pass) {
  auto const before = rows_before(slice.run, pass);
  if (!before) return;
  RowsLeft left;
  left.run = slice.run;
  left.table = slice.table;
  left.personal = slice.personal;
  left.map_anew = slice.map_anew;
  left.now = slice.now;
  // What came and went in doubt never stood: nothing of it is told.
  left.new_since = std::stoll(first_new_run(tx, slice, pass));
  map_left(session, tx, left, *before, unseen.keys);
}

}  // namespace

std::int64_t replace(PgSession& session, pqxx::transaction_base& tx, SliceClose const& slice,
                     Unseen const& unseen, Scope const& scope, PassState const& pass) {
  map_unseen(session, tx, slice, unseen, pass);
  auto const came = find_what_came(tx, slice, unseen, scope, pass);
  auto const& sql = merge_sql_for(*slice.table);
  auto const source = std::to_string(slice.run.id.source_id);
  auto const run = std::to_string(slice.run.run_id);
  std::int64_t deleted = 0;
  tx.exec(by_place_only);
  for (std::size_t from = 0; from < unseen.keys.size(); from += keys_at_once) {
    ArrayText keys, before, after;
    auto const to = std::min(unseen.keys.size(), from + keys_at_once);
    for (auto i = from; i < to; ++i) {
      keys.add(unseen.keys[i]);
      if (came.before.empty()) continue;
      before.add(came.before[i] ? came.before[i]->c_str() : nullptr);
      after.add(came.after[i] ? came.after[i]->c_str() : nullptr);
    }
    SqlParams chunk{source, slice.run.id.stream, keys.take(), run, sql_time(slice.now)};
    if (!came.before.empty()) {
      chunk.push_back(before.take());
      chunk.push_back(after.take());
    }
    auto const& mark = came.before.empty() ? sql.mark_deleted : sql.mark_replaced;
    deleted += int_of(exec(tx, mark, chunk)[0][0]);
  }
  OwnDoing back;
  back.run = slice.run;
  back.table = slice.table;
  back.now = slice.now;
  note_returned(tx, back, came.returned);
  tx.exec(by_index_again);
  SqlParams const params{source,
                         slice.run.id.stream,
                         run,
                         std::to_string(deleted),
                         std::string(slice.table->name),
                         sql_time(slice.run.started_at)};
  exec(tx,
       "WITH r AS (UPDATE affsync.sync_run SET deleted = deleted + $4::bigint"
       " WHERE source_id = $1::int AND run_id = $3::bigint AND started_at = $6::timestamptz)"
       " UPDATE affsync.stream_state z SET live_rows = z.live_rows -"
       " CASE WHEN EXISTS (SELECT FROM affsync.stream s WHERE s.source_id = $1::int"
       " AND s.stream = $2 AND s.record_table = $5) THEN $4::bigint ELSE 0 END"
       " WHERE z.source_id = $1::int AND z.stream = $2 AND z.run_id = $3::bigint",
       params);
  return deleted;
}

}  // namespace affsync::schema
