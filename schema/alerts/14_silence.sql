-- Tells that no new commission has come for longer than is usual for the source, by the days on which it
-- had some before.
-- severity: warning
-- every: 10m
-- setting: history duration 180d How far back the source's habit is looked for.
-- setting: gaps count 10 So many gaps between its days with commission have to be known.
-- setting: longer percent 50% Longer than the usual longest gap by so much, at least.
-- setting: at_least duration 2d And by so long, at least.
SELECT NULL::text AS cause, NULL::integer AS source_id, NULL::text AS source, NULL::text AS stream,
  NULL::text AS subject, NULL::text AS event, 'note'::text AS severity, NULL::timestamptz AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  '{}'::jsonb AS figures, NULL::text AS title, NULL::text AS text, NULL::text AS remedy, NULL::text AS shown_by
WHERE false AND $1::jsonb IS NOT NULL AND $2::timestamptz IS NOT NULL AND $3::jsonb IS NOT NULL
