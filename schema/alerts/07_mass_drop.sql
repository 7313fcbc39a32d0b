-- Tells that so many rows vanished at once that none was marked as deleted: the broker has a fault, or has
-- really removed them. It is over once they are marked or listed again, whatever passes over a part of the
-- rows say meanwhile.
-- severity: warning
SELECT
  z.source_id || '/' || z.stream AS cause, z.source_id, s.name AS source, z.stream,
  NULL::text AS subject, NULL::text AS event, 'warning' AS severity,
  coalesce(z.last_success_at, z.last_finished_at) AS happened_at, NULL::text AS currency,
  NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('rows', z.live_rows, 'held', z.held_rows) AS figures,
  'Many rows of ' || s.name || '/' || z.stream || ' have vanished' AS title,
  'So many are no longer in the broker''s list that none was marked as deleted: all still count. '
    || CASE WHEN z.last_error_code = 'mass_drop' THEN coalesce(left(z.last_error, 240), '')
            ELSE affsync.counted(z.held_rows, 'row is', 'rows are') || ' missing.' END AS text,
  CASE WHEN f.names IS NULL THEN
    'If the broker really removed them, set mass_drop: 100% of ' || s.name || ' for one pass over all rows: '
      || 'affsync sync --full --source ' || s.name || ' --stream ' || z.stream
  ELSE
    'If they are really gone, set mass_drop: 100% of ' || s.name || ', read the file again, and take it out again: '
      || f.names
  END AS remedy,
  format('SELECT * FROM affsync.absence WHERE source_id = %s AND stream = %L', z.source_id, z.stream)
    AS shown_by
FROM affsync.stream_state z
JOIN affsync.source s ON s.source_id = z.source_id
JOIN affsync.stream st ON st.source_id = z.source_id AND st.stream = z.stream
LEFT JOIN (
  SELECT r.source_id, r.stream, left(string_agg(r.name, ', ' ORDER BY r.name), 240) AS names
  FROM affsync.file_rows r WHERE r.in_doubt > 0 GROUP BY r.source_id, r.stream
) f ON f.source_id = z.source_id AND f.stream = z.stream
WHERE s.retired_at IS NULL AND st.retired_at IS NULL AND (z.last_error_code = 'mass_drop' OR z.held_since IS NOT NULL)
  AND $1::jsonb IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::jsonb IS NOT NULL
