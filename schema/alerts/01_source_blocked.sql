-- Tells that a broker refused a login or a key, or asked to be left alone for long: nothing is read of it
-- meanwhile.
-- severity: urgent
-- together: {source}: no requests are sent, and {count} more of it
-- setting: pause duration 1h A pause that the broker asked for is told if it is at least so long; a refused login is told at once.
SELECT NULL::text AS cause, NULL::integer AS source_id, NULL::text AS source, NULL::text AS stream,
  NULL::text AS subject, NULL::text AS event, 'note'::text AS severity, NULL::timestamptz AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  '{}'::jsonb AS figures, NULL::text AS title, NULL::text AS text, NULL::text AS remedy, NULL::text AS shown_by
WHERE false AND $1::jsonb IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::jsonb IS NOT NULL
