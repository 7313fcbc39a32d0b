-- Tells that the disk of the database, or the size that it may have, is nearly used up.
-- severity: urgent
-- every: 5m
-- setting: above percent 90% Used part of the disk under affsync's own PostgreSQL, or of limit_gb, at least.
-- setting: limit_gb count 1000000 Size in gigabytes that a database elsewhere may have.
SELECT NULL::text AS cause, NULL::integer AS source_id, NULL::text AS source, NULL::text AS stream,
  NULL::text AS subject, NULL::text AS event, 'note'::text AS severity, NULL::timestamptz AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  '{}'::jsonb AS figures, NULL::text AS title, NULL::text AS text, NULL::text AS remedy, NULL::text AS shown_by
WHERE false AND $1::jsonb IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::jsonb IS NOT NULL
