-- Tells that a broker took back commission that it had shown before: lowered, rejected or reversed.
-- severity: urgent
-- window: 3d
-- together: {source} took back money
-- setting: min_usd usd 1 So many US dollars a day and currency, at least; what has no rate is always told.
SELECT
  g.source_id || '/' || g.stream || '/' || coalesce(g.currency, '') || '/' || g.detected_on AS cause,
  g.source_id, g.source, g.stream, g.client AS subject,
  'money:' || g.source_id || '/' || g.detected_on AS event, 'urgent' AS severity,
  g.changed_at AS happened_at, g.currency, g.loss AS amount, g.loss_usd AS amount_usd,
  coalesce(g.loss_usd, g.loss) AS weight, g.figures,
  g.source || ' took back ' || affsync.money_text(g.loss, g.currency, g.loss_usd) AS title,
  concat_ws(', ', nullif(g.lowered, 0) || ' lowered', nullif(g.rejected, 0) || ' rejected',
            nullif(g.reversed, 0) || ' reversed') || g.told AS text,
  'Ask the broker why; affsync report clawbacks --source ' || g.source || ' --since ' || g.detected_on
    || ' shows more' AS remedy,
  g.shown_by
FROM affsync.losses_of_sources($2::timestamptz - interval '3 days', false,
                               ($3::jsonb ->> 'personal')::boolean) g
WHERE g.loss_usd IS NULL OR g.loss_usd >= ($1::jsonb ->> 'min_usd')::numeric
