-- Beside the rule of the same name, which has the settings. Rows are added up, since no sums are kept.
-- beside: f50b1865ebf7
SELECT
  e.currency AS cause, NULL::integer AS source_id, NULL::text AS source, NULL::text AS stream,
  e.currency AS subject, 'rates' AS event, 'note' AS severity,
  min(e.unit)::timestamp AT TIME ZONE 'UTC' AS happened_at, e.currency, sum(e.amount) AS amount,
  NULL::numeric AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('rows', sum(e.rows), 'day_from', min(e.unit), 'day_to', max(e.unit)) AS figures,
  'No rate for ' || e.currency AS title,
  affsync.money_text(sum(e.amount), e.currency, NULL) || ' of '
    || affsync.some_of(array_agg(DISTINCT s.name ORDER BY s.name)) || ', '
    || affsync.days_text(min(e.unit), max(e.unit)) || ', is in no sum in US dollars.' AS text,
  'Read rates (a source of ecb_rates or currency_api), or put one into affsync.fx_rate if no source has it' AS remedy,
  format('SELECT * FROM reporting.earnings_daily WHERE currency = %L AND rows_without_usd > 0'
         ' ORDER BY day DESC', e.currency) AS shown_by
FROM (
  SELECT c.source_id, affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) AS unit, c.currency,
         sum(c.amount) AS amount, count(*) AS rows
  FROM affsync.commission c
  LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
  WHERE affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to)
      > ($2::timestamptz AT TIME ZONE 'UTC')::date - (($1::jsonb ->> 'recent')::bigint / 86400)::integer
    AND affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) <= ($2::timestamptz AT TIME ZONE 'UTC')::date
    AND c.amount IS NOT NULL AND c.amount_usd IS NULL AND c.currency <> 'USD'
    AND c.deleted_at IS NULL AND c.grain IS DISTINCT FROM 'lifetime' AND coalesce(st.in_reports, true)
    AND coalesce(c.status, '') NOT IN ('rejected', 'reversed')
  GROUP BY 1, 2, 3
  UNION ALL
  -- What running totals grew, as in affsync.commission_steps.
  SELECT g.source_id, (h.changed_at AT TIME ZONE 'UTC')::date, g.currency,
         sum((h.after ->> 'amount')::numeric - (h.before ->> 'amount')::numeric), count(*)
  FROM affsync.commission g
  JOIN affsync.record_change h
    ON h.source_id = g.source_id AND h.external_id = g.external_id AND h.stream = g.stream
  JOIN affsync.stream st ON st.source_id = g.source_id AND st.stream = g.stream AND st.in_reports
  WHERE g.grain = 'lifetime' AND g.amount_usd IS NULL AND g.currency <> 'USD'
    AND coalesce(g.status, '') NOT IN ('rejected', 'reversed')
    AND g.changed_at > $2::timestamptz - make_interval(secs => ($1::jsonb ->> 'recent')::float8)
    AND h.changed_at >= (($2::timestamptz AT TIME ZONE 'UTC')::date
          - (($1::jsonb ->> 'recent')::bigint / 86400)::integer + 1)::timestamp AT TIME ZONE 'UTC'
    AND h.changed_at < $2::timestamptz + interval '2 days'
    AND h.record_table = 'commission' AND h.operation IN ('update', 'restore') AND NOT h.before ? 'currency'
    AND NOT coalesce(h.before ->> 'ours' IN ('key', 'window'), false)
    AND (h.after ->> 'amount')::numeric <> (h.before ->> 'amount')::numeric
  GROUP BY 1, 2, 3
) e
JOIN affsync.source s ON s.source_id = e.source_id
LEFT JOIN affsync.currency_unit u ON u.currency = e.currency
CROSS JOIN LATERAL affsync.usd_rate(e.currency, e.unit, true, u.whole, u.factor) r
WHERE r.usd_rate IS NULL AND s.retired_at IS NULL AND $3::jsonb IS NOT NULL
GROUP BY e.currency
