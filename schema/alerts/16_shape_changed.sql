-- Tells that the rows of a broker have a new field, lack one that all had, or have one of another type.
-- severity: note
-- window: 7d
-- together: {source}: {count} changes of its fields
-- setting: rows count 30 So many rows have to show it.
-- setting: share percent 90% In such a part of the rows, at least: what comes and goes is optional.
SELECT
  c.source_id || '/' || c.stream || '/' || c.record_table || '/' || c.field || '/' || c.what AS cause,
  c.source_id, s.name AS source, c.stream, c.field AS subject,
  'shape:' || c.source_id || '/' || c.stream AS event, 'note' AS severity, c.at AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('field', c.field, 'change', c.what, 'type', c.type, 'was', c.was) AS figures,
  s.name || '/' || c.stream || CASE c.what
    WHEN 'new' THEN ': new field ' WHEN 'gone' THEN ': no more field ' ELSE ': other type of field ' END
    || left(c.field, 60) AS title,
  CASE c.what
    WHEN 'new' THEN 'Rows have had it since ' || affsync.time_text(c.at) || ' (' || c.type || ').'
    WHEN 'gone' THEN 'All rows had it; the last one that did was read at ' || affsync.time_text(c.at) || '.'
    ELSE 'It was ' || c.was || ', and has been ' || c.type || ' since ' || affsync.time_text(c.at) || '.' END
    AS text,
  CASE c.what WHEN 'new' THEN 'Nothing to do, unless it holds something that is worth reading'
    ELSE 'Compare: affsync inspect ' || s.name || ' ' || c.stream END AS remedy,
  format('SELECT * FROM affsync.field_seen WHERE source_id = %s AND stream = %L ORDER BY field, type',
         c.source_id, c.stream) AS shown_by
FROM (
  SELECT f.source_id, f.stream, f.record_table, f.field, p.sampled, p.need,
         CASE
           WHEN f.is_new AND f.earlier IS NULL THEN 'new'
           WHEN f.is_new THEN 'type'
           WHEN f.is_gone THEN 'gone' END AS what,
         f.type, f.earlier AS was, CASE WHEN f.is_new THEN f.first_seen_at ELSE f.last_seen_at END AS at
  FROM (SELECT ($1::jsonb ->> 'rows')::bigint AS need, ($1::jsonb ->> 'share')::numeric / 100 AS share) r
  CROSS JOIN LATERAL (
    SELECT *, m.rows AS sampled, r.need FROM affsync.field_sample m
    -- As many rows before the change as after it.
    WHERE m.rows >= 2 * r.need AND m.sampled_at > $2::timestamptz - interval '7 days'
  ) p
  CROSS JOIN LATERAL (
    SELECT e.*,
      e.first_row >= r.need AND e.rows >= r.need AND e.rows >= r.share * (p.sampled - e.first_row)
        AND e.first_seen_at > e.began + interval '1 day' AND e.first_seen_at > $2::timestamptz - interval '7 days' AS is_new,
      -- No row has had it lately, in any type, though nearly all had it before.
      e.last_of_field <= p.sampled - r.need AND e.last_row = e.last_of_field
        AND e.rows_of_field >= r.need AND e.rows_of_field >= r.share * (e.last_of_field - e.first_of_field)
        AND e.last_seen_at > e.began + interval '1 day'
        AND e.last_seen_at > $2::timestamptz - interval '7 days' AS is_gone
    FROM (
      SELECT x.*, min(x.first_seen_at) OVER () AS began,  -- rows of a first load are of all times
        max(x.last_row) OVER w AS last_of_field, min(x.first_row) OVER w AS first_of_field,
        sum(x.rows) OVER w AS rows_of_field,
        -- The type that nearly all rows had before.
        (SELECT o.type FROM affsync.field_seen o
         WHERE o.source_id = x.source_id AND o.stream = x.stream AND o.record_table = x.record_table
           AND o.field = x.field AND o.type <> x.type AND o.first_row < x.first_row
           AND o.type <> 'null'
         ORDER BY o.rows DESC LIMIT 1) AS earlier
      FROM affsync.field_seen x
      WHERE x.source_id = p.source_id AND x.stream = p.stream AND x.record_table = p.record_table
      WINDOW w AS (PARTITION BY x.field)
    ) e
    -- A value that is sometimes there and sometimes null has not changed.
    WHERE e.type <> 'null'
  ) f
) c
JOIN affsync.source s ON s.source_id = c.source_id
JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
WHERE c.what IS NOT NULL AND s.retired_at IS NULL AND st.retired_at IS NULL AND $3::jsonb IS NOT NULL
