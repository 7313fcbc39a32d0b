-- Balances that brokers owe, now and in the past. A past state ends with a change. Columns that the
-- change does not contain have the value from the next change that contains them, else the row's own.
CREATE OR REPLACE VIEW reporting.balances AS
WITH changes AS (
  SELECT
    h.source_id, h.stream, h.external_id, h.changed_at, h.operation, h.before,
    count(*) FILTER (WHERE h.before ? 'amount') OVER w AS amount_group,
    count(*) FILTER (WHERE h.before ? 'reserved') OVER w AS reserved_group,
    count(*) FILTER (WHERE h.before ? 'currency') OVER w AS currency_group,
    lead(h.changed_at) OVER w AS since
  FROM affsync.record_change h
  WHERE h.record_table = 'balance'
    AND (h.operation IN ('delete', 'restore')
         OR h.before ?| ARRAY['amount', 'reserved', 'currency'])
  WINDOW w AS (PARTITION BY h.source_id, h.stream, h.external_id ORDER BY h.change_id DESC)
), past AS (
  SELECT
    source_id, stream, external_id, operation, since, changed_at AS until,
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
    (now() AT TIME ZONE 'UTC')::date AS day, true AS is_current
  FROM affsync.balance b
  -- The latest change of each, so that who asks for what is now reads no history.
  LEFT JOIN LATERAL (
    SELECT h.changed_at AS until FROM affsync.record_change h
    WHERE h.source_id = b.source_id AND h.external_id = b.external_id AND h.stream = b.stream
      AND h.record_table = 'balance'
      AND (h.operation IN ('delete', 'restore')
           OR h.before ?| ARRAY['amount', 'reserved', 'currency'])
    ORDER BY h.change_id DESC
    LIMIT 1
  ) p ON true
  WHERE b.deleted_at IS NULL
  UNION ALL
  SELECT
    b.source_id, b.stream, b.external_id, b.metric, b.account,
    CASE WHEN p.amount_told THEN p.amount ELSE b.amount END,
    CASE WHEN p.reserved_told THEN p.reserved ELSE b.reserved END,
    CASE WHEN p.currency_told THEN p.currency ELSE b.currency END,
    coalesce(p.since, b.first_seen_at), p.until, (p.until AT TIME ZONE 'UTC')::date, false
  FROM past p
  JOIN affsync.balance b
    ON b.source_id = p.source_id AND b.stream = p.stream AND b.external_id = p.external_id
  WHERE p.operation <> 'restore'  -- before a restore there was no balance
    -- What was there for no time was between what another mapping changed and what the broker did.
    AND p.since IS DISTINCT FROM p.until
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
  -- Of a source that is no longer read nobody knows what it owes now.
  coalesce(b.until, s.retired_at) AS until,
  b.is_current AND s.retired_at IS NULL AS is_current,
  CASE WHEN b.amount IS NOT NULL THEN r.origin END AS usd_origin,
  b.stream,
  b.external_id,
  b.source_id
FROM states b
JOIN affsync.source s ON s.source_id = b.source_id
LEFT JOIN affsync.stream st ON st.source_id = b.source_id AND st.stream = b.stream
LEFT JOIN affsync.currency_unit u ON u.currency = b.currency
CROSS JOIN LATERAL affsync.usd_rate(b.currency, b.day, true, u.whole, u.factor) r
WHERE coalesce(st.in_reports, true) AND st.retired_at IS NULL;
COMMENT ON VIEW reporting.balances IS 'What brokers owe the partner by their own account, now and in the past: one row per balance and period without a change. The rows with is_current show what is owed now: add only these, and never balances of different metrics.';
COMMENT ON COLUMN reporting.balances.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.balances.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.balances.metric IS 'Which of the broker''s balances it is, such as wallet or balance.';
COMMENT ON COLUMN reporting.balances.account IS 'The account at the broker; null if the broker names none.';
COMMENT ON COLUMN reporting.balances.currency IS 'Currency of amount and reserved.';
COMMENT ON COLUMN reporting.balances.amount IS 'The balance in that period.';
COMMENT ON COLUMN reporting.balances.amount_usd IS 'The same in US dollars at the rate of today, or of the last day of the period, to 8 digits after the point; null if unknown. See usd_origin.';
COMMENT ON COLUMN reporting.balances.reserved IS 'The reserved part of it, such as for rebates; null if the broker does not report it.';
COMMENT ON COLUMN reporting.balances.since IS 'When affsync first read this balance.';
COMMENT ON COLUMN reporting.balances.until IS 'When affsync read another amount or reserved part, or no balance any more; null: current.';
COMMENT ON COLUMN reporting.balances.is_current IS 'Whether this is the current balance.';
COMMENT ON COLUMN reporting.balances.usd_origin IS 'Origin of amount_usd: same currency, fixed rate (affsync.currency_unit), fx_rate or implied (affsync.fx_implied); null if there is no amount in US dollars.';
COMMENT ON COLUMN reporting.balances.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN reporting.balances.external_id IS 'The row''s key in affsync.balance.';
COMMENT ON COLUMN reporting.balances.source_id IS 'The source; see affsync.source.';
