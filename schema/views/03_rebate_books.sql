-- The rebate rows that reports add up: live rows of streams that do not repeat another stream.
CREATE OR REPLACE VIEW affsync.rebate_books AS
SELECT
  b.source_id,
  s.name AS source,
  s.connector,
  b.stream,
  b.external_id,
  b.client_ref,
  b.account,
  b.rebate_group_id,
  b.rebate_percent,
  b.status,
  b.grain,
  b.occurred_at,
  b.amount,
  b.currency,
  -- Converted amounts have at most 8 digits after the point; the broker's own keep all digits.
  -- OFFSET 0 makes PostgreSQL look up the rate once, not once for each reference to it.
  coalesce(b.amount_usd,
           CASE WHEN b.currency = 'USD' THEN b.amount
                ELSE (SELECT round(x.usd, least(scale(x.usd), 8))
                      FROM (SELECT b.amount * r.usd_rate AS usd OFFSET 0) x) END)
    AS amount_usd,
  CASE WHEN b.amount_usd IS NOT NULL THEN 'broker' WHEN b.amount IS NOT NULL THEN r.origin END
    AS usd_origin,
  coalesce(b.basis_amount_usd,
           CASE WHEN b.currency = 'USD' THEN b.basis_amount
                ELSE (SELECT round(x.usd, least(scale(x.usd), 8))
                      FROM (SELECT b.basis_amount * r.usd_rate AS usd OFFSET 0) x) END)
    AS basis_amount_usd,
  b.day,
  coalesce(b.status, '') NOT IN ('rejected', 'reversed') AS counts
FROM (
  SELECT *, (occurred_at AT TIME ZONE 'UTC')::date AS day
  FROM affsync.rebate
  WHERE deleted_at IS NULL
) b
JOIN affsync.source s ON s.source_id = b.source_id
LEFT JOIN affsync.stream st ON st.source_id = b.source_id AND st.stream = b.stream
LEFT JOIN affsync.currency_unit u ON u.currency = b.currency
CROSS JOIN LATERAL affsync.usd_rate(b.currency, b.day, b.amount_usd IS NULL OR b.basis_amount_usd IS NULL, u.whole, u.factor) r
WHERE coalesce(st.in_reports, true);
COMMENT ON VIEW affsync.rebate_books IS 'The rebate rows that reports add up: not deleted, and from streams that do not repeat another stream (affsync.stream.in_reports).';
COMMENT ON COLUMN affsync.rebate_books.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.rebate_books.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.rebate_books.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.rebate_books.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN affsync.rebate_books.external_id IS 'The row''s key in affsync.rebate.';
COMMENT ON COLUMN affsync.rebate_books.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.rebate_books.account IS 'The client''s trading account.';
COMMENT ON COLUMN affsync.rebate_books.rebate_group_id IS 'The rule; see affsync.rebate_group.';
COMMENT ON COLUMN affsync.rebate_books.rebate_percent IS 'Share that is passed on, in percent.';
COMMENT ON COLUMN affsync.rebate_books.status IS 'Status of the rebate.';
COMMENT ON COLUMN affsync.rebate_books.grain IS 'What one row covers: trade, order, event, day, week, month, or lifetime (a running total).';
COMMENT ON COLUMN affsync.rebate_books.occurred_at IS 'When the money was passed on; null for running totals.';
COMMENT ON COLUMN affsync.rebate_books.amount IS 'Amount passed on.';
COMMENT ON COLUMN affsync.rebate_books.currency IS 'Currency of amount.';
COMMENT ON COLUMN affsync.rebate_books.amount_usd IS 'The broker''s own amount in US dollars; else the amount converted at the rate of the day, to 8 digits after the point; else null. See usd_origin. A running total has no day, so only a fixed rate applies to it.';
COMMENT ON COLUMN affsync.rebate_books.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate (affsync.currency_unit), fx_rate or implied (affsync.fx_implied); null if there is no amount in US dollars.';
COMMENT ON COLUMN affsync.rebate_books.basis_amount_usd IS 'The earning that the rebate is a share of, in US dollars; null if unknown.';
COMMENT ON COLUMN affsync.rebate_books.day IS 'The UTC day on which the money was passed on; null for running totals.';
COMMENT ON COLUMN affsync.rebate_books.counts IS 'False if the row was rejected or reversed: never add such rows.';
