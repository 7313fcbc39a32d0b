-- Tells that a payout was asked for long ago and has neither been paid nor refused.
-- severity: warning
-- window: 730d
-- setting: after duration 7d Time since it was asked for, at least.
SELECT
  p.source_id || '/' || p.stream || '/' || p.external_id AS cause, p.source_id, s.name AS source,
  p.stream, p.external_id AS subject, 'payouts:' || p.source_id AS event,
  -- By a wrong clock nobody knows how long ago it was.
  CASE WHEN k.skewed THEN 'held' ELSE 'warning' END AS severity,
  p.requested_at AS happened_at, p.currency, abs(p.amount) AS amount, d.usd AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('status', p.status, 'requested_at', p.requested_at) AS figures,
  s.name || ' has not paid ' || coalesce(affsync.money_text(abs(p.amount), p.currency, d.usd), 'a payout')
    || ' for ' || affsync.span_text($2::timestamptz - p.requested_at) AS title,
  'Payout ' || left(p.external_id, 60) || ' was asked for on '
    || affsync.days_text(d.asked_on, d.asked_on) || ' and is still ' || p.status || '.' AS text,
  'Ask the broker; affsync report payouts --source ' || s.name || ' shows all' AS remedy,
  format('SELECT * FROM reporting.payouts WHERE source_id = %s AND stream = %L AND external_id = %L',
         p.source_id, p.stream, p.external_id) AS shown_by
FROM affsync.payout p
JOIN affsync.source s ON s.source_id = p.source_id
JOIN affsync.stream st ON st.source_id = p.source_id AND st.stream = p.stream
LEFT JOIN affsync.currency_unit u ON u.currency = p.currency
-- As in reporting.payouts: by the day of the request. Without the sign that a broker gives it as a debit.
CROSS JOIN LATERAL affsync.usd_rate(p.currency, (p.requested_at AT TIME ZONE 'UTC')::date,
                                    p.amount_usd IS NULL, u.whole, u.factor) r
CROSS JOIN LATERAL (SELECT abs(coalesce(p.amount_usd, CASE WHEN p.currency = 'USD' THEN p.amount
      ELSE round(p.amount * r.usd_rate, 8) END)) AS usd,
      (p.requested_at AT TIME ZONE 'UTC')::date AS asked_on) d
CROSS JOIN LATERAL (SELECT $3::jsonb -> 'skewed' ? s.name AS skewed) k
WHERE p.deleted_at IS NULL AND p.status IN ('requested', 'approved', 'processing')
  AND (p.requested_at <= $2::timestamptz - make_interval(secs => ($1::jsonb ->> 'after')::float8) OR k.skewed)
  -- What has been open for years is known by now; so only recent payouts are read.
  AND (p.requested_at > $2::timestamptz - interval '2 years' OR k.skewed)
  AND s.retired_at IS NULL AND st.retired_at IS NULL AND st.in_reports
