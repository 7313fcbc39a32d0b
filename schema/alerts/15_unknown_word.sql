-- Tells that a broker uses a word for a state that its connector does not know.
-- severity: note
-- setting: rows count 1 In so many rows, at least.
SELECT
  w.source_id || '/' || w.stream || '/' || coalesce(w.word, '') AS cause, w.source_id, w.source,
  w.stream, w.word AS subject, 'words:' || w.source_id AS event, 'note' AS severity,
  w.first_seen_at AS happened_at, NULL::text AS currency, NULL::numeric AS amount,
  NULL::numeric AS amount_usd, w.rows AS weight,
  jsonb_build_object('word', w.word, 'rows', w.rows) AS figures,
  w.source || ' has a new word for a state' || coalesce(': "' || left(w.word, 40) || '"', '') AS title,
  affsync.counted(w.rows::bigint, 'row', 'rows') || ' of ' || w.stream
    || CASE WHEN w.rows = 1 THEN ' has' ELSE ' have' END
    || ' it. What it means is not known to the connector, so the state is "unknown".' AS text,
  'Add the word to the connector, or update affsync' AS remedy,
  format('SELECT * FROM reporting.unknown_words WHERE source_id = %s AND stream = %L', w.source_id, w.stream)
    AS shown_by
FROM (
  SELECT source_id, source, stream, word, sum(rows) AS rows, min(first_seen_at) AS first_seen_at
  FROM reporting.unknown_words
  GROUP BY source_id, source, stream, word
) w
WHERE w.rows >= ($1::jsonb ->> 'rows')::bigint AND $2::timestamptz IS NOT NULL AND $3::jsonb IS NOT NULL
