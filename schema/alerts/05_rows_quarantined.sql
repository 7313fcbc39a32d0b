-- Tells that rows of a broker could not be stored, so that they count nowhere.
-- severity: warning
-- setting: rows count 1 So many of a stream, at least.
-- setting: after duration 1h Put aside for so long, at least; the next run may store them.
SELECT
  q.source_id || '/' || q.stream AS cause, q.source_id, s.name AS source, q.stream,
  NULL::text AS subject, NULL::text AS event, 'warning' AS severity, q.since AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd,
  q.rows::numeric AS weight, jsonb_build_object('rows', q.rows) AS figures,
  affsync.counted(q.rows, 'row', 'rows') || ' of ' || s.name || '/' || q.stream || ' could not be stored'
    AS title,
  'They are in no sum and no report, the first since ' || affsync.time_text(q.since) || '.' AS text,
  'affsync quarantine --source ' || s.name || ' --stream ' || q.stream || ' says why' AS remedy,
  format('SELECT * FROM affsync.quarantine WHERE source_id = %s AND stream = %L AND resolved_at IS NULL AND accepted_at IS NULL',
         q.source_id, q.stream) AS shown_by
FROM (
  SELECT q.source_id, q.stream, count(*) AS rows, min(coalesce(q.first_received_at, q.received_at)) AS since
  FROM affsync.quarantine q
  WHERE q.resolved_at IS NULL AND q.accepted_at IS NULL
  GROUP BY q.source_id, q.stream
) q
JOIN affsync.source s ON s.source_id = q.source_id
JOIN affsync.stream st ON st.source_id = q.source_id AND st.stream = q.stream
WHERE s.retired_at IS NULL AND st.retired_at IS NULL
  AND q.rows >= ($1::jsonb ->> 'rows')::bigint
  AND q.since <= $2::timestamptz - make_interval(secs => ($1::jsonb ->> 'after')::float8)
  AND $3::jsonb IS NOT NULL
