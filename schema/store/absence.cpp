#include "schema/store/absence.hpp"

#include <pqxx/transaction_base>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "schema/store/merge_sql.hpp"
#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

std::string microseconds(std::string const& time) {
  return time.empty() ? "NULL" : "(extract(epoch FROM " + time + ") * 1000000)::bigint";
}

std::optional<TimePoint> moment(pqxx::field const& field) {
  if (field.is_null()) return std::nullopt;
  return TimePoint(std::chrono::microseconds(int_of(field)));
}

bool seen(SliceClose const& slice, std::string_view key) {
  return std::ranges::binary_search(slice.seen_keys, hash_key(key));
}

std::string_view key_of(pqxx::row const& row) {
  return {row[0].c_str(), row[0].size()};
}

// How far back the broker's list reaches. A missed row is judged (may count as vanished) only if it
// is younger than `judged_after`; nullopt: every row is judged. A row older than `gone_before` is
// certainly outside the list.
struct Horizon {
  std::optional<TimePoint> judged_after;
  std::optional<TimePoint> gone_before;
  bool judges = true;  // false: the extent of the list is unknown yet, so no row is judged
};

Horizon horizon_of(SliceClose const& slice, PassState const& pass, std::optional<TimePoint> oldest,
                   bool all) {
  Horizon horizon;
  auto const seen_from = pass.oldest && oldest ? std::min(pass.oldest, oldest)
                         : pass.oldest         ? pass.oldest
                                               : oldest;
  if (slice.keeps_from) {
    horizon.judged_after = *slice.keeps_from + keeps_margin;
    horizon.gone_before = TimePoint(*slice.keeps_from - keeps_margin);
    if (seen_from) horizon.gone_before = std::min(horizon.gone_before, seen_from);
    return horizon;
  }
  horizon.judged_after = horizon.gone_before = seen_from;
  if (!seen_from && !all && pass.live_rows == 1) {
    // The last row of a list that has become empty.
    horizon.judged_after = horizon.gone_before = slice.now - always_listed;
    return horizon;
  }
  // An empty list of the whole stream proves that all rows are gone; an empty window proves
  // nothing.
  horizon.judges = seen_from || all;
  return horizon;
}

class Noting {
 public:
  Noting(pqxx::transaction_base& tx, SliceClose const& slice, PassState const& pass,
         std::int64_t most)
      : tx_(tx), slice_(slice), pass_(pass), room_(std::max<std::int64_t>(0, most - pass.missed)) {}

  void add(std::string_view key, bool judged, Missed& missed) {
    if (judged && room_ == 0) {
      ++missed.missed;
      return;
    }
    if (judged) --room_;
    auto& chunk = judged ? judged_ : close_;
    chunk.keys.add(key);
    if (++chunk.count == keys_at_once) write(chunk, judged, missed);
  }
  void finish(Missed& missed) {
    write(judged_, true, missed);
    write(close_, false, missed);
  }

 private:
  struct Chunk {
    ArrayText keys;
    std::size_t count = 0;
  };

  void write(Chunk& chunk, bool judged, Missed& missed) {
    if (chunk.count == 0) return;
    SqlParams const params{std::to_string(slice_.run.id.source_id),
                           std::string(slice_.table->name),
                           slice_.run.id.stream,
                           chunk.keys.take(),
                           std::to_string(pass_.pass_run_id),
                           judged ? "1" : "0",
                           judged && slice_.proof == CountProof::rows ? "true" : "false"};
    auto const rows =
        exec(tx_,
             "WITH n AS (INSERT INTO affsync.absence AS a (source_id, record_table, stream,"
             " external_id, run_id, passes, proven) SELECT $1::int, $2, $3, k, $5::bigint, $6::int,"
             " $7::boolean FROM unnest($4::text[]) k"
             " ON CONFLICT (source_id, record_table, stream, external_id) DO UPDATE SET"
             " run_id = excluded.run_id, proven = excluded.proven,"
             " passes = CASE WHEN excluded.passes = 0 THEN 0 ELSE a.passes + 1 END"
             " WHERE a.run_id < excluded.run_id RETURNING 1) SELECT count(*) FROM n",
             params);
    if (judged) missed.missed += int_of(rows[0][0]);
    missed.noted = true;
    chunk = Chunk();
  }

  pqxx::transaction_base& tx_;
  SliceClose const& slice_;
  PassState const& pass_;
  std::int64_t room_;
  Chunk judged_, close_;
};

}  // namespace

