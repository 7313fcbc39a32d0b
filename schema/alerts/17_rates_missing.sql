-- Tells that recent money of a currency has no worth in US dollars, because no rate of it is known.
-- severity: note
-- window: recent
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
  'Read rates (a source of ecb_rates or currency_api), or put one into affsync.fx_rate if no source has it' AS remedy,
  format('SELECT * FROM reporting.earnings_daily WHERE currency = %L AND rows_without_usd > 0'
         ' ORDER BY day DESC', e.currency) AS shown_by
FROM (
  SELECT d.source_id, d.unit, d.currency, d.open_amount AS amount, d.open_rows AS rows
  FROM affsync.earned_day d
  WHERE d.unit > ($2::timestamptz AT TIME ZONE 'UTC')::date - (($1::jsonb ->> 'recent')::bigint / 86400)::integer
    AND d.unit <= ($2::timestamptz AT TIME ZONE 'UTC')::date
    AND d.open_rows > 0 AND d.currency <> 'USD' AND coalesce(d.status, '') NOT IN ('rejected', 'reversed')
) e
JOIN affsync.source s ON s.source_id = e.source_id
LEFT JOIN affsync.currency_unit u ON u.currency = e.currency
CROSS JOIN LATERAL affsync.usd_rate(e.currency, e.unit, true, u.whole, u.factor) r
WHERE r.usd_rate IS NULL AND s.retired_at IS NULL AND $3::jsonb IS NOT NULL
GROUP BY e.currency
