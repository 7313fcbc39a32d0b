-- Tells that recent money of a currency has no worth in US dollars, because no rate of it is known.
-- severity: note
-- setting: recent days 14d Money of so many days is looked at.
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
  'Read rates (a source of ecb_rates or currency_api), or put one into affsync.fx_rate' AS remedy,
  format('SELECT * FROM reporting.earnings_daily WHERE currency = %L AND rows_without_usd > 0'
         ' ORDER BY day DESC', e.currency) AS shown_by
FROM (
  SELECT d.source_id, d.unit, d.currency, d.open_amount AS amount, d.open_rows AS rows
  FROM affsync.earned_day d
  WHERE d.unit > ($2::timestamptz AT TIME ZONE 'UTC')::date - (($1::jsonb ->> 'recent')::bigint / 86400)::integer
    AND d.unit <= ($2::timestamptz AT TIME ZONE 'UTC')::date
    AND d.open_rows > 0 AND d.currency <> 'USD' AND coalesce(d.status, '') NOT IN ('rejected', 'reversed')
  UNION ALL
  -- What running totals grew, as in affsync.commission_steps. Only of totals in currencies that have no rate
  -- at one end of these days, so that changes are read where there is something to tell.
  SELECT g.source_id, (h.changed_at AT TIME ZONE 'UTC')::date, g.currency,
         (h.after ->> 'amount')::numeric - (h.before ->> 'amount')::numeric, 1
  FROM (
    SELECT c.source_id, c.stream, c.external_id, c.currency
    FROM affsync.commission c
    JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream AND st.in_reports
    JOIN (
      SELECT x.currency
      FROM (SELECT DISTINCT k.currency FROM affsync.commission k
            WHERE k.grain = 'lifetime' AND k.currency <> 'USD') x
      LEFT JOIN affsync.currency_unit u ON u.currency = x.currency
      CROSS JOIN LATERAL affsync.usd_rate(
        x.currency, ($2::timestamptz AT TIME ZONE 'UTC')::date, true, u.whole, u.factor) a
      CROSS JOIN LATERAL affsync.usd_rate(
        x.currency,
        ($2::timestamptz AT TIME ZONE 'UTC')::date - (($1::jsonb ->> 'recent')::bigint / 86400)::integer + 1,
        true, u.whole, u.factor) z
      WHERE a.usd_rate IS NULL OR z.usd_rate IS NULL
    ) x ON x.currency = c.currency
    WHERE c.grain = 'lifetime' AND c.amount_usd IS NULL
      AND coalesce(c.status, '') NOT IN ('rejected', 'reversed')
      AND c.changed_at > $2::timestamptz - make_interval(secs => ($1::jsonb ->> 'recent')::float8)
  ) g
  JOIN affsync.record_change h
    ON h.source_id = g.source_id AND h.external_id = g.external_id AND h.stream = g.stream
  WHERE h.changed_at >= (($2::timestamptz AT TIME ZONE 'UTC')::date
          - (($1::jsonb ->> 'recent')::bigint / 86400)::integer + 1)::timestamp AT TIME ZONE 'UTC'
    AND h.changed_at < $2::timestamptz + interval '2 days'
    AND h.record_table = 'commission' AND h.operation IN ('update', 'remap', 'restore') AND NOT h.before ? 'currency'
    AND (h.after ->> 'amount')::numeric <> (h.before ->> 'amount')::numeric
) e
JOIN affsync.source s ON s.source_id = e.source_id
LEFT JOIN affsync.currency_unit u ON u.currency = e.currency
CROSS JOIN LATERAL affsync.usd_rate(e.currency, e.unit, true, u.whole, u.factor) r
WHERE r.usd_rate IS NULL AND s.retired_at IS NULL AND $3::jsonb IS NOT NULL
GROUP BY e.currency
