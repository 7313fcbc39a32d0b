#include "schema/store/alerts/field_notes.hpp"

#include <algorithm>

#include "schema/store/pg_session.hpp"

namespace affsync::schema {
namespace {

constexpr std::size_t rows_of_a_page = 10;
constexpr std::int64_t first_pages = 4, one_of = 64;

// $1 source, $2 stream, $3 table, $4 rows as JSON, $5 time. Fields within an object are noted if
// their names look like names: some brokers use ids and addresses as the names of members, and
// these are values. A stream that has hundreds of fields nevertheless is noted no further.
constexpr auto note_sql =
    "WITH given AS MATERIALIZED (SELECT t.raw::jsonb AS raw FROM unnest($4::text[]) t (raw)),"
    " outer_fields AS MATERIALIZED (SELECT f.key, f.value FROM given g"
    " CROSS JOIN LATERAL jsonb_each(CASE jsonb_typeof(g.raw) WHEN 'object' THEN g.raw"
    " ELSE '{}' END) f WHERE length(f.key) <= 91 AND position('@' IN f.key) = 0"
    " AND translate(right(f.key, 11), '0123456789', '') <> ''),"
    " met AS (SELECT m.field, m.type, count(*) AS rows FROM (SELECT key AS field,"
    " jsonb_typeof(value) AS type FROM outer_fields UNION ALL SELECT o.key || '.' || i.key,"
    " jsonb_typeof(i.value) FROM outer_fields o CROSS JOIN LATERAL"
    " jsonb_each(CASE jsonb_typeof(o.value) WHEN 'object' THEN o.value ELSE '{}' END) i"
    " WHERE length(i.key) <= 61 AND i.key ~ '^[A-Za-z_][A-Za-z0-9_ -]*$') m GROUP BY 1, 2),"
    " sample AS (INSERT INTO affsync.field_sample AS s (source_id, stream, record_table, rows,"
    " sampled_at) SELECT $1::int, $2, $3, count(*), $5::timestamptz FROM given"
    " ON CONFLICT (source_id, stream, record_table) DO UPDATE SET rows = s.rows + excluded.rows,"
    " sampled_at = excluded.sampled_at, fields = (SELECT count(*) FROM affsync.field_seen e"
    " WHERE e.source_id = s.source_id AND e.stream = s.stream"
    " AND e.record_table = s.record_table) RETURNING s.rows, s.fields)"
    " INSERT INTO affsync.field_seen AS e (source_id, stream, record_table, field, type, rows,"
    " first_row, last_row, first_seen_at, last_seen_at)"
    " SELECT $1::int, $2, $3, m.field, m.type, m.rows, p.rows - (SELECT count(*) FROM given),"
    " p.rows, $5::timestamptz, $5::timestamptz FROM met m CROSS JOIN sample p"
    " WHERE p.fields < 400 ORDER BY m.field, m.type"
    " ON CONFLICT (source_id, stream, record_table, field, type) DO UPDATE SET"
    " rows = e.rows + excluded.rows, last_row = excluded.last_row,"
    " last_seen_at = excluded.last_seen_at";

}  // namespace

bool is_sampled(std::int64_t earlier_pages) {
  return earlier_pages < first_pages || earlier_pages % one_of == 0;
}

void note_fields(pqxx::transaction_base& tx, RunKey const& run, RowRefs const& rows,
                 TimePoint now) {
  auto const count = std::min(rows.size(), rows_of_a_page);
  if (count == 0) return;
  ArrayText raws;
  for (std::size_t i = 0; i < count; ++i) raws.add(rows[i * rows.size() / count].raw());
  SqlParams const params{std::to_string(run.id.source_id), run.id.stream,
                         std::string(rows.front().batch->table().name), raws.take(), sql_time(now)};
  exec(tx, note_sql, params);
}

}  // namespace affsync::schema
