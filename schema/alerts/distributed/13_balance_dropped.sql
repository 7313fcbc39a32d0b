-- Beside the rule of the same name, which has the settings. Sources are joined last, since Citus cannot
-- look into distributed tables once for each row of a copied one.
-- beside: 6272e8b5aafd
SELECT
  s.source_id || '/' || b.stream || '/' || b.external_id || '/' || b.detected_on AS cause,
  s.source_id, s.name AS source, b.stream, coalesce(b.account, b.metric) AS subject,
  'money:' || s.source_id || '/' || b.detected_on AS event, 'warning' AS severity,
  b.changed_at AS happened_at, b.currency, b.fall AS amount, b.fall_usd AS amount_usd,
  coalesce(b.fall_usd, b.fall) AS weight,
  jsonb_build_object('before', b.before::text, 'now', b.amount::text, 'metric', b.metric) AS figures,
  'The balance at ' || s.name || ' fell by ' || affsync.money_text(b.fall, b.currency, b.fall_usd)
    AS title,
  'From ' || affsync.money_text(b.before, b.currency, NULL) || ' to '
    || affsync.money_text(b.amount, b.currency, NULL) || coalesce(', ' || b.metric, '')
    || coalesce(', account ' || b.account, '') || ', found at ' || affsync.time_text(b.changed_at)
    || '. No payout explains it.' AS text,
  'Ask the broker; affsync report balances --source ' || s.name || ' shows it' AS remedy,
  format('SELECT * FROM reporting.balances WHERE source_id = %s AND stream = %L AND external_id = %L'
         ' ORDER BY since DESC', s.source_id, b.stream, b.external_id) AS shown_by
FROM (
  SELECT t.source_id, t.stream, t.external_id, t.detected_on, t.changed_at, t.before, k.amount, k.currency,
         k.metric, k.account, f.fall,
         CASE WHEN k.currency = 'USD' THEN f.fall ELSE round(f.fall * r.usd_rate, 8) END AS fall_usd
  FROM (
    -- What each balance was at the beginning and at the end of a day on which it fell. Days are whole, and
    -- told until the last change of them is no news.
    SELECT h.source_id, h.stream, h.external_id, (h.changed_at AT TIME ZONE 'UTC')::date AS detected_on,
           max(h.changed_at) AS changed_at,
           -- What came back and fell again is told of that day only.
           max((array_agg((h.before ->> 'amount')::numeric ORDER BY h.change_id))[1]) OVER (
             PARTITION BY h.source_id, h.stream, h.external_id
             ORDER BY (h.changed_at AT TIME ZONE 'UTC')::date DESC
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_later,
           (array_agg((h.before ->> 'amount')::numeric ORDER BY h.change_id))[1] AS before,
           (array_agg((h.after ->> 'amount')::numeric ORDER BY h.change_id DESC))[1] AS after,
           coalesce(sum((h.after ->> 'reserved')::numeric - (h.before ->> 'reserved')::numeric), 0)
             AS more_reserved
    FROM affsync.record_change h
    WHERE h.changed_at >= date_trunc('day', $2::timestamptz - interval '3 days', 'UTC')
      AND h.record_table = 'balance' AND h.operation = 'update' AND h.before ? 'amount'
      AND NOT h.before ? 'currency'
    GROUP BY 1, 2, 3, 4
  ) t
  JOIN affsync.balance k
    ON k.source_id = t.source_id AND k.stream = t.stream AND k.external_id = t.external_id
  JOIN affsync.stream st ON st.source_id = t.source_id AND st.stream = t.stream
  LEFT JOIN affsync.currency_unit u ON u.currency = k.currency
  CROSS JOIN LATERAL affsync.usd_rate(k.currency, t.detected_on, true, u.whole, u.factor) r
  CROSS JOIN LATERAL (
    SELECT t.before - greatest(t.after, k.amount, t.before_later) - greatest(t.more_reserved, 0) AS fall
  ) f
  WHERE k.deleted_at IS NULL AND st.in_reports AND st.retired_at IS NULL AND f.fall > 0
    AND t.changed_at > $2::timestamptz - interval '3 days'
    AND f.fall * 100 >= t.before * ($1::jsonb ->> 'share')::numeric
) b
JOIN affsync.source s ON s.source_id = b.source_id
WHERE s.retired_at IS NULL
  AND (b.fall_usd IS NULL OR b.fall_usd >= ($1::jsonb ->> 'min_usd')::numeric)
  -- Where payouts are not read, each of them would look like this.
  AND EXISTS (SELECT FROM affsync.stream st WHERE st.source_id = b.source_id
              AND st.record_table = 'payout' AND st.retired_at IS NULL)
  -- Payouts around that day, in the same currency or in US dollars.
  AND NOT EXISTS (
    SELECT FROM affsync.payout p
    LEFT JOIN affsync.currency_unit u ON u.currency = p.currency
    CROSS JOIN LATERAL affsync.usd_rate(
      p.currency,
      (coalesce(p.paid_at, p.approved_at, p.requested_at, p.changed_at) AT TIME ZONE 'UTC')::date,
      p.amount_usd IS NULL, u.whole, u.factor) r
    WHERE p.source_id = b.source_id AND p.changed_at > b.changed_at - interval '8 days'
      AND p.deleted_at IS NULL AND coalesce(p.status, '') NOT IN ('rejected', 'failed', 'cancelled')
      AND coalesce(p.paid_at, p.approved_at, p.requested_at, p.changed_at)
          > b.changed_at - interval '31 days'
    HAVING sum(p.amount) FILTER (WHERE p.currency = b.currency) >= b.fall * 0.9
      OR sum(coalesce(p.amount_usd, CASE WHEN p.currency = 'USD' THEN p.amount
                                           ELSE p.amount * r.usd_rate END)) >= b.fall_usd * 0.9)
  AND $3::jsonb IS NOT NULL
