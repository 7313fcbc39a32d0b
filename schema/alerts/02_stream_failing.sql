-- Tells that a stream has failed again and again, and for how long nothing new has been read.
-- severity: warning
-- together: {source}: {count} streams cannot be read
-- setting: failures count 3 Failed runs in a row, at least.
-- setting: after duration 2h Time since the last success, at least: maintenance is mostly shorter.
SELECT NULL::text AS cause, NULL::integer AS source_id, NULL::text AS source, NULL::text AS stream,
  NULL::text AS subject, NULL::text AS event, 'note'::text AS severity, NULL::timestamptz AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  '{}'::jsonb AS figures, NULL::text AS title, NULL::text AS text, NULL::text AS remedy, NULL::text AS shown_by
WHERE false AND $1::jsonb IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::jsonb IS NOT NULL
