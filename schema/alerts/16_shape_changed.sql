-- Tells that the rows of a broker have a new field, lack one that all had, or have one of another type.
-- severity: note
-- window: 7d
-- every: 10m
-- setting: rows count 30 So many rows have to show it.
-- setting: share percent 90% In such a part of the rows, at least: what comes and goes is optional.
SELECT NULL::text AS cause, NULL::integer AS source_id, NULL::text AS source, NULL::text AS stream,
  NULL::text AS subject, NULL::text AS event, 'note'::text AS severity, NULL::timestamptz AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  '{}'::jsonb AS figures, NULL::text AS title, NULL::text AS text, NULL::text AS remedy, NULL::text AS shown_by
WHERE false AND $1::jsonb IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::jsonb IS NOT NULL
