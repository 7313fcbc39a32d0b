#include "schema/store/rekeyed.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schema/store/absence.hpp"
#include "schema/store/came_instead.hpp"
#include "schema/store/merge_sql.hpp"
#include "schema/store/own_doing.hpp"
#include "schema/store/unmade.hpp"
#include "schema/store/walk.hpp"

namespace affsync::schema {
namespace {

enum class Likeness { all, columns, raw, impersonal, members };

// Another privacy setting makes these differ.
constexpr std::array of_persons{std::string_view("name"), std::string_view("email"),
                                std::string_view("phone")};

// `beside`: columns to leave out besides.
std::string columns_of(RecordTable const& table, std::vector<std::string> const& beside) {
  std::string text;
  for (auto const& column : table.columns) {
    if (column.volatile_value) continue;
    if (std::ranges::find(of_persons, column.name) != of_persons.end()) continue;
    if (std::ranges::find(beside, column.name) != beside.end()) continue;
    text += (text.empty() ? "t." : ", t.") + quote_name(column.name);
  }
  return text;
}

bool is_part(Likeness likeness) {
  return likeness == Likeness::impersonal || likeness == Likeness::members;
}

constexpr auto members_of_raw =
    "jsonb_each(CASE WHEN jsonb_typeof(t.raw) = 'object' THEN t.raw ELSE '{}' END) m";

// SQL of a text that is equal for rows `t` that are alike; null if the row cannot be compared.
// $8: names of members of raw.
std::string likeness_sql(PassClose const& pass, RecordTable const& table, Likeness likeness) {
  switch (likeness) {
    case Likeness::all:
      return "ROW(" + columns_of(table, {}) + ", t.raw)::text";
    case Likeness::columns:
      return "ROW(" + columns_of(table, {}) + ")::text";
    case Likeness::impersonal:
      return "ROW(" + columns_of(table, personal_columns(pass.personal.get())) + ")::text";
    case Likeness::raw:
      return "CASE WHEN t.raw <> '{}' THEN t.raw::text END";
    case Likeness::members:
      break;
  }
  return std::string("(SELECT jsonb_object_agg(m.key, m.value)::text FROM ") + members_of_raw +
         " WHERE m.key = ANY ($8::text[]))";
}

// The rows of the table that may be meant, each with where it stands.
//   gone    the pass has missed it
//   first   it was stored before the keys changed for the first time
//   before  it was stored before they changed last
//   came    it was stored, or came back, after that
//   taken   this run has marked it already, by another likeness; of files, an earlier one as well
// $1 source, $2 stream, $3 the pass, $4 and $5 the last runs before the first and the last change,
// $6 the run, $7 the table.
std::string rows_sql(PassClose const& pass, RecordTable const& table, std::string const& likeness) {
  // Files are read long after each other, and what came with one stands for its own rows only.
  std::string const taken_before =
      is_beside_api(pass.input) ? " OR t.run_id > $5::bigint AND " + is_ours_sql(table, "key") : "";
  return "SELECT t.external_id, (" + likeness + ") COLLATE \"C\" AS g, " + counted_sql(table) +
         " AS counted, t.raw, t.deleted_at IS NOT NULL AS taken, a.external_id IS NOT NULL AS gone,"
         " t.run_id <= $4::bigint AS first, t.run_id <= $5::bigint AS before,"
         " t.revision > 1 AS returned, t.deleted_at IS NULL AND a.external_id IS NULL"
         " AND t.run_id > $5::bigint AND (t.revision = 1 OR " +
         is_back_sql(table, "$5::bigint") + ") AS came FROM " + merge_sql_for(table).table +
         " t LEFT JOIN affsync.absence a ON a.source_id = $1::int AND a.stream = $2"
         " AND a.record_table = $7 AND a.external_id = t.external_id AND a.run_id = $3::bigint"
         " WHERE t.source_id = $1::int AND t.stream = $2"
         " AND (t.deleted_at IS NULL OR t.run_id = $6::bigint" +
         taken_before + ")";
}

// The rows to mark, and those that came back in their place. `unseen`: rows that no pass has missed
// may be meant as well, if none like them was missed.
std::string matches_sql(PassClose const& pass, RecordTable const& table, Likeness likeness,
                        bool unseen) {
  std::string const meant = unseen ? "(gone OR n_gone = 0)" : "gone";
  // A part of a row is no likeness unless all that have it find one.
  std::string const sure = is_part(likeness) ? " AND n_gone = n_came - n_taken" : "";
  return "WITH r AS MATERIALIZED (" + rows_sql(pass, table, likeness_sql(pass, table, likeness)) +
         "), c AS (SELECT external_id, g, counted, taken, gone, first, before, returned, came,"
         " count(*) FILTER (WHERE gone AND before AND NOT taken) OVER w AS n_gone,"
         " count(*) FILTER (WHERE NOT gone AND first AND NOT taken) OVER w AS n_first,"
         " count(*) FILTER (WHERE NOT gone AND before AND NOT first AND NOT taken) OVER w"
         " AS n_second, count(*) FILTER (WHERE came) OVER w AS n_came,"
         " count(*) FILTER (WHERE taken) OVER w AS n_taken,"
         " row_number() OVER (PARTITION BY g, gone, first, before, taken, came"
         " ORDER BY returned DESC, external_id) AS nth FROM r WHERE g IS NOT NULL"
         " WINDOW w AS (PARTITION BY g)), d AS (SELECT c.*, before AND NOT taken AND " +
         meant + sure +
         // A row of before that the pass has seen stands for itself, and for one that was stored
         // under the keys between.
         " AND nth <= n_came - n_taken + CASE WHEN NOT gone THEN 0 WHEN first THEN n_second"
         " ELSE n_first + n_second END AS goes FROM c),"
         " e AS (SELECT d.*, count(*) FILTER (WHERE goes) OVER (PARTITION BY g) AS n_goes FROM d)"
         " SELECT external_id, counted, goes FROM e WHERE goes"
         " OR came AND returned AND coalesce(counted, '0') <> '0' AND nth <= n_goes";
}

// Names of the members of raw that rows of both sides have, and that can be compared; as an array.
std::string common_members(pqxx::transaction_base& tx, PassClose const& pass,
                           RecordTable const& table, SqlParams const& params) {
  auto const found =
      exec(tx,
           "WITH t AS MATERIALIZED (" + rows_sql(pass, table, "NULL::text") +
               "), n AS (SELECT m.key, bool_or(t.gone) AS was, bool_or(t.came) AS is_now,"
               " bool_or(m.value::text LIKE '\"sha256:%' OR jsonb_typeof(m.value)"
               " IN ('object', 'array')) AS hidden FROM t CROSS JOIN LATERAL " +
               members_of_raw +
               " WHERE t.came OR t.gone AND t.before AND NOT t.taken GROUP BY m.key)"
               " SELECT key FROM n WHERE was AND is_now AND NOT hidden",
           params);
  ArrayText names;
  std::size_t count = 0;
  for (auto const& row : found) {
    std::string_view const name(row[0].c_str(), row[0].size());
    if (std::ranges::find(pass.volatile_members, name) != pass.volatile_members.end()) continue;
    names.add(name);
    ++count;
  }
  return count == 0 ? std::string() : names.take();
}

SqlParams params_of(PassClose const& pass, PassState const& known, RecordTable const& table) {
  return {std::to_string(pass.run.id.source_id),
          pass.run.id.stream,
          std::to_string(known.pass_run_id),
          std::to_string(*known.rekeyed_since),
          std::to_string(*known.rekeyed_after),
          std::to_string(pass.run.run_id),
          std::string(table.name)};
}

// Whether rows of before are left that may be meant.
bool has_left(pqxx::transaction_base& tx, PassClose const& pass, RecordTable const& table,
              SqlParams const& params, bool unseen) {
  return exec(tx,
              "SELECT EXISTS (SELECT FROM (" + rows_sql(pass, table, "NULL::text") +
                  ") r WHERE before AND NOT taken" + (unseen ? "" : " AND gone") + ")",
              params)[0][0]
      .as<bool>();
}

struct Match {
  std::string key;
  std::optional<std::string> counted;
};

// Leaves out rows whose keys are as they were, since a mapping still makes them of what is kept of
// the broker's row: what came is of another mapping of the same row.
void leave_out_made(pqxx::transaction_base& tx, PassClose const& pass, RecordTable const& table,
                    std::vector<Match>& matches) {
  if (!pass.map_anew) return;
  std::set<std::string, std::less<>> made;
  for (std::size_t from = 0; from < matches.size(); from += keys_at_once) {
    ArrayText keys;
    for (auto i = from; i < std::min(matches.size(), from + keys_at_once); ++i) {
      keys.add(matches[i].key);
    }
    for (auto const& row :
         exec(tx,
              "SELECT t.external_id, t.raw FROM unnest($3::text[]) AS k (external_id)"
              " CROSS JOIN LATERAL (SELECT * FROM " +
                  merge_sql_for(table).table +
                  " t WHERE t.source_id = $1::int AND t.stream = $2"
                  " AND t.external_id = k.external_id LIMIT 1) t WHERE t.raw <> '{}'",
              {std::to_string(pass.run.id.source_id), pass.run.id.stream, keys.take()})) {
      std::string const key(row[0].c_str(), row[0].size());
      auto const now = pass.map_anew->keys(table, {row[1].c_str(), row[1].size()});
      if (std::ranges::find(now, key) != now.end()) made.insert(key);
    }
  }
  std::erase_if(matches, [&](Match const& one) { return made.contains(one.key); });
}

OwnMarks::Marked mark_in(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known,
                         RecordTable const& table) {
  bool const is_main = table.name == pass.table->name;
  // After a stop, or in doubt, or of a file, not all that is missed is recorded.
  bool const is_one_run = known.pass_run_id == pass.run.run_id;
  bool const all_judged = pass.whole && pass.full && is_one_run;
  bool const none_seen = pass.none_unchanged && is_one_run;
  auto const params = params_of(pass, known, table);
  OwnDoing doing;
  doing.run = pass.run;
  doing.table = &table;
  doing.now = pass.now;
  doing.why = "key";
  OwnMarks::Marked all;
  std::vector<std::string> returned;
  for (auto const likeness :
       {Likeness::all, Likeness::columns, Likeness::raw, Likeness::impersonal, Likeness::members}) {
    if (likeness == Likeness::impersonal && personal_columns(pass.personal.get()).empty()) continue;
    bool const weak = likeness == Likeness::columns || is_part(likeness);
    bool unseen = is_main ? !all_judged && (!weak || none_seen) : true;
    if (is_part(likeness)) unseen = false;
    if (!has_left(tx, pass, table, params, unseen)) continue;
    auto given = params;
    if (likeness == Likeness::members) {
      auto names = common_members(tx, pass, table, params);
      if (names.empty()) break;
      given.emplace_back(std::move(names));
    }
    std::vector<Match> matches;
    std::vector<std::string> back;
    // Without statistics, each row would be compared with each other one.
    tx.exec("SET LOCAL enable_nestloop = off");
    walk(tx, matches_sql(pass, table, likeness, unseen), given, [&](pqxx::row const& row) {
      std::string_view const key(row[0].c_str(), row[0].size());
      if (row[2].as<bool>()) {
        matches.push_back({std::string(key), text_of(row[1])});
      } else {
        back.emplace_back(key);
      }
      return true;
    });
    tx.exec("SET LOCAL enable_nestloop TO DEFAULT");
    leave_out_made(tx, pass, table, matches);
    if (matches.empty()) continue;
    std::ranges::move(back, std::back_inserter(returned));
    OwnMarks marks;
    for (auto const& one : matches) {
      marks.add(one.key, one.counted ? one.counted->c_str() : nullptr);
    }
    auto const marked = marks.mark(tx, doing, known.pass_run_id);
    all.rows += marked.rows;
    all.missed += marked.missed;
  }
  if (table.index_of("amount") && !returned.empty()) {
    note_returned(tx, doing, returned);
    tx.exec(by_index_again);
  }
  return all;
}

// Rows of a mapping that was taken out when the keys changed: no mapping makes their keys any more,
// and what they were made of is there, by another row that has found its new key. Equal rows are
// none of them: of these as many are gone as did not come.
OwnMarks::Marked mark_unmade_beside(pqxx::transaction_base& tx, PassClose const& pass,
                                    PassState const& known, RecordTable const& table) {
  if (!pass.map_anew || !looks_for_unmade(pass, known) || !pass.full || !pass.whole) return {};
  std::string const is_meant = table.name == pass.table->name ? "gone AND before" : "before";
  OwnMarks marks;
  tx.exec("SET LOCAL enable_nestloop = off");
  walk(tx,
       "WITH r AS MATERIALIZED (" +
           rows_sql(pass, table, "ROW(" + columns_of(table, {}) + ")::text") +
           ") SELECT r.external_id, r.counted, r.raw FROM r WHERE " + is_meant +
           " AND NOT taken AND raw <> '{}' AND EXISTS (SELECT FROM r b WHERE b.taken"
           " AND b.raw = r.raw) AND NOT EXISTS (SELECT FROM r b WHERE (b.taken OR b.came)"
           " AND b.raw = r.raw AND b.g = r.g)",
       params_of(pass, known, table), [&](pqxx::row const& row) {
         std::string_view const key(row[0].c_str(), row[0].size());
         auto const made = pass.map_anew->keys(table, {row[2].c_str(), row[2].size()});
         if (!made.empty() && std::ranges::find(made, key) == made.end()) {
           marks.add(key, row[1].is_null() ? nullptr : row[1].c_str());
         }
         return true;
       });
  tx.exec("SET LOCAL enable_nestloop TO DEFAULT");
  OwnDoing doing;
  doing.run = pass.run;
  doing.table = &table;
  doing.now = pass.now;
  doing.why = "table";
  return marks.mark(tx, doing, known.pass_run_id);
}

}  // namespace

Rekeyed mark_rekeyed(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known) {
  Rekeyed rekeyed;
  for (auto const& table : record_tables()) {
    auto marked = mark_in(tx, pass, known, table);
    if (marked.rows > 0) {
      auto const unmade = mark_unmade_beside(tx, pass, known, table);
      marked.rows += unmade.rows;
      marked.missed += unmade.missed;
    }
    (table.name == pass.table->name ? rekeyed.rows : rekeyed.others) += marked.rows;
    rekeyed.missed += marked.missed;
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

std::vector<std::string> missed_and_made_alone(pqxx::transaction_base& tx, PassClose const& pass,
                                               PassState const& known, RecordTable const& table) {
  std::vector<std::string> keys;
  tx.exec("SET LOCAL enable_nestloop = off");
  walk(tx,
       "SELECT a.external_id FROM affsync.absence a WHERE a.source_id = $1::int AND a.stream = $2"
       " AND a.record_table = $3 AND a.run_id = $4::bigint AND NOT EXISTS (SELECT FROM"
       " (SELECT t.external_id, count(*) OVER (PARTITION BY t.raw) AS n FROM " +
           merge_sql_for(table).table +
           " t WHERE t.source_id = $1::int AND t.stream = $2 AND CASE WHEN t.deleted_at IS NULL"
           " THEN t.run_id <= $5::bigint ELSE t.run_id > $5::bigint END) d"
           " WHERE d.n > 1 AND d.external_id = a.external_id)",
       {std::to_string(pass.run.id.source_id), pass.run.id.stream, std::string(table.name),
        std::to_string(known.pass_run_id), std::to_string(*known.rekeyed_after)},
       [&](pqxx::row const& row) {
         keys.emplace_back(row[0].c_str(), row[0].size());
         return true;
       });
  tx.exec("SET LOCAL enable_nestloop TO DEFAULT");
  return keys;
}

void settle_rekeyed(pqxx::transaction_base& tx, PassClose const& pass, PassState const& known) {
  // No file has all rows of its stream: those of before wait until theirs is read.
  auto const left = [&](RecordTable const& table) {
    return has_left(tx, pass, table, params_of(pass, known, table), true);
  };
  if (!is_file(pass.input) || std::ranges::any_of(record_tables(), left)) return;
  SqlParams const params{std::to_string(pass.run.id.source_id), pass.run.id.stream,
                         std::to_string(pass.run.run_id)};
  exec(tx,
       std::string("UPDATE affsync.stream_state SET files_rekeyed_since = NULL,"
                   " files_rekeyed_after = NULL") +
           (is_beside_api(pass.input) ? "" : ", rekeyed_since = NULL, rekeyed_after = NULL") +
           " WHERE source_id = $1::int AND stream = $2 AND run_id = $3::bigint",
       params);
}

}  // namespace affsync::schema
