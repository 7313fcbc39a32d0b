-- The commission rows that reports add up: live rows of streams that do not repeat another stream.
CREATE OR REPLACE VIEW affsync.commission_books AS
SELECT
  c.source_id,
  s.name AS source,
  s.connector,
  c.stream,
  c.external_id,
  c.client_ref,
  c.kind,
  c.status,
  c.currency,
  c.grain,
  c.day,
  c.amount,
  -- Converted amounts have at most 8 digits after the point; the broker's own keep all digits.
  -- OFFSET 0 makes PostgreSQL look up the rate once, not once for each reference to it.
  coalesce(c.amount_usd,
           CASE WHEN c.currency = 'USD' THEN c.amount
                ELSE (SELECT round(x.usd, least(scale(x.usd), 8))
                      FROM (SELECT c.amount * r.usd_rate AS usd OFFSET 0) x) END)
    AS amount_usd,
  CASE WHEN c.amount_usd IS NOT NULL THEN 'broker' WHEN c.amount IS NOT NULL THEN r.origin END
    AS usd_origin,
  c.volume_lots,
  c.link_code,
  coalesce(c.status, '') NOT IN ('rejected', 'reversed') AS counts,
  coalesce(st.has_paid_state, true) AS has_paid_state
FROM (
  SELECT *, affsync.earned_on(occurred_on, occurred_at, occurred_to) AS day
  FROM affsync.commission
  WHERE deleted_at IS NULL
) c
JOIN affsync.source s ON s.source_id = c.source_id
LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
LEFT JOIN affsync.currency_unit u ON u.currency = c.currency
CROSS JOIN LATERAL affsync.usd_rate(c.currency, c.day, c.amount_usd IS NULL, u.whole, u.factor) r
WHERE coalesce(st.in_reports, true);
COMMENT ON VIEW affsync.commission_books IS 'The commission rows that reports add up: not deleted, and from streams that do not repeat another stream (affsync.stream.in_reports).';
COMMENT ON COLUMN affsync.commission_books.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.commission_books.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.commission_books.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.commission_books.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN affsync.commission_books.external_id IS 'The row''s key in affsync.commission.';
COMMENT ON COLUMN affsync.commission_books.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.commission_books.kind IS 'Kind of commission.';
COMMENT ON COLUMN affsync.commission_books.status IS 'Status of the commission.';
COMMENT ON COLUMN affsync.commission_books.currency IS 'Currency of amount.';
COMMENT ON COLUMN affsync.commission_books.grain IS 'What one row covers: trade, order, event, day, week, month, or lifetime (a running total).';
COMMENT ON COLUMN affsync.commission_books.day IS 'The broker''s day; else the UTC day of its time; else the latest UTC day that its relative time allows.';
COMMENT ON COLUMN affsync.commission_books.amount IS 'The amount that counts now.';
COMMENT ON COLUMN affsync.commission_books.amount_usd IS 'The broker''s own amount in US dollars; else the amount converted at the rate of the day, to 8 digits after the point; else null. See usd_origin.';
COMMENT ON COLUMN affsync.commission_books.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate (affsync.currency_unit), fx_rate or implied (affsync.fx_implied); null if there is no amount in US dollars.';
COMMENT ON COLUMN affsync.commission_books.volume_lots IS 'Volume in lots.';
COMMENT ON COLUMN affsync.commission_books.link_code IS 'The partner link that it came through.';
COMMENT ON COLUMN affsync.commission_books.counts IS 'False if the row was rejected or reversed: never add such rows.';
COMMENT ON COLUMN affsync.commission_books.has_paid_state IS 'Whether rows of this stream can show that they were paid (affsync.stream.has_paid_state; true if unknown).';
