-- The commission rows that reports add up: live, and of streams that repeat no other stream.
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
  coalesce(c.amount_usd, CASE WHEN c.currency = 'USD' THEN c.amount END, c.amount * f.usd_rate)
    AS amount_usd,
  CASE
    WHEN c.amount_usd IS NOT NULL THEN 'broker'
    WHEN c.currency = 'USD' AND c.amount IS NOT NULL THEN 'same currency'
    WHEN c.amount * f.usd_rate IS NOT NULL THEN 'fx_rate'
  END AS usd_origin,
  c.volume_lots
FROM (
  SELECT *, coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date,
                     (occurred_to AT TIME ZONE 'UTC')::date) AS day
  FROM affsync.commission
  WHERE deleted_at IS NULL
) c
JOIN affsync.source s ON s.source_id = c.source_id
LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
LEFT JOIN affsync.fx_rate f ON f.currency = c.currency AND f.on_date = c.day
WHERE coalesce(st.in_reports, true);
COMMENT ON VIEW affsync.commission_books IS 'The commission rows that reports add up: not deleted, and of streams that repeat no other stream (affsync.stream.in_reports).';
COMMENT ON COLUMN affsync.commission_books.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.commission_books.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.commission_books.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.commission_books.stream IS 'The feed.';
COMMENT ON COLUMN affsync.commission_books.external_id IS 'The row''s key in affsync.commission.';
COMMENT ON COLUMN affsync.commission_books.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.commission_books.kind IS 'Kind of commission.';
COMMENT ON COLUMN affsync.commission_books.status IS 'Status of the commission.';
COMMENT ON COLUMN affsync.commission_books.currency IS 'Currency of amount.';
COMMENT ON COLUMN affsync.commission_books.grain IS 'What the row sums up.';
COMMENT ON COLUMN affsync.commission_books.day IS 'The broker''s day; else the UTC day of the moment; else the latest UTC day that its relative time allows.';
COMMENT ON COLUMN affsync.commission_books.amount IS 'What counts today.';
COMMENT ON COLUMN affsync.commission_books.amount_usd IS 'The broker''s own figure; else amount when it is in US dollars; else amount at the fx_rate of the day; else null.';
COMMENT ON COLUMN affsync.commission_books.usd_origin IS 'Where amount_usd is from: broker, same currency or fx_rate; null when there is none.';
COMMENT ON COLUMN affsync.commission_books.volume_lots IS 'Volume in lots.';
