-- Tells that a broker uses a word for a state that its connector does not know.
-- severity: note
-- setting: rows count 1 In so many rows, at least.
SELECT NULL::text AS cause, NULL::integer AS source_id, NULL::text AS source, NULL::text AS stream,
  NULL::text AS subject, NULL::text AS event, 'note'::text AS severity, NULL::timestamptz AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  '{}'::jsonb AS figures, NULL::text AS title, NULL::text AS text, NULL::text AS remedy, NULL::text AS shown_by
WHERE false AND $1::jsonb IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::jsonb IS NOT NULL
