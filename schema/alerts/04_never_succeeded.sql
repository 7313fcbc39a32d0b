-- Tells that a stream has not been read to its end once since it was added.
-- severity: warning
-- together: {source}: {count} streams were never read to their end
-- setting: after duration 1d Time since it was added, at least; while a first load moves on, nothing is told.
SELECT
  z.source_id || '/' || z.stream AS cause, z.source_id, s.name AS source, z.stream,
  NULL::text AS subject, 'source:' || z.source_id AS event,
  CASE
    WHEN b.code <> 'throttled'
      OR z.last_error_code IN ('rows_quarantined', 'totals_differ', 'mass_drop', 'coverage_gap')
      THEN 'elsewhere'
    -- A first load may take days; as long as it moves on, it is well.
    WHEN b.code = 'throttled'
      OR z.consecutive_failures = 0 AND z.cursor_at > $2::timestamptz - interval '6 hours'
      THEN 'held'
    ELSE 'warning' END AS severity,
  st.registered_at AS happened_at, NULL::text AS currency, NULL::numeric AS amount,
  NULL::numeric AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('failures', z.consecutive_failures, 'status', z.last_status, 'code', z.last_error_code)
    AS figures,
  s.name || '/' || z.stream || ' was never read to its end' AS title,
  'It was added ' || affsync.span_text($2::timestamptz - st.registered_at) || ' ago. '
    || coalesce(left(z.last_error, 240), 'No run of it has ended.') AS text,
  'affsync check --source ' || s.name AS remedy,
  format('SELECT * FROM reporting.source_health WHERE source_id = %s AND stream = %L', z.source_id, z.stream)
    AS shown_by
FROM affsync.stream_state z
JOIN affsync.source s ON s.source_id = z.source_id
JOIN affsync.stream st ON st.source_id = z.source_id AND st.stream = z.stream
LEFT JOIN affsync.source_block b
  ON b.source_id = z.source_id AND (b.code <> 'throttled' OR b.until > $2::timestamptz)
WHERE s.retired_at IS NULL AND st.retired_at IS NULL
  AND z.last_success_at IS NULL
  AND st.registered_at <= $2::timestamptz - make_interval(secs => ($1::jsonb ->> 'after')::float8)
  AND (jsonb_array_length($3::jsonb -> 'streams') = 0
       OR EXISTS (SELECT FROM jsonb_array_elements($3::jsonb -> 'streams') AS c
                  WHERE c ->> 'source' = s.name AND c ->> 'stream' = z.stream))
