-- Tells that a broker took back commission that it had shown before: lowered, rejected or reversed.
-- severity: urgent
-- window: 3d
-- together: {source} took back money
-- setting: min_usd usd 1 So many US dollars a day and currency, at least; what has no rate is always told.
SELECT
  s.source_id || '/' || g.stream || '/' || coalesce(g.currency, '') || '/' || g.detected_on AS cause,
  s.source_id, s.name AS source, g.stream, CASE WHEN g.clients = 1 THEN g.client END AS subject,
  'money:' || s.source_id || '/' || g.detected_on AS event, 'urgent' AS severity,
  g.changed_at AS happened_at, g.currency, g.loss AS amount, g.loss_usd AS amount_usd,
  coalesce(g.loss_usd, g.loss) AS weight,
  jsonb_build_object('rows', g.rows, 'clients', g.clients, 'before', g.before::text,
                     'after', (g.before - g.loss)::text, 'day_from', g.day_from, 'day_to', g.day_to,
                     'stood_since', g.stood_since) AS figures,
  s.name || ' took back ' || affsync.money_text(g.loss, g.currency, g.loss_usd) AS title,
  concat_ws(', ', nullif(g.lowered, 0) || ' lowered', nullif(g.rejected, 0) || ' rejected',
                   nullif(g.reversed, 0) || ' reversed')
    || CASE WHEN g.clients = 0 THEN '' WHEN g.clients = 1 THEN '; client ' ELSE '; clients ' END
    || affsync.some_of(g.who) || '; for ' || affsync.days_text(g.day_from, g.day_to) || '. It was '
    || affsync.money_text(g.before, g.currency, NULL) || ' since ' || affsync.time_text(g.stood_since)
    || ', now it is ' || affsync.money_text(g.before - g.loss, g.currency, NULL) || '.' AS text,
  'Ask the broker why; affsync report clawbacks --source ' || s.name || ' --since ' || g.detected_on
    || ' shows more' AS remedy,
  format('SELECT * FROM reporting.clawbacks WHERE source_id = %s AND stream = %L AND changed_at >= %L'
         ' AND changed_at < %L', s.source_id, g.stream, g.detected_on || ' 00:00+00',
         g.detected_on + 1 || ' 00:00+00') AS shown_by
FROM affsync.source s
CROSS JOIN LATERAL (
  SELECT l.stream, l.currency, l.detected_on, max(l.changed_at) AS changed_at, count(*) AS rows,
         sum(l.before) AS before, sum(l.loss) AS loss,
         CASE WHEN bool_and(l.loss_usd IS NOT NULL) THEN sum(l.loss_usd) END AS loss_usd,
         count(*) FILTER (WHERE coalesce(l.status, '') NOT IN ('rejected', 'reversed')) AS lowered,
         count(*) FILTER (WHERE l.status = 'rejected') AS rejected,
         count(*) FILTER (WHERE l.status = 'reversed') AS reversed,
         count(DISTINCT nullif(l.client_ref, '')) AS clients, min(l.client_ref) AS client,
         coalesce(array_agg(DISTINCT w.who) FILTER (WHERE w.who <> ''), '{}') AS who,
         min(l.day) AS day_from, max(l.day) AS day_to, min(l.stood_since) AS stood_since
  FROM affsync.commission_losses(s.source_id, $2::timestamptz - interval '3 days') l
  -- A name only where the source keeps names and messages may have them.
  LEFT JOIN LATERAL (
    SELECT k.name FROM affsync.client k
    WHERE ($3::jsonb ->> 'personal')::boolean AND s.privacy = 'keep' AND k.source_id = s.source_id
      AND nullif(k.client_ref, '') = l.client_ref AND nullif(k.client_ref, '') IS NOT NULL
      AND (octet_length(coalesce(k.client_ref, '')) > 1000)::integer <> 1
    LIMIT 1
  ) k ON true
  CROSS JOIN LATERAL (SELECT coalesce(l.client_ref, '') || coalesce(' ' || k.name, '') AS who) w
  WHERE NOT l.vanished
  GROUP BY l.stream, l.currency, l.detected_on
) g
WHERE s.retired_at IS NULL
  AND (g.loss_usd IS NULL OR g.loss_usd >= ($1::jsonb ->> 'min_usd')::numeric)
