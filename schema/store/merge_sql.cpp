#include "schema/store/merge_sql.hpp"

#include <map>
#include <mutex>

#include "schema/store/changes_of_ours.hpp"
#include "schema/store/pg_session.hpp"

namespace affsync::schema {
namespace {

using Names = std::vector<std::string>;

template <class Each>
std::string join(Names const& names, std::string_view separator, Each each) {
  std::string text;
  for (auto const& name : names) {
    if (!text.empty()) text += separator;
    text += each(name);
  }
  return text;
}

auto prefixed(std::string prefix) {
  return [prefix = std::move(prefix)](std::string const& name) { return prefix + name; };
}

// SQL for the members of {"amount": 5, …} with the columns in which `side` differs from `other`, as
// text: one jsonb object joined from one of each column would take most of the time of a merge.
std::string changed_columns(Names const& compared, std::string const& side,
                            std::string const& other) {
  auto const members = join(compared, ", ", [&](std::string const& name) {
    return "CASE WHEN " + side + name + " IS DISTINCT FROM " + other + name + " THEN '" + name +
           ":' || coalesce(to_json(" + side + name + ")::text, 'null') END";
  });
  return "concat_ws(',', " + members + ")";
}

// SQL condition: the history may keep a member of raw in which the two documents differ. Without a
// privacy setting ($6) it may. With one, it may not keep members with personal data ($7), nor
// members that may be present, or a hash, on one side only because that side was written under
// another privacy setting.
std::string may_be_kept(std::string const& mine, std::string const& other) {
  return "($6 = '' OR m.key <> ALL ($7::text[]) AND " + other + " IS NOT NULL AND NOT (" + mine +
         " @> " + other + " OR " + other + " @> " + mine + ") AND " + mine +
         "::text NOT LIKE '%\"sha256:%' AND " + other + "::text NOT LIKE '%\"sha256:%')";
}

// SQL for {"raw": {…}} with the members in which the two documents differ.
std::string changed_raw(std::string const& side, std::string const& other) {
  auto const beside = "(" + other + "raw -> m.key)";
  return "jsonb_build_object('raw', CASE WHEN jsonb_typeof(" + side +
         "raw) = 'object' AND jsonb_typeof(" + other +
         "raw) = 'object' THEN (SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}')"
         " FROM jsonb_each(" +
         side + "raw) m WHERE " + beside + " IS DISTINCT FROM m.value AND " +
         may_be_kept("m.value", beside) + ") WHEN $6 <> '' THEN 'null' ELSE " + side + "raw END)";
}

// SQL for what the history may keep of one side of a change. For columns with personal data ($5) it
// keeps the fact that they changed, and their values only if the privacy setting ($6) allows it:
// nothing under `drop`, only hashes under `hash`. Under `keep`, a value is not kept if the other
// side is missing or a hash, because the privacy setting has changed then.
std::string kept_in_history(std::string const& side, std::string const& other) {
  auto const hashed = [](std::string const& value) {
    return "coalesce(" + value + " #>> '{}' LIKE 'sha256:%', false)";
  };
  auto const there = [](std::string const& value) {
    return "coalesce(" + value + " <> 'null', false)";
  };
  auto const beside = other + " -> m.key";
  return "CASE WHEN $6 = '' OR NOT " + side + " ?| $5::text[] THEN " + side +
         " ELSE (SELECT coalesce(jsonb_object_agg(m.key, CASE WHEN m.key <> ALL ($5::text[])"
         " OR $6 = 'hash' AND " +
         hashed("m.value") + " OR $6 = 'keep' AND NOT " + hashed("m.value") + " AND " +
         there(beside) + " AND NOT " + hashed("(" + beside + ")") +
         " THEN m.value ELSE 'null' END), '{}') FROM jsonb_each(" + side + ") m) END";
}

std::string const of_row = "t.source_id = $1::int AND t.stream = $2 AND t.external_id = ";

// SQL that forces one lookup in the primary key for each key of the page, regardless of statistics.
// With `external_id = ANY (…)` or a join, PostgreSQL reads every row of the stream as long as its
// statistics do not include the stream: that is, during the whole first load.
std::string stored_row(std::string const& table, std::string const& columns,
                       std::string const& key) {
  return "CROSS JOIN LATERAL (SELECT " + columns + " FROM " + table + " t WHERE " + of_row + key +
         " LIMIT 1) t";
}

// SQL condition that joins `t` with rows that were looked up in it, where they stand: see
// `by_place_only`. The place alone is not unique in a table with partitions.
std::string at_place(std::string const& rows) {
  return of_row + rows + ".external_id AND t.ctid = " + rows +
         ".place AND t.ctid = ANY (ARRAY(SELECT place FROM " + rows + "))";
}

std::string probe_sql(std::string const& table) {
  return "SELECT k.nth, t.live IS NOT NULL FROM unnest($3::text[], $4::uuid[]) WITH ORDINALITY AS k"
         " (external_id, content_hash, nth) LEFT JOIN LATERAL (SELECT t.content_hash,"
         " t.deleted_at IS NULL AS live FROM " +
         table + " t WHERE " + of_row +
         "k.external_id LIMIT 1) t ON true"
         " WHERE t.live IS NOT TRUE OR t.content_hash IS DISTINCT FROM k.content_hash";
}

// SQL for one end of the intersection of two intervals; of the stored interval if they are
// disjoint.
std::string narrowed(std::string const& stored_from, std::string const& stored_to,
                     std::string const& read_from, std::string const& read_to, bool lower) {
  auto const from = "greatest(" + stored_from + ", " + read_from + ")";
  auto const to = "least(" + stored_to + ", " + read_to + ")";
  auto const& stored = lower ? stored_from : stored_to;
  return "CASE WHEN " + from + " > " + to + " THEN " + stored + " ELSE " + (lower ? from : to) +
         " END";
}

// A reading narrows the stored interval only if it removes at least a tenth of it or determines the
// day: text such as "3 weeks ago" moves with every second, and each write creates a row version.
//
// A reading that is disjoint from the stored interval is stored separately as a contradiction, and
// the next reading decides. So a clock that was wrong once does no permanent damage.
std::string narrow_sql(std::string const& table, std::string const& name) {
  std::string const of_contradiction = "p.source_id = $1::int AND p.record_table = '" + name +
                                       "' AND p.stream = $2 AND p.external_id = ";
  std::string const contradicts = "coalesce(r.new_from > r.new_to, false)";
  std::string const worth =
      "(r.old_from IS NULL AND r.new_from IS NOT NULL OR r.old_to IS NULL AND r.new_to IS NOT NULL"
      " OR 10 * ((r.old_to - r.old_from) - (r.new_to - r.new_from)) >= (r.old_to - r.old_from)"
      " AND r.new_to - r.new_from < r.old_to - r.old_from"
      " OR (r.old_from AT TIME ZONE 'UTC')::date <> (r.old_to AT TIME ZONE 'UTC')::date"
      " AND (r.new_from AT TIME ZONE 'UTC')::date = (r.new_to AT TIME ZONE 'UTC')::date)";
  return "WITH r AS MATERIALIZED (SELECT k.external_id, k.from_at, k.to_at, t.ctid AS place,"
         " t.occurred_from AS old_from, t.occurred_to AS old_to,"
         " greatest(t.occurred_from, k.from_at) AS new_from, least(t.occurred_to, k.to_at) AS "
         "new_to"
         " FROM unnest($3::text[], $4::timestamptz[], $5::timestamptz[])"
         " AS k (external_id, from_at, to_at) " +
         stored_row(table, "t.ctid, t.occurred_from, t.occurred_to", "k.external_id") +
         "), n AS (UPDATE " + table +
         " t SET occurred_from = r.new_from, occurred_to = r.new_to FROM r WHERE " + at_place("r") +
         " AND NOT " + contradicts + " AND " + worth +
         "), c AS MATERIALIZED (SELECT r.place, r.external_id, r.from_at, r.to_at, p.run_id AS "
         "told_by,"
         " greatest(p.occurred_from, r.from_at) AS both_from,"
         " least(p.occurred_to, r.to_at) AS both_to FROM r LEFT JOIN LATERAL (SELECT *"
         " FROM affsync.contradiction p WHERE " +
         of_contradiction + "r.external_id LIMIT 1) p ON true WHERE " + contradicts +
         // Within one run it is the same reading, seen on two pages.
         "), a AS MATERIALIZED (SELECT c.place, c.external_id, c.both_from, c.both_to FROM c"
         " WHERE c.told_by <> $6::bigint AND c.both_from <= c.both_to), v AS (UPDATE " +
         table + " t SET occurred_from = a.both_from, occurred_to = a.both_to FROM a WHERE " +
         at_place("a") + "), d AS (DELETE FROM affsync.contradiction p USING r WHERE " +
         of_contradiction + "r.external_id AND (NOT " + contradicts +
         " OR r.external_id IN (SELECT a.external_id FROM a)))"
         " SELECT c.external_id, c.from_at, c.to_at, c.told_by IS DISTINCT FROM $6::bigint"
         " AND c.external_id NOT IN (SELECT a.external_id FROM a) FROM c";
}

// Not a part of the statement above: Citus runs no INSERT beside an update by place.
std::string contradiction_sql(std::string const& name) {
  return "INSERT INTO affsync.contradiction AS p (source_id, record_table, stream, external_id,"
         " occurred_from, occurred_to, run_id) SELECT $1::int, '" +
         name +
         "', $2, k.external_id, k.from_at, k.to_at, $6::bigint"
         " FROM unnest($3::text[], $4::timestamptz[], $5::timestamptz[])"
         " AS k (external_id, from_at, to_at)"
         " ON CONFLICT (source_id, record_table, stream, external_id) DO UPDATE SET"
         " occurred_from = excluded.occurred_from, occurred_to = excluded.occurred_to,"
         " run_id = excluded.run_id";
}

// One row after the other is looked up, compared, and updated where it stands. OFFSET 0 keeps
// PostgreSQL from computing an expression anew wherever its value is used.
// `given`: the rows, as an item of FROM.
std::string merge_statement(RecordTable const& table, MergeSql const& sql, std::string const& given,
                            Names const& compared) {
  auto const& columns = sql.columns;
  auto side = [](std::string const& mine, std::string const& other, std::string const& members,
                 std::string const& deleted) {
    return "CASE WHEN p.t_deleted IS NOT NULL THEN jsonb_build_object('deleted_at', " + deleted +
           ") || ('{' || " + members + " || '}')::jsonb WHEN p.was = '' THEN " +
           changed_raw(mine, other) + " ELSE ('{' || " + members + " || '}')::jsonb END";
  };
  auto const all_s = join(columns, ", ", prefixed("s."));
  auto const all_p = join(columns, ", ", prefixed("p."));
  auto const values = join(columns, ", ", [&](std::string const& name) {
    if (name == "\"occurred_from\"" || name == "\"occurred_to\"") {
      return name + " = " +
             narrowed("t.occurred_from", "t.occurred_to", "x.occurred_from", "x.occurred_to",
                      name == "\"occurred_from\"");
    }
    return name + " = x." + name;
  });
  auto const pairs =
      "SELECT s.external_id, s.raw, s.content_hash, " + all_s +
      ", t.ctid AS place, t.deleted_at AS t_deleted, t.changed_at AS t_changed, t.run_id AS t_run,"
      " t.raw AS t_raw, " +
      changed_columns(compared, "t.", "s.") + " AS was, " + changed_columns(compared, "s.", "t.") +
      " AS is_now FROM " + given + " " + stored_row(sql.table, "t.ctid, t.*", "s.external_id") +
      " OFFSET 0";
  auto const changes =
      "SELECT p.external_id, p.raw, p.content_hash, " + all_p +
      ", p.place, p.t_deleted IS NOT NULL AS restored, p.t_deleted IS NULL AND p.was <> ''"
      " AND (p.t_raw = p.raw AND p.raw <> '{}' OR coalesce(" +
      std::string(cut_anew_sql) + ", false)) AND " + wanted_anew_sql + " AS remapped, " +
      side("p.t_", "p.", "p.was", "p.t_deleted") + " || " + back_by_us_sql(table) +
      " AS before_, " + side("p.", "p.t_", "p.is_now", "NULL::timestamptz") + " AS after_ FROM (" +
      pairs + ") p WHERE p.was <> '' OR p.t_deleted IS NOT NULL OR p.t_raw <> p.raw OFFSET 0";
  return "WITH u AS (UPDATE " + sql.table + " t SET " + values +
         ", raw = x.raw, content_hash = x.content_hash, deleted_at = NULL, revision = t.revision +"
         " 1, changed_at = $4::timestamptz, run_id = $3::bigint FROM (" +
         changes + ") x WHERE " + of_row +
         "x.external_id AND t.ctid = x.place RETURNING x.external_id, x.restored, x.remapped,"
         " x.before_, x.after_), c AS (INSERT INTO affsync.record_change (source_id, record_table, "
         "stream,"
         " external_id, run_id, changed_at, operation, before, after) SELECT $1::int, '" +
         std::string(table.name) +
         "', $2, external_id, $3::bigint, $4::timestamptz,"
         " CASE WHEN restored THEN 'restore' WHEN remapped THEN 'remap' ELSE 'update' END, " +
         kept_in_history("before_", "after_") + ", " + kept_in_history("after_", "before_") +
         " FROM u) SELECT count(*), count(*) FILTER (WHERE restored) FROM u";
}

// For rows that equal the stored ones, except for the hash: a version that computed hashes
// differently stored them. They are compared once more: what somebody else has changed since the
// merge looked at it must not get the hash of what it is no longer.
std::string rehash_statement(MergeSql const& sql, std::string const& given, Names const& compared) {
  return "UPDATE " + sql.table +
         " t SET content_hash = x.content_hash FROM (SELECT s.external_id, s.content_hash,"
         " t.ctid AS place FROM " +
         given + " " + stored_row(sql.table, "t.ctid, t.*", "s.external_id") +
         " WHERE t.content_hash IS DISTINCT FROM s.content_hash AND t.deleted_at IS NULL"
         " AND t.raw = s.raw AND " +
         changed_columns(compared, "t.", "s.") + " = '' OFFSET 0) x WHERE " + of_row +
         "x.external_id AND t.ctid = x.place";
}

// What a row is when it comes back may differ because of us as well. First it is again what it was.
std::string revive_statement(RecordTable const& table, MergeSql const& sql,
                             std::string const& given, Names const& compared) {
  return "WITH u AS (UPDATE " + sql.table +
         " t SET deleted_at = NULL, changed_at = $4::timestamptz, revision = t.revision + 1,"
         " run_id = $3::bigint FROM (SELECT p.external_id, p.place, p.t_deleted, " +
         back_by_us_sql(table) +
         " AS by_us FROM (SELECT s.external_id, t.ctid AS place, t.deleted_at AS t_deleted,"
         " t.changed_at AS t_changed, t.run_id AS t_run FROM " +
         given + " " + stored_row(sql.table, "t.ctid, t.*", "s.external_id") +
         " WHERE t.deleted_at IS NOT NULL AND " + changed_columns(compared, "t.", "s.") +
         " <> '' OFFSET 0) p OFFSET 0) x WHERE " + of_row +
         "x.external_id AND t.ctid = x.place RETURNING t.external_id, x.t_deleted AS was, x.by_us),"
         " c AS"
         " (INSERT INTO affsync.record_change (source_id, record_table, stream, external_id,"
         " run_id, changed_at, operation, before, after) SELECT $1::int, '" +
         std::string(table.name) +
         "', $2, external_id, $3::bigint, $4::timestamptz, 'restore',"
         " jsonb_build_object('deleted_at', was) || by_us, '{\"deleted_at\": null}' FROM u)"
         " SELECT external_id FROM u";
}

std::string change_record(RecordTable const& table) {
  return "INSERT INTO affsync.record_change (source_id, record_table, stream, external_id,"
         " run_id, changed_at, operation, before, after) SELECT $1::int, '" +
         std::string(table.name) + "', $2, external_id, $4::bigint, $5::timestamptz, ";
}

// `beside`: arrays of what the change records say beside the deletion; may be empty.
std::string mark_statement(RecordTable const& table, MergeSql const& sql,
                           std::string const& beside) {
  bool const more = !beside.empty();
  return "WITH u AS (UPDATE " + sql.table +
         " t SET deleted_at = $5::timestamptz, changed_at = $5::timestamptz,"
         " revision = t.revision + 1, run_id = $4::bigint FROM (SELECT k.external_id" +
         (more ? ", k.was, k.is_now" : "") + ", t.ctid AS place FROM unnest($3::text[]" + beside +
         ") AS k (external_id" + (more ? ", was, is_now" : "") + ") " +
         stored_row(sql.table, "t.ctid, t.deleted_at", "k.external_id") +
         " WHERE t.deleted_at IS NULL OFFSET 0) x WHERE " + of_row +
         "x.external_id AND t.ctid = x.place RETURNING t.external_id" +
         (more ? ", x.was, x.is_now" : "") + "), c AS (" + change_record(table) +
         "'delete', '{\"deleted_at\": null}'" + (more ? "::jsonb || coalesce(was, '{}')" : "") +
         ", jsonb_build_object('deleted_at', $5::timestamptz)" +
         (more ? " || coalesce(is_now, '{}')" : "") + " FROM u) SELECT count(*) FROM u";
}

// Each change record is a revision of the row.
std::string returned_statement(RecordTable const& table, MergeSql const& sql) {
  if (!table.index_of("amount")) return "";
  return "WITH u AS (UPDATE " + sql.table +
         " t SET changed_at = $5::timestamptz, revision = t.revision + 1, run_id = $4::bigint"
         " FROM (SELECT k.external_id, t.ctid AS place FROM unnest($3::text[]) AS k "
         "(external_id) " +
         stored_row(sql.table, "t.ctid", "k.external_id") + " OFFSET 0) x WHERE " + of_row +
         "x.external_id AND t.ctid = x.place RETURNING t.external_id, t.amount)" +
         change_record(table) +
         "'update', '{\"counted\": null}', jsonb_build_object('counted', coalesce(amount, 0))"
         " FROM u";
}

// SQL for the rows as an item of FROM, with arrays as parameters from this number on.
std::string given_rows(RecordTable const& table, int number) {
  std::string parameters, names;
  auto const add = [&](std::string_view type, std::string const& name) {
    if (!names.empty()) parameters += ", ", names += ", ";
    parameters += "$" + std::to_string(number++) + "::" + std::string(type) + "[]";
    names += name;
  };
  add("text", "external_id");
  add("jsonb", "raw");
  add("uuid", "content_hash");
  for (auto const& column : table.columns) add(to_sql(column.type), quote_name(column.name));
  return "unnest(" + parameters + ") AS s (" + names + ")";
}

MergeSql build(RecordTable const& table) {
  MergeSql sql;
  Names columns, compared;
  for (auto const& column : table.columns) {
    columns.push_back(quote_name(column.name));
    if (!column.volatile_value) compared.push_back(columns.back());
  }
  sql.table = "affsync." + quote_name(table.name);
  sql.head_columns = {{"external_id", BinaryType::text},
                      {"raw", BinaryType::jsonb},
                      {"content_hash", BinaryType::uuid}};
  sql.columns = columns;
  sql.tail_columns = {
      {"source_id", BinaryType::integer},         {"stream", BinaryType::text},
      {"first_seen_at", BinaryType::timestamptz}, {"changed_at", BinaryType::timestamptz},
      {"revision", BinaryType::integer},          {"run_id", BinaryType::bigint}};
  sql.probe = probe_sql(sql.table);
  sql.any =
      "SELECT EXISTS (SELECT FROM " + sql.table + " WHERE source_id = $1::int AND stream = $2)";
  sql.live_keys = "SELECT k.external_id FROM unnest($3::text[]) AS k (external_id) " +
                  stored_row(sql.table, "t.deleted_at", "k.external_id") +
                  " WHERE t.deleted_at IS NULL";
  sql.merge = merge_statement(table, sql, given_rows(table, 8), compared);
  sql.revive = revive_statement(table, sql, given_rows(table, 5), compared);
  sql.rehash = rehash_statement(sql, given_rows(table, 3), compared);
  auto const from = table.index_of("occurred_from");
  auto const to = table.index_of("occurred_to");
  if (from && to) {
    sql.narrow_intervals = narrow_sql(sql.table, std::string(table.name));
    sql.note_contradictions = contradiction_sql(std::string(table.name));
    sql.from_column = *from;
    sql.to_column = *to;
  }
  sql.mark_deleted = mark_statement(table, sql, "");
  sql.mark_replaced = mark_statement(table, sql, ", $6::jsonb[], $7::jsonb[]");
  sql.mark_returned = returned_statement(table, sql);
  return sql;
}

}  // namespace

MergeSql const& merge_sql_for(RecordTable const& table) {
  static std::mutex mutex;
  static std::map<std::string_view, MergeSql> known;
  std::lock_guard lock(mutex);
  auto const found = known.find(table.name);
  if (found != known.end()) return found->second;
  return known.emplace(table.name, build(table)).first->second;
}

}  // namespace affsync::schema