AgeSql age_sql(RecordTable const& table, bool in_windows) {
  if (table.name == "commission") {
    // A running total has no time, unless it is requested by days.
    std::string const dated = std::string("CASE WHEN ") +
                              (in_windows ? "true" : "t.grain IS DISTINCT FROM 'lifetime'") +
                              " THEN ";
    std::string const utc = "::timestamp AT TIME ZONE 'UTC'";
    return {dated + "coalesce(t.occurred_at, t.occurred_from, t.occurred_on" + utc + ") END",
            dated + "coalesce(t.occurred_at, t.occurred_to, (t.occurred_on + 1)" + utc +
                " - interval '1 microsecond') END"};
  }
  std::string time;
  if (table.name == "rebate") time = "t.occurred_at";
  if (table.name == "payout") {
    time = "coalesce(t.requested_at, t.approved_at, t.rejected_at, t.paid_at)";
  }
  if (table.name == "metric") {
    std::string const utc = "::timestamp AT TIME ZONE 'UTC' END";
    std::string const dated = "CASE WHEN t.grain IS DISTINCT FROM 'lifetime' THEN t.occurred_on";
    return {dated + utc, dated + utc};
  }
  if (table.name == "client") time = "t.registered_at";
  if (table.name == "trading_account") time = "t.opened_at";
  if (table.name == "rebate_group") time = "t.created_at";
  return {time, time};
}

std::optional<TimePoint> oldest_seen(pqxx::transaction_base& tx, SliceClose const& slice,
                                     Scope const& scope, PassState const& pass) {
  // Days in doubt are read after younger days, so this slice may be older than all before.
  bool const older = !pass.oldest || (slice.from && TimePoint(*slice.from) < *pass.oldest);
  if (!older || slice.seen_keys.empty()) return std::nullopt;
  auto const latest = microseconds(age_sql(*slice.table, !slice.scope_column.empty()).latest);
  return moment(exec(tx,
                     "SELECT min(" + latest + ") FROM " + merge_sql_for(*slice.table).table +
                         " t WHERE " + scope.condition,
                     scope.params)[0][0]);
}

namespace {

// So many missing keys are kept in memory; rows of more are read once more.
constexpr std::size_t few_keys = 10'000;

// Reads the keys of the scope. Returns those that the slice did not bring; nullopt if they are more
// than a few.
std::optional<std::vector<std::string>> few_unseen(pqxx::transaction_base& tx,
                                                   SliceClose const& slice, Scope const& scope,
                                                   std::string const& from) {
  std::vector<std::string> unseen;
  walk(tx, "SELECT t.external_id" + from, scope.params, [&](pqxx::row const& row) {
    if (!seen(slice, key_of(row))) unseen.emplace_back(key_of(row));
    return unseen.size() <= few_keys;
  });
  if (unseen.size() > few_keys) return std::nullopt;
  return unseen;
}

// The rows of the scope that are in a list of keys, or are not: the server finds them, and no other
// row is sent.
Scope among(Scope scope, std::vector<std::string> const& keys, bool in_list) {
  ArrayText list;
  for (auto const& key : keys) list.add(std::string_view(key));
  scope.params.emplace_back(list.take());
  auto const texts = "$" + std::to_string(scope.params.size()) + "::text[]";
  scope.condition +=
      " AND " + (in_list ? "t.external_id = ANY (" + texts + ")" : none_of("t.external_id", texts));
  return scope;
}

// The oldest row that the slice has brought.
std::optional<TimePoint> oldest_of_seen(pqxx::transaction_base& tx, SliceClose const& slice,
                                        Scope const& scope, std::string const& table,
                                        std::string const& latest,
                                        std::optional<std::vector<std::string>> const& unseen) {
  if (unseen) {
    auto const others = among(scope, *unseen, false);
    return moment(
        exec(tx, "SELECT min(" + latest + ")" + table + others.condition, others.params)[0][0]);
  }
  std::optional<TimePoint> oldest;
  walk(tx, "SELECT t.external_id, " + latest + table + scope.condition, scope.params,
       [&](pqxx::row const& row) {
         auto const at = moment(row[1]);
         if (at && seen(slice, key_of(row))) oldest = oldest ? std::min(*oldest, *at) : *at;
         return true;
       });
  return oldest;
}

}  // namespace

