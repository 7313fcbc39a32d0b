-- Tells that a stream has not been read to its end for several of its intervals, though it does not fail.
-- severity: warning
-- together: {source}: {count} streams are late
-- setting: intervals count 3 Its intervals since the last success, at least.
-- setting: after duration 2h Time since the last success, at least.
SELECT NULL::text AS cause, NULL::integer AS source_id, NULL::text AS source, NULL::text AS stream,
  NULL::text AS subject, NULL::text AS event, 'note'::text AS severity, NULL::timestamptz AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  '{}'::jsonb AS figures, NULL::text AS title, NULL::text AS text, NULL::text AS remedy, NULL::text AS shown_by
WHERE false AND $1::jsonb IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::jsonb IS NOT NULL
