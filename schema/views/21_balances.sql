-- What brokers say they owe: each balance as it is now, and what it was before. An earlier state ends
-- with a change of it; the columns that the change does not name are those of the next one that
-- does, else the row's own.
CREATE OR REPLACE VIEW reporting.balances AS
WITH changes AS (
  SELECT
    h.source_id, h.stream, h.external_id, h.changed_at, h.operation, h.before,
    count(*) FILTER (WHERE h.before ? 'amount') OVER w AS amount_group,
    count(*) FILTER (WHERE h.before ? 'reserved') OVER w AS reserved_group,
    count(*) FILTER (WHERE h.before ? 'currency') OVER w AS currency_group,
    lead(h.changed_at) OVER w AS since,
    row_number() OVER w = 1 AS latest
  FROM affsync.record_change h
  WHERE h.record_table = 'balance'
    AND (h.operation IN ('delete', 'restore')
         OR h.before ?| ARRAY['amount', 'reserved', 'currency'])
  WINDOW w AS (PARTITION BY h.source_id, h.stream, h.external_id ORDER BY h.change_id DESC)
), past AS (
  SELECT
    source_id, stream, external_id, operation, since, changed_at AS until, latest,
    amount_group > 0 AS amount_told,
    max((before ->> 'amount')::numeric)
      OVER (PARTITION BY source_id, stream, external_id, amount_group) AS amount,
    reserved_group > 0 AS reserved_told,
    max((before ->> 'reserved')::numeric)
      OVER (PARTITION BY source_id, stream, external_id, reserved_group) AS reserved,
    currency_group > 0 AS currency_told,
    max(before ->> 'currency')
      OVER (PARTITION BY source_id, stream, external_id, currency_group) AS currency
  FROM changes
), states AS (
  SELECT
    b.source_id, b.stream, b.external_id, b.metric, b.account, b.amount, b.reserved, b.currency,
    coalesce(p.until, b.first_seen_at) AS since, NULL::timestamptz AS until,
    (now() AT TIME ZONE 'UTC')::date AS day
  FROM affsync.balance b
  LEFT JOIN past p
    ON p.source_id = b.source_id AND p.stream = b.stream AND p.external_id = b.external_id
    AND p.latest
  WHERE b.deleted_at IS NULL
  UNION ALL
  SELECT
    b.source_id, b.stream, b.external_id, b.metric, b.account,
    CASE WHEN p.amount_told THEN p.amount ELSE b.amount END,
    CASE WHEN p.reserved_told THEN p.reserved ELSE b.reserved END,
    CASE WHEN p.currency_told THEN p.currency ELSE b.currency END,
    coalesce(p.since, b.first_seen_at), p.until, (p.until AT TIME ZONE 'UTC')::date
  FROM past p
  JOIN affsync.balance b
    ON b.source_id = p.source_id AND b.stream = p.stream AND b.external_id = p.external_id
  WHERE p.operation <> 'restore'  -- before it came back there was none
)
SELECT
  s.name AS source,
  s.connector,
  b.metric,
  b.account,
  b.currency,
  b.amount,
  CASE WHEN b.currency = 'USD' THEN b.amount
       ELSE (SELECT round(x.usd, least(scale(x.usd), 8))
             FROM (SELECT b.amount * r.usd_rate AS usd OFFSET 0) x) END AS amount_usd,
  b.reserved,
  b.since,
  b.until,
  b.until IS NULL AS is_current,
  CASE WHEN b.amount IS NOT NULL THEN r.origin END AS usd_origin,
  b.stream,
  b.external_id,
  b.source_id
FROM states b
JOIN affsync.source s ON s.source_id = b.source_id
LEFT JOIN affsync.stream st ON st.source_id = b.source_id AND st.stream = b.stream
LEFT JOIN affsync.currency_unit u ON u.currency = b.currency
CROSS JOIN LATERAL (
  SELECT CASE WHEN coalesce(u.whole, b.currency) <> 'USD' THEN
    (SELECT x.usd_rate
     FROM affsync.fx_rate x
     WHERE x.currency = coalesce(u.whole, b.currency)
       AND x.on_date BETWEEN b.day - 7 AND b.day
     ORDER BY x.on_date DESC, x.source_id, x.stream
     LIMIT 1) END AS usd_rate
) f
CROSS JOIN LATERAL (  -- read once, when the first row gets as far as here
  SELECT ((SELECT m.rates FROM affsync.fx_implied_by_day m)
          ->> (coalesce(u.whole, b.currency) || ' ' || b.day))::numeric AS usd_rate
) i
CROSS JOIN LATERAL (
  SELECT
    CASE
      WHEN coalesce(u.whole, b.currency) = 'USD' THEN coalesce(u.factor, 1)
      ELSE coalesce(u.factor, 1) * coalesce(f.usd_rate, i.usd_rate)
    END AS usd_rate,
    CASE
      WHEN b.currency = 'USD' THEN 'same currency'
      WHEN u.whole = 'USD' THEN 'fixed rate'
      WHEN f.usd_rate IS NOT NULL THEN 'fx_rate'
      WHEN i.usd_rate IS NOT NULL THEN 'implied'
    END AS origin
) r
WHERE coalesce(st.in_reports, true) AND st.retired_at IS NULL;
COMMENT ON VIEW reporting.balances IS 'What brokers say they owe the partner, now and before: one row a balance and time in which it stayed the same. What is owed today is in those that are current: add only these, and no balances of different metrics.';
COMMENT ON COLUMN reporting.balances.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.balances.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.balances.metric IS 'Which balance of the broker''s it is, such as wallet or balance.';
COMMENT ON COLUMN reporting.balances.account IS 'The account at the broker that it is of; null where the broker names none.';
COMMENT ON COLUMN reporting.balances.currency IS 'Currency of amount and reserved.';
COMMENT ON COLUMN reporting.balances.amount IS 'How much it was.';
COMMENT ON COLUMN reporting.balances.amount_usd IS 'The same in US dollars by the rate of today, or of the last day that it was so, to 8 digits after the point; null where nothing tells. See usd_origin.';
COMMENT ON COLUMN reporting.balances.reserved IS 'What of it is set aside, such as for rebates; null where the broker does not tell.';
COMMENT ON COLUMN reporting.balances.since IS 'When affsync first met it so.';
COMMENT ON COLUMN reporting.balances.until IS 'When affsync met another amount, or no balance any more; null: it is so now.';
COMMENT ON COLUMN reporting.balances.is_current IS 'Whether it is so now.';
COMMENT ON COLUMN reporting.balances.usd_origin IS 'Where amount_usd is from: same currency, fixed rate (affsync.currency_unit), fx_rate or implied (affsync.fx_implied); null when there is none.';
COMMENT ON COLUMN reporting.balances.stream IS 'The feed.';
COMMENT ON COLUMN reporting.balances.external_id IS 'The row''s key in affsync.balance.';
COMMENT ON COLUMN reporting.balances.source_id IS 'The source; see affsync.source.';
