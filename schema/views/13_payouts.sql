CREATE OR REPLACE VIEW reporting.payouts AS
SELECT
  s.name AS source,
  s.connector,
  p.external_id,
  p.status,
  p.amount,
  p.currency,
  coalesce(p.amount_usd, CASE WHEN p.currency = 'USD' THEN p.amount END, p.amount * f.usd_rate)
    AS amount_usd,
  p.method,
  p.requested_at,
  p.paid_at,
  floor(extract(epoch FROM
    coalesce(p.paid_at, p.rejected_at,
             CASE WHEN p.status IN ('requested', 'approved', 'processing') THEN now() END)
    - p.requested_at) / 86400)::integer AS days_waiting,
  CASE
    WHEN p.amount_usd IS NOT NULL THEN 'broker'
    WHEN p.currency = 'USD' AND p.amount IS NOT NULL THEN 'same currency'
    WHEN p.amount * f.usd_rate IS NOT NULL THEN 'fx_rate'
  END AS usd_origin,
  p.stream
FROM affsync.payout p
JOIN affsync.source s ON s.source_id = p.source_id
LEFT JOIN affsync.stream st ON st.source_id = p.source_id AND st.stream = p.stream
LEFT JOIN affsync.fx_rate f
  ON f.currency = p.currency
  AND f.on_date = (coalesce(p.paid_at, p.requested_at) AT TIME ZONE 'UTC')::date
WHERE p.deleted_at IS NULL AND coalesce(st.in_reports, true);
COMMENT ON VIEW reporting.payouts IS 'Money that left the broker for the partner.';
COMMENT ON COLUMN reporting.payouts.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.payouts.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.payouts.external_id IS 'The broker''s id of the payout.';
COMMENT ON COLUMN reporting.payouts.status IS 'Status of the payout.';
COMMENT ON COLUMN reporting.payouts.amount IS 'Amount paid out.';
COMMENT ON COLUMN reporting.payouts.currency IS 'Currency of amount.';
COMMENT ON COLUMN reporting.payouts.amount_usd IS 'The broker''s own figure; else amount when it is in US dollars; else amount at the fx_rate of the day paid (or requested); else null.';
COMMENT ON COLUMN reporting.payouts.method IS 'Way of payment, in the broker''s words.';
COMMENT ON COLUMN reporting.payouts.requested_at IS 'When it was asked for.';
COMMENT ON COLUMN reporting.payouts.paid_at IS 'When it was paid.';
COMMENT ON COLUMN reporting.payouts.days_waiting IS 'Whole days from the request until it was paid or refused, or until now while it is open; null when there is no telling.';
COMMENT ON COLUMN reporting.payouts.usd_origin IS 'Where amount_usd is from: broker, same currency or fx_rate.';
COMMENT ON COLUMN reporting.payouts.stream IS 'The feed.';
