CREATE OR REPLACE VIEW reporting.payouts AS
SELECT
  s.name AS source,
  s.connector,
  p.external_id,
  p.status,
  p.amount,
  p.currency,
  coalesce(p.amount_usd,
           CASE WHEN p.currency = 'USD' THEN p.amount
                ELSE (SELECT round(x.usd, least(scale(x.usd), 8))
                      FROM (SELECT p.amount * r.usd_rate AS usd OFFSET 0) x) END)
    AS amount_usd,
  p.method,
  p.requested_at,
  p.paid_on AS paid_at,
  floor(extract(epoch FROM CASE WHEN p.ended_at > p.requested_at THEN p.ended_at - p.requested_at
                                WHEN p.ended_at <= p.requested_at THEN interval '0' END) / 86400)::integer
    AS days_waiting,
  CASE WHEN p.amount_usd IS NOT NULL THEN 'broker' WHEN p.amount IS NOT NULL THEN r.origin END
    AS usd_origin,
  p.stream,
  p.source_id,
  p.refused_at
FROM (
  SELECT
    *,
    (coalesce(paid_on, requested_at) AT TIME ZONE 'UTC')::date AS day,
    -- A payout that is open again has not ended, even if it was refused before.
    CASE WHEN open THEN now() ELSE coalesce(paid_on, refused_at) END AS ended_at
  FROM (
    SELECT
      *,
      -- A broker's processing time may be the time of a refusal. It is a time of payment only if the
      -- payout was paid, or if its status is unknown.
      CASE WHEN NOT open AND NOT refused THEN paid_at END AS paid_on,
      CASE WHEN refused THEN coalesce(rejected_at, paid_at) END AS refused_at
    FROM (
      SELECT
        *,
        coalesce(status, '') IN ('requested', 'approved', 'processing') AS open,
        coalesce(status, '') IN ('rejected', 'failed', 'cancelled') AS refused
      FROM affsync.payout
      WHERE deleted_at IS NULL
    ) t
  ) d
) p
JOIN affsync.source s ON s.source_id = p.source_id
LEFT JOIN affsync.stream st ON st.source_id = p.source_id AND st.stream = p.stream
LEFT JOIN affsync.currency_unit u ON u.currency = p.currency
CROSS JOIN LATERAL affsync.usd_rate(p.currency, p.day, p.amount_usd IS NULL, u.whole, u.factor) r
WHERE coalesce(st.in_reports, true);
COMMENT ON VIEW reporting.payouts IS 'Money that left the broker for the partner.';
COMMENT ON COLUMN reporting.payouts.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.payouts.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.payouts.external_id IS 'The broker''s id of the payout.';
COMMENT ON COLUMN reporting.payouts.status IS 'Status of the payout.';
COMMENT ON COLUMN reporting.payouts.amount IS 'Amount paid out.';
COMMENT ON COLUMN reporting.payouts.currency IS 'Currency of amount.';
COMMENT ON COLUMN reporting.payouts.amount_usd IS 'The broker''s own amount in US dollars; else the amount converted at the rate of the day of payment (or request), to 8 digits after the point; else null. See usd_origin.';
COMMENT ON COLUMN reporting.payouts.method IS 'Payment method, in the broker''s words.';
COMMENT ON COLUMN reporting.payouts.requested_at IS 'When it was requested.';
COMMENT ON COLUMN reporting.payouts.paid_at IS 'When it was paid; null if it was refused or is still open.';
COMMENT ON COLUMN reporting.payouts.days_waiting IS 'Whole days from the request until it was paid or refused, or until now while it is open; null if unknown.';
COMMENT ON COLUMN reporting.payouts.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate (affsync.currency_unit), fx_rate or implied (affsync.fx_implied); null if there is no amount in US dollars.';
COMMENT ON COLUMN reporting.payouts.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN reporting.payouts.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.payouts.refused_at IS 'When it was rejected, failed or cancelled; null for other payouts, and if unknown.';
