-- Tells that a stream has not been read to its end for several of its intervals, where stream_failing is quiet.
-- severity: warning
-- together: {source}: {count} streams are late
-- setting: intervals count 3 Its intervals since the last success, at least.
-- setting: after duration 2h Time since the last success, at least.
SELECT
  z.source_id || '/' || z.stream AS cause, z.source_id, s.name AS source, z.stream,
  NULL::text AS subject, 'source:' || z.source_id AS event,
  CASE
    -- What stream_failing tells is not told here, unless it is off or its settings keep it quiet; what has
    -- flaws, by the rules that are about them.
    WHEN b.code <> 'throttled'
      OR z.consecutive_failures >= ($3::jsonb -> 'stream_failing' ->> 'failures')::integer
        AND z.last_success_at <= $2::timestamptz
          - make_interval(secs => ($3::jsonb -> 'stream_failing' ->> 'after')::float8)
      OR z.last_error_code IN ('rows_quarantined', 'totals_differ', 'mass_drop', 'coverage_gap')
      THEN 'elsewhere'
    -- While nothing ran (the machine was off), no stream is late because of that; nor during a pause; and a
    -- long pass takes several runs.
    WHEN b.code = 'throttled' OR c.since >= c.due
      OR (z.running OR z.last_status = 'continued')
        AND coalesce(z.cursor_at, z.last_started_at) > $2::timestamptz - interval '1 hour'
      THEN 'held'
    ELSE 'warning' END AS severity,
  z.last_success_at AS happened_at, NULL::text AS currency, NULL::numeric AS amount,
  NULL::numeric AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('interval_seconds', c.interval, 'status', z.last_status) AS figures,
  s.name || '/' || z.stream || ' is late' AS title,
  'It was read to its end last ' || affsync.span_text($2::timestamptz - z.last_success_at)
    || ' ago, and is to be read every ' || affsync.span_text(make_interval(secs => c.interval::float8)) || '. '
    || coalesce(left(z.last_error, 240), '') AS text,
  'affsync status' AS remedy,
  format('SELECT * FROM reporting.source_health WHERE source_id = %s AND stream = %L', z.source_id, z.stream)
    AS shown_by
FROM (
  SELECT r.*, $2::timestamptz - make_interval(secs => greatest(
    ($1::jsonb ->> 'intervals')::float8 * r.interval::float8, ($1::jsonb ->> 'after')::float8)) AS due
  FROM jsonb_to_recordset($3::jsonb -> 'streams')
         AS r (source text, stream text, "interval" numeric, since timestamptz)
) c
JOIN affsync.source s ON s.name = c.source
JOIN affsync.stream st ON st.source_id = s.source_id AND st.stream = c.stream
JOIN affsync.stream_state z ON z.source_id = s.source_id AND z.stream = c.stream
LEFT JOIN affsync.source_block b
  ON b.source_id = z.source_id AND (b.code <> 'throttled' OR b.until > $2::timestamptz)
WHERE s.retired_at IS NULL AND st.retired_at IS NULL AND z.last_success_at < c.due