Missed note_missed(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope,
                   PassState const& pass, bool all, std::int64_t most) {
  Missed result;
  auto const table = " FROM " + merge_sql_for(*slice.table).table + " t WHERE ";
  auto const unseen = few_unseen(tx, slice, scope, table + scope.condition);
  if (unseen && unseen->empty()) {
    result.oldest = oldest_seen(tx, slice, scope, pass);
    return result;
  }
  auto const age = age_sql(*slice.table, !slice.scope_column.empty());
  auto const latest = microseconds(age.latest);
  result.oldest = oldest_of_seen(tx, slice, scope, table, latest, unseen);
  auto const horizon = horizon_of(slice, pass, result.oldest, all || !slice.seen_keys.empty());
  Noting noting(tx, slice, pass, most);
  auto const judge = [&](pqxx::row const& row) {
    if (seen(slice, key_of(row))) return true;
    auto const earliest = moment(row[1]), until = moment(row[2]);
    bool const judged =
        horizon.judges && (!horizon.judged_after || !earliest || *earliest > *horizon.judged_after);
    bool const out_of_sight =
        !horizon.judges || (until && horizon.gone_before && *until < *horizon.gone_before);
    if (!judged) ++result.kept;
    if (judged || !out_of_sight) noting.add(key_of(row), judged, result);
    return true;
  };
  auto const rows = unseen ? among(scope, *unseen, true) : scope;
  walk(tx,
       "SELECT t.external_id, " + microseconds(age.earliest) + ", " + latest + table +
           rows.condition,
       rows.params, judge);
  noting.finish(result);
  return result;
}

std::int64_t forget_seen(pqxx::transaction_base& tx, SliceClose const& slice, Scope const& scope,
                         PassState const& pass, bool whole_stream) {
  SqlParams const params{std::to_string(slice.run.id.source_id), std::string(slice.table->name),
                         slice.run.id.stream};
  std::string const of_stream = " WHERE source_id = $1::int AND record_table = $2 AND stream = $3";
  if (!exec(tx, "SELECT EXISTS (SELECT FROM affsync.absence" + of_stream + ")", params)[0][0]
           .as<bool>()) {
    return 0;
  }
  auto const forget = [&](ArrayText& keys) {
    auto some = params;
    some.push_back(keys.take());
    exec(tx, "DELETE FROM affsync.absence" + of_stream + " AND external_id = ANY ($4::text[])",
         some);
    keys = ArrayText();
  };
  ArrayText keys;
  std::size_t count = 0;
  if (slice.resumed && whole_stream) {
    auto before = params;
    before.push_back(std::to_string(pass.pass_run_id));
    exec(tx, "DELETE FROM affsync.absence" + of_stream + " AND run_id < $4::bigint", before);
  } else if (slice.resumed) {
    auto within = scope;
    within.params.emplace_back(std::string(slice.table->name));
    within.params.emplace_back(std::to_string(pass.pass_run_id));
    auto const last = within.params.size();
    walk(tx,
         "SELECT t.external_id FROM " + merge_sql_for(*slice.table).table + " t WHERE " +
             within.condition +
             " AND EXISTS (SELECT FROM affsync.absence a WHERE a.source_id = $1::int"
             " AND a.record_table = $" +
             std::to_string(last - 1) +
             " AND a.stream = $2 AND a.external_id = t.external_id AND a.run_id < $" +
             std::to_string(last) + "::bigint)",
         within.params, [&](pqxx::row const& row) {
           keys.add(key_of(row));
           if (++count % keys_at_once == 0) forget(keys);
           return true;
         });
    if (count % keys_at_once > 0) forget(keys);
    count = 0;
  }
  std::int64_t counted = 0;
  walk(tx, "SELECT external_id, run_id, passes FROM affsync.absence" + of_stream, params,
       [&](pqxx::row const& row) {
         if (!seen(slice, key_of(row))) return true;
         keys.add(key_of(row));
         counted += int_of(row[1]) == pass.pass_run_id && int_of(row[2]) > 0 ? 1 : 0;
         if (++count % keys_at_once == 0) forget(keys);
         return true;
       });
  if (count % keys_at_once > 0) forget(keys);
  return counted;
}

std::string noted_sql(SliceClose const& slice, PassState const& pass, SqlParams& params) {
  params.emplace_back(std::string(slice.table->name));
  params.emplace_back(std::to_string(pass.pass_run_id));
  auto const last = params.size();
  return "EXISTS (SELECT FROM affsync.absence a WHERE a.source_id = $1::int AND a.record_table = "
         "$" +
         std::to_string(last - 1) +
         " AND a.stream = $2 AND a.external_id = t.external_id AND a.run_id = $" +
         std::to_string(last) + "::bigint)";
}

std::string out_of_sight_sql(SliceClose const& slice, PassState const& pass, bool any_noted,
                             SqlParams& params) {
  std::string sql = any_noted ? noted_sql(slice, pass, params) : "false";
  auto const age = age_sql(*slice.table, !slice.scope_column.empty());
  auto before = pass.oldest;
  if (slice.keeps_from) {
    auto const kept = TimePoint(*slice.keeps_from - keeps_margin);
    before = before ? std::min(*before, kept) : kept;
  }
  if (before && !age.latest.empty()) {
    params.emplace_back(sql_time(before));
    sql += " OR coalesce(" + age.latest + " < $" + std::to_string(params.size()) +
           "::timestamptz, false)";
  }
  return sql;
}

}  // namespace affsync::schema
