-- Tells that a stream has failed again and again, and for how long nothing new has been read.
-- severity: warning
-- together: {source}: {count} streams cannot be read
-- setting: failures count 3 Failed runs since the last success, at least.
-- setting: after duration 2h Time since the last success, at least: maintenance is mostly shorter.
SELECT
  z.source_id || '/' || z.stream AS cause, z.source_id, s.name AS source, z.stream,
  NULL::text AS subject, 'source:' || z.source_id AS event,
  -- A login that is refused is told by source_blocked; what a pause hides is not known.
  CASE WHEN b.code IS NULL THEN 'warning' WHEN b.code = 'throttled' THEN 'held' ELSE 'elsewhere' END AS severity,
  z.last_success_at AS happened_at, NULL::text AS currency, NULL::numeric AS amount,
  NULL::numeric AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('failures', z.consecutive_failures, 'code', z.last_error_code) AS figures,
  s.name || '/' || z.stream || ' cannot be read' AS title,
  z.consecutive_failures || ' runs have failed since the last success '
    || affsync.span_text($2::timestamptz - z.last_success_at) || ' ago. '
    || coalesce(left(z.last_error, 240), '') AS text,
  'affsync check --source ' || s.name AS remedy,
  format('SELECT * FROM reporting.source_health WHERE source_id = %s AND stream = %L', z.source_id, z.stream)
    AS shown_by
FROM affsync.stream_state z
JOIN affsync.source s ON s.source_id = z.source_id
JOIN affsync.stream st ON st.source_id = z.source_id AND st.stream = z.stream
LEFT JOIN affsync.source_block b
  ON b.source_id = z.source_id AND (b.code <> 'throttled' OR b.until > $2::timestamptz)
WHERE s.retired_at IS NULL AND st.retired_at IS NULL
  AND z.consecutive_failures >= ($1::jsonb ->> 'failures')::integer
  AND z.last_success_at <= $2::timestamptz - make_interval(secs => ($1::jsonb ->> 'after')::float8)
  AND (jsonb_array_length($3::jsonb -> 'streams') = 0
       OR EXISTS (SELECT FROM jsonb_array_elements($3::jsonb -> 'streams') AS c
                  WHERE c ->> 'source' = s.name AND c ->> 'stream' = z.stream))
