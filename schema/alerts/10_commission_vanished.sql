-- Tells that commission is no longer in the broker's list, and has not come back under another number.
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
  g.source || ' no longer lists ' || affsync.money_text(g.loss, g.currency, g.loss_usd) AS title,
  affsync.counted(g.rows, 'row is', 'rows are') || ' no longer in its list' || g.told AS text,
  'Ask the broker why; affsync report clawbacks --source ' || g.source || ' --since ' || g.detected_on
    || ' shows more' AS remedy,
  g.shown_by
FROM affsync.losses_of_sources($2::timestamptz - interval '3 days', true,
                               ($3::jsonb ->> 'personal')::boolean) g
WHERE g.loss_usd IS NULL OR g.loss_usd >= ($1::jsonb ->> 'min_usd')::numeric
