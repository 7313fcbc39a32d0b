#include "schema/slice_closer.hpp"

#include <pqxx/stream_from>
#include <pqxx/transaction>

#include <algorithm>

#include "base/crash_point.hpp"
#include "schema/absence.hpp"
#include "schema/left_rows.hpp"
#include "schema/merge_sql.hpp"

namespace affsync::schema {
namespace {

constexpr std::size_t keys_at_once = 10'000;

// The live rows of the slice: a condition on `t` with $1 source, $2 stream and, with a scope
// column, $3 and $4, its first and last day (either may be null).
struct Scope {
  std::string condition;
  SqlParams params;
};

std::string known_column(RecordTable const& table, std::string const& column) {
  if (!table.index_of(column)) {
    throw Failure(ErrorCode::internal,
                  "the table " + std::string(table.name) + " has no column " + column);
  }
  return "t." + quote_name(column);
}

Scope scope_of(SliceClose const& slice) {
  Scope scope;
  scope.condition = "t.source_id = $1::int AND t.stream = $2";
  if (slice.table->keeps_records()) scope.condition += " AND t.deleted_at IS NULL";
  scope.params = {std::to_string(slice.run.id.source_id), slice.run.id.stream};
  if (slice.scope_column.empty()) return scope;
  auto const column = known_column(*slice.table, slice.scope_column);
  auto const type = slice.table->columns[*slice.table->index_of(slice.scope_column)].type;
  // A moment belongs to its UTC day.
  std::string const of_day =
      type == ColumnType::timestamptz ? "::timestamp AT TIME ZONE 'UTC'" : "";
  if (slice.from) {
    scope.params.push_back(sql_day(slice.from));
    scope.condition +=
        " AND " + column + " >= ($" + std::to_string(scope.params.size()) + "::date)" + of_day;
  }
  if (slice.to) {
    scope.params.push_back(sql_day(slice.to));
    scope.condition +=
        " AND " + column + " < ($" + std::to_string(scope.params.size()) + "::date + 1)" + of_day;
  }
  return scope;
}

std::int64_t count_live(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope) {
  auto const& sql = merge_sql_for(*slice.table);
  auto const text = "SELECT count(*) FROM " + sql.table + " t WHERE " + scope.condition;
  return int_of(exec(tx, text, scope.params)[0][0]);
}

// Keys of live rows that were not seen. Read through a cursor: a stream may have millions.
std::vector<std::string> find_vanished(pqxx::transaction_base& tx, SliceClose const& slice,
                                       Scope const& scope) {
  auto const& sql = merge_sql_for(*slice.table);
  exec(tx,
       "DECLARE live_keys NO SCROLL CURSOR FOR SELECT t.external_id FROM " + sql.table +
           " t WHERE " + scope.condition,
       scope.params);
  std::vector<std::string> vanished;
  for (;;) {
    auto const rows = tx.exec("FETCH FORWARD " + std::to_string(keys_at_once) + " FROM live_keys");
    for (auto const& row : rows) {
      std::string_view const key(row[0].c_str(), row[0].size());
      if (!std::binary_search(slice.seen_keys.begin(), slice.seen_keys.end(), hash_key(key))) {
        vanished.emplace_back(key);
      }
    }
    if (rows.size() < keys_at_once) break;
  }
  tx.exec("CLOSE live_keys");
  return vanished;
}

std::int64_t mark_deleted(pqxx::transaction_base& tx, SliceClose const& slice,
                          std::vector<std::string> const& keys) {
  auto const& sql = merge_sql_for(*slice.table);
  std::int64_t marked = 0;
  for (std::size_t at = 0; at < keys.size(); at += keys_at_once) {
    ArrayText chunk;
    auto const end = std::min(keys.size(), at + keys_at_once);
    for (auto i = at; i < end; ++i) chunk.add(keys[i]);
    SqlParams const params{std::to_string(slice.run.id.source_id), slice.run.id.stream,
                           chunk.take(), std::to_string(slice.run.run_id), sql_time(slice.now)};
    marked += int_of(exec(tx, sql.mark_deleted, params)[0][0]);
  }
  return marked;
}

struct RunSoFar {
  std::int64_t deleted = 0, quarantined = 0;
};

RunSoFar read_run(pqxx::transaction_base& tx, SliceClose const& slice) {
  SqlParams const params{std::to_string(slice.run.id.source_id), std::to_string(slice.run.run_id)};
  auto const row = exec(tx,
                        "SELECT r.deleted, r.quarantined FROM affsync.sync_run r"
                        " WHERE r.source_id = $1::int AND r.run_id = $2::bigint",
                        params)[0];
  return RunSoFar{int_of(row[0]), int_of(row[1])};
}

// Reads all rows of the stream, so it is asked only once something has vanished.
bool drops_too_many(pqxx::transaction_base& tx, SliceClose const& slice, RunSoFar const& run,
                    std::int64_t vanished, bool nothing_seen) {
  if (vanished == 0) return false;
  Scope whole;
  whole.condition = "t.source_id = $1::int AND t.stream = $2 AND t.deleted_at IS NULL";
  whole.params = {std::to_string(slice.run.id.source_id), slice.run.id.stream};
  return is_mass_drop(vanished, count_live(tx, slice, whole), run.deleted, nothing_seen,
                      slice.mass_drop_limit);
}

// Compares in numeric, so that no digit is lost.
void compare_total(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope,
                   TotalToCompare const& total, SliceClosed& closed) {
  auto const& sql = merge_sql_for(*slice.table);
  auto const ours = total.column.empty()
                        ? std::string("count(*)::numeric")
                        : "coalesce(sum(" + known_column(*slice.table, total.column) + "), 0)";
  auto params = scope.params;
  auto next = [&](std::optional<std::string> value) {
    params.push_back(std::move(value));
    return "$" + std::to_string(params.size());
  };
  auto const run = next(std::to_string(slice.run.run_id));
  auto const metric = next(total.metric);
  auto const from = next(sql_day(slice.from));
  auto const to = next(sql_day(slice.to));
  auto const broker = next(total.broker_value);
  auto const tolerance = next(total.tolerance.empty() ? "0" : total.tolerance);
  auto const now = next(sql_time(slice.now));
  std::string condition = scope.condition;
  if (!slice.listed_beside.empty()) {
    ArrayText keys;
    for (auto const& key : slice.listed_beside) keys.add(key);
    condition = "((" + condition + ") OR (t.source_id = $1::int AND t.stream = $2 AND";
    if (slice.table->keeps_records()) condition += " t.deleted_at IS NULL AND";
    condition += " t.external_id = ANY (" + next(keys.take()) + "::text[])))";
  }
  auto const row = exec(
      tx,
      "INSERT INTO affsync.reconciliation (source_id, run_id, stream, metric, window_from,"
      " window_to, broker_value, our_value, difference, matched, compared_at)"
      " SELECT $1::int, " +
          run + "::bigint, $2, " + metric + ", " + from + "::date, " + to + "::date, " + broker +
          "::numeric, o.value, o.value - " + broker + "::numeric, abs(o.value - " + broker +
          "::numeric) <= " + tolerance + "::numeric, " + now + "::timestamptz FROM (SELECT " +
          ours + " AS value FROM " + sql.table + " t WHERE " + condition +
          ") o RETURNING matched, metric, broker_value::text, our_value::text, difference::text",
      params)[0];
  if (row[0].as<bool>()) return;
  SliceClosed::Difference difference;
  difference.metric = row[1].c_str();
  difference.broker_value = row[2].c_str();
  difference.our_value = row[3].c_str();
  difference.difference = row[4].c_str();
  closed.unmatched.push_back(std::move(difference));
}

// Rows that were put aside are in the broker's count and not in the table.
bool explained_by_quarantine(pqxx::transaction_base& tx, SliceClose const& slice,
                             std::int64_t missing) {
  SqlParams const params{std::to_string(slice.run.id.source_id), slice.run.id.stream};
  auto const open = int_of(exec(tx,
                                "SELECT count(*) FROM affsync.quarantine q WHERE q.source_id ="
                                " $1::int AND q.stream = $2 AND q.resolved_at IS NULL",
                                params)[0][0]);
  return missing > 0 && missing <= open;
}

// `deleted` of the slice's table, and `others` of further ones.
void note_slice(pqxx::transaction_base& tx, SliceClose const& slice, std::int64_t deleted,
                std::int64_t others) {
  SqlParams const params{std::to_string(slice.run.id.source_id), slice.run.id.stream,
                         std::to_string(slice.run.run_id),       std::to_string(deleted),
                         std::string(slice.table->name),         std::to_string(others)};
  exec(tx,
       "WITH r AS (UPDATE affsync.sync_run SET deleted = deleted + $4::bigint + $6::bigint"
       " WHERE source_id = $1::int AND run_id = $3::bigint)"
       " UPDATE affsync.stream_state z SET writes = z.writes + 1, live_rows = z.live_rows -"
       " CASE WHEN EXISTS (SELECT FROM affsync.stream s WHERE s.source_id = $1::int"
       " AND s.stream = $2 AND s.record_table = $5) THEN $4::bigint ELSE 0 END"
       " WHERE z.source_id = $1::int AND z.stream = $2 AND z.run_id = $3::bigint",
       params);
}

}  // namespace

bool is_mass_drop(std::int64_t vanished, std::int64_t stream_live, std::int64_t deleted_in_run,
                  bool nothing_seen, double limit) {
  if (vanished == 0 || limit >= 1) return false;
  if (nothing_seen) return true;
  auto const total = vanished + deleted_in_run;
  if (total <= 1) return false;
  return static_cast<double>(total) > limit * static_cast<double>(stream_live + deleted_in_run);
}

SliceCloser::SliceCloser(SliceClose const& slice, RunWrites& writes)
    : slice_(slice), fenced_(writes) {}

SliceClosed SliceCloser::close(PgSession& session) {
  pqxx::work tx(session.connection());
  auto const state = enter_fence(tx, slice_.run);
  if (fenced_.already_done(state)) {
    fenced_.committed(FenceState{state.writes - 1, false});
    return result_;
  }
  crash_point(CrashPoint::slice_entered);
  SliceClosed closed;
  auto const scope = scope_of(slice_);
  closed.live = count_live(tx, slice_, scope);
  if (slice_.expect_live) {
    closed.live_as_expected =
        closed.live == *slice_.expect_live ||
        explained_by_quarantine(tx, slice_, *slice_.expect_live - closed.live);
  }
  LeftRows left;
  if (!slice_.left_out.empty()) {
    left = mark_left_rows(tx, slice_, read_run(tx, slice_).deleted);
    closed.would_delete = left.held_back;
    if (left.of_main_table > 0) closed.live = count_live(tx, slice_, scope);
  }
  if (slice_.mark_vanished && slice_.table->keeps_records()) {
    auto const run = read_run(tx, slice_);
    auto const whole_stream = slice_.scope_column.empty() || (!slice_.from && !slice_.to);
    // Every row seen has been stored, so equal numbers mean equal sets; not so when some were put
    // aside, or lie outside of the slice that they were listed for.
    auto const all_there = slice_.verified && whole_stream && run.quarantined == 0 &&
                           closed.live == static_cast<std::int64_t>(slice_.seen_keys.size());
    if (!all_there) {
      auto const vanished = find_vanished(tx, slice_, scope);
      auto const count = static_cast<std::int64_t>(vanished.size());
      auto const nothing_seen = whole_stream && slice_.seen_keys.empty();
      if (drops_too_many(tx, slice_, run, count, nothing_seen)) {
        closed.would_delete = std::max(closed.would_delete, count);
      } else {
        auto const gone = slice_.verified ? vanished : missed_twice(tx, slice_, vanished);
        closed.missed = count - static_cast<std::int64_t>(gone.size());
        closed.deleted = mark_deleted(tx, slice_, gone);
        crash_point(CrashPoint::slice_marked);
        closed.live -= closed.deleted;
      }
    }
  }
  for (auto const& total : slice_.totals) compare_total(tx, slice_, scope, total, closed);
  note_slice(tx, slice_, closed.deleted + left.of_main_table, left.of_others);
  closed.deleted += left.of_main_table + left.of_others;
  result_ = closed;
  crash_point(CrashPoint::slice_noted);
  tx.commit();
  crash_point(CrashPoint::slice_committed);
  fenced_.committed(state);
  return closed;
}

}  // namespace affsync::schema
