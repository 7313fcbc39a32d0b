#include "schema/store/came_instead.hpp"

#include <algorithm>
#include <unordered_map>

#include "schema/store/left_rows.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/recut.hpp"
#include "schema/store/scope.hpp"

namespace affsync::schema {
namespace {

// SQL of what identifies money in the row `t`, as far as it is known without an id, and of whether
// a row of the table can be compared at all.
struct Identity {
  std::string_view table, day, client, kind, compared;
};
constexpr Identity identities[] = {
    {"commission", "affsync.earned_on(t.occurred_on, t.occurred_at, t.occurred_to)", "t.client_ref",
     "t.kind", "t.grain IS DISTINCT FROM 'lifetime'"},
    {"rebate", "(t.occurred_at AT TIME ZONE 'UTC')::date", "t.client_ref", "NULL",
     "t.grain IS DISTINCT FROM 'lifetime'"},
    {"payout", "(coalesce(t.requested_at, t.paid_at) AT TIME ZONE 'UTC')::date", "NULL", "NULL",
     "true"},
};

// Rows that agree in their money are paired first; they changed in something else. Of the others
// the sums of a group are compared. If less counts, the largest rows lose it, each at most all it
// had, also if nothing but pairs vanished: then what came besides lowers the sum. If more counts,
// one row gains it, unless more rows came than vanished: then some of them are new money, and which
// is not known, so that only what exceeds their money is a gain. The two sides meet in windows and
// not in joins: what PostgreSQL does not know the number of, it would compare row by row.
//   gone   vanished rows, `stood` false for one that was never proven: it came and went in doubt
//   came   rows that are new since, `returned` if they had vanished before
// The result: 0 for a vanished row and 1 for a returned one, its key, what counted, what counts in
// its place, and why that is nothing.
// `run`: SQL of the first run whose rows are new, `doubtful_run`: the same for days in doubt. A row
// of another day that came before the pass stood since its slice was closed.
std::string compare_sql(std::string const& table, Identity const& of, std::string const& scope,
                        std::string const& keys, std::string const& proven_run,
                        std::string const& doubtful_run) {
  std::string const run =
      "CASE WHEN EXISTS (SELECT FROM affsync.coverage d WHERE d.source_id = $1::int"
      " AND d.stream = $2 AND d.state = 'doubtful' AND " +
      std::string(of.day) + " BETWEEN d.day_from AND d.day_to) THEN " + doubtful_run + " ELSE " +
      proven_run + " END";
  std::string const columns =
      "t.external_id, jsonb_build_array(" + std::string(of.day) + ", t.currency, " +
      std::string(of.client) + ", " + std::string(of.kind) +
      ")::text AS g, CASE WHEN v.void THEN 0 ELSE coalesce(t.amount, 0) END AS amount";
  std::string const void_sql =
      "CROSS JOIN LATERAL (SELECT coalesce(t.status, '') IN ('rejected', 'reversed', 'failed',"
      " 'cancelled') AS void) v ";
  std::string const is_new = "t.revision = 1 AND t.run_id >= " + run;
  return "WITH gone AS MATERIALIZED (SELECT " + columns + ", NOT (" + is_new +
         ") AS stood FROM unnest(" + keys +
         ") AS k (external_id) CROSS JOIN LATERAL (SELECT * FROM " + table +
         " t WHERE t.source_id = $1::int AND t.stream = $2 AND t.external_id = k.external_id"
         " LIMIT 1) t " +
         void_sql + "WHERE " + std::string(of.compared) + "), came AS MATERIALIZED (SELECT " +
         columns +
         ", CASE WHEN v.void THEN t.status END AS because, t.revision > 1 AS returned"
         " FROM " +
         table + " t " + void_sql + "WHERE " + scope + " AND " + std::string(of.compared) +
         " AND " + none_of("t.external_id", keys) + " AND (" + is_new +
         " OR t.revision > 1 AND t.run_id >= " + run + " AND " +
         is_back_sql(*find_record_table(of.table), run) +
         ")),"
         " sides AS (SELECT false AS is_new, external_id, g, amount, NULL AS because,"
         " false AS returned FROM gone WHERE stood"
         " UNION ALL SELECT true, external_id, g, amount, because, returned FROM came),"
         " numbered AS (SELECT *, row_number() OVER (PARTITION BY is_new, g, amount"
         " ORDER BY because NULLS FIRST, external_id) AS nth FROM sides),"
         " paired AS (SELECT *, count(*) OVER (PARTITION BY g, amount, nth) = 2 AS pair"
         " FROM numbered),"
         " summed AS (SELECT *, count(*) FILTER (WHERE NOT pair AND NOT is_new) OVER w AS "
         "rows_gone,"
         " count(*) FILTER (WHERE NOT pair AND is_new) OVER w AS rows_came,"
         " sum(amount) FILTER (WHERE NOT pair AND NOT is_new) OVER w AS was,"
         " sum(amount) FILTER (WHERE NOT pair AND is_new) OVER w AS is_now,"
         " sum(greatest(amount, 0)) FILTER (WHERE NOT pair AND is_new) OVER w AS new_money,"
         " bool_or(pair) OVER w AS has_pairs,"
         " bool_and(because IS NOT NULL) FILTER (WHERE NOT pair AND is_new) OVER w AS all_void,"
         " max(because) FILTER (WHERE NOT pair AND is_new) OVER w AS why_void,"
         " row_number() OVER by_size = 1 AS largest,"
         " sum(greatest(amount, 0)) OVER by_size - greatest(amount, 0) AS before_it,"
         " sum(greatest(amount, 0)) OVER (PARTITION BY g, pair, is_new) AS all_of_it FROM paired"
         " WINDOW w AS (PARTITION BY g),"
         " by_size AS (PARTITION BY g, pair, is_new ORDER BY amount DESC, external_id)),"
         " shared AS (SELECT *, CASE WHEN rows_gone = 0 THEN least(is_now, 0)"
         " WHEN pair THEN 0 WHEN rows_came > rows_gone"
         " THEN least(is_now, greatest(was, is_now - new_money)) - was"
         " ELSE is_now - was END AS gain FROM summed)"
         " SELECT 0, external_id, amount, amount, NULL FROM gone WHERE NOT stood"
         " UNION ALL SELECT 0, external_id, amount, amount"
         " - least(greatest(amount, 0), greatest(-gain - before_it, 0))"
         " + CASE WHEN largest THEN greatest(gain, 0) - greatest(-gain - all_of_it, 0) ELSE 0 END,"
         " CASE WHEN NOT pair AND all_void THEN why_void END"
         " FROM shared WHERE NOT is_new AND (pair OR rows_came > 0)"
         " UNION ALL SELECT 1, external_id, NULL, NULL, NULL FROM shared"
         " WHERE is_new AND returned AND because IS NULL"
         " AND (pair OR rows_gone > 0 OR has_pairs AND is_now < 0)";
}

// The run after the last one with such a status before a run.
std::string after_last(std::string const& statuses, std::string const& before) {
  return "(SELECT q.run_id + 1 FROM affsync.sync_run q WHERE q.source_id = $1::int"
         " AND q.stream = $2 AND q.run_id < " +
         before + " AND q.status IN (" + statuses + ") ORDER BY q.run_id DESC LIMIT 1)";
}
constexpr auto ended = "'succeeded', 'partial'";

// The first run that did not come to its end before the pass, or that of the pass.
std::string first_unended_run(pqxx::transaction_base& tx, SliceClose const& slice,
                              PassState const& pass) {
  SqlParams const params{std::to_string(slice.run.id.source_id), slice.run.id.stream,
                         std::to_string(pass.pass_run_id)};
  return exec(tx, "SELECT least($3::bigint, " + after_last(ended, "$3::bigint") + ")", params)[0][0]
      .c_str();
}

}  // namespace

std::string first_new_run(pqxx::transaction_base& tx, SliceClose const& slice,
                          PassState const& pass) {
  SqlParams const params{std::to_string(slice.run.id.source_id), slice.run.id.stream,
                         sql_day(slice.from), sql_day(slice.to), std::to_string(pass.pass_run_id)};
  return exec(tx,
              "SELECT least($5::bigint, " + after_last(ended, "$5::bigint") + ", " +
                  after_last("'succeeded'", "d.run_id") +
                  ") FROM (SELECT min(c.run_id) AS run_id FROM affsync.coverage c"
                  " WHERE c.source_id = $1::int AND c.stream = $2 AND c.state = 'doubtful'"
                  " AND c.day_from <= $4::date AND c.day_to >= $3::date) d",
              params)[0][0]
      .c_str();
}

std::int64_t came_in_doubt(pqxx::transaction_base& tx, SliceClose const& slice,
                           std::vector<std::string> const& gone, Scope const& scope,
                           PassState const& pass) {
  auto const* of = std::ranges::find(identities, slice.table->name, &Identity::table);
  auto const first = first_new_run(tx, slice, pass);
  auto const of_pass = std::to_string(pass.pass_run_id);
  if (of == std::end(identities) || first == of_pass) return 0;
  ArrayText keys;
  for (auto const& key : gone) keys.add(key);
  auto params = scope.params;
  auto const next = params.size() + 1;
  for (auto const& text : {keys.take(), first, of_pass}) params.push_back(text);
  auto const number = [&](std::size_t i) { return "$" + std::to_string(next + i); };
  return int_of(
      exec(tx,
           "SELECT coalesce(sum(d.gone_new + least(d.gone_old, d.came)), 0) FROM (SELECT"
           " count(*) FILTER (WHERE r.gone AND r.new) AS gone_new,"
           " count(*) FILTER (WHERE r.gone AND NOT r.new) AS gone_old,"
           " count(*) FILTER (WHERE NOT r.gone AND r.new AND r.run_id < " +
               number(2) + "::bigint) AS came FROM (SELECT t.run_id, " + std::string(of->day) +
               " AS day, k.external_id IS NOT NULL AS gone, t.revision = 1 AND t.run_id >= " +
               number(1) + "::bigint AS new FROM " + merge_sql_for(*slice.table).table +
               " t LEFT JOIN unnest(" + number(0) +
               "::text[]) AS k (external_id) ON k.external_id = t.external_id WHERE " +
               scope.condition + ") r GROUP BY r.day) d",
           params)[0][0]);
}

CameInstead find_what_came(pqxx::transaction_base& tx, SliceClose const& slice,
                           Unseen const& unseen, Scope const& scope, PassState const& pass) {
  CameInstead found;
  auto const* of = std::ranges::find(identities, slice.table->name, &Identity::table);
  // With other keys, each row comes as a new one too.
  bool const rekeyed = pass.rekeyed_after && pass.pass_run_id > *pass.rekeyed_after;
  bool const compares = slice.by_content || rekeyed;
  auto const not_cut =
      is_recut(pass) ? find_recut(tx, slice, unseen.keys, pass, found) : unseen.keys;
  auto const gone = find_left(tx, slice, unseen.keys, not_cut, pass, found);
  if (!compares || of == std::end(identities) || gone.empty()) return found;
  // Another privacy setting may have made the keys, and then names clients in another way as well.
  auto identity = *of;
  auto const& of_persons = personal_columns(slice.personal.get());
  if (rekeyed && std::ranges::find(of_persons, "client_ref") != of_persons.end()) {
    identity.client = "NULL";
  }
  ArrayText keys;
  for (auto const& key : gone) keys.add(key);
  auto params = scope.params;
  params.push_back(keys.take());
  auto const all_keys = "$" + std::to_string(params.size()) + "::text[]";
  params.push_back(first_unended_run(tx, slice, pass));
  auto const proven_run = "$" + std::to_string(params.size()) + "::bigint";
  params.push_back(first_new_run(tx, slice, pass));
  auto const doubtful_run = "$" + std::to_string(params.size()) + "::bigint";
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < unseen.keys.size(); ++i) places.emplace(unseen.keys[i], i);
  auto const& table = merge_sql_for(*slice.table).table;
  for (auto const& row :
       exec(tx, compare_sql(table, identity, scope.condition, all_keys, proven_run, doubtful_run),
            params)) {
    std::string_view const key(row[1].c_str(), row[1].size());
    if (int_of(row[0]) == 1) {
      found.returned.emplace_back(key);
      continue;
    }
    found.before.resize(unseen.keys.size());
    found.after.resize(unseen.keys.size());
    auto const place = places.at(key);
    found.before[place] = std::string("{\"counted\": ") + row[2].c_str() + "}";
    auto because = text_of(row[4]);
    found.after[place] = std::string("{\"counted\": ") + row[3].c_str() +
                         (because ? ", \"because\": \"" + *because + "\"}" : "}");
  }
  return found;
}

void note_returned(pqxx::transaction_base& tx, OwnDoing const& of,
                   std::vector<std::string> const& keys) {
  if (keys.empty()) return;
  tx.exec(by_place_only);
  ArrayText all;
  for (auto const& key : keys) all.add(key);
  SqlParams const params{std::to_string(of.run.id.source_id), of.run.id.stream, all.take(),
                         std::to_string(of.run.run_id), sql_time(of.now)};
  exec(tx, merge_sql_for(*of.table).mark_returned, params);
}

}  // namespace affsync::schema
