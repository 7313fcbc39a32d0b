-- The rebate rows that reports add up: live, and of streams that repeat no other stream.
CREATE OR REPLACE VIEW affsync.rebate_books AS
SELECT
  r.source_id,
  s.name AS source,
  s.connector,
  r.stream,
  r.external_id,
  r.client_ref,
  r.account,
  r.rebate_group_id,
  r.rebate_percent,
  r.status,
  r.grain,
  r.occurred_at,
  r.amount,
  r.currency,
  coalesce(r.amount_usd, CASE WHEN r.currency = 'USD' THEN r.amount END, r.amount * f.usd_rate)
    AS amount_usd,
  CASE
    WHEN r.amount_usd IS NOT NULL THEN 'broker'
    WHEN r.currency = 'USD' AND r.amount IS NOT NULL THEN 'same currency'
    WHEN r.amount * f.usd_rate IS NOT NULL THEN 'fx_rate'
  END AS usd_origin,
  coalesce(r.basis_amount_usd, CASE WHEN r.currency = 'USD' THEN r.basis_amount END,
           r.basis_amount * f.usd_rate) AS basis_amount_usd
FROM affsync.rebate r
JOIN affsync.source s ON s.source_id = r.source_id
LEFT JOIN affsync.stream st ON st.source_id = r.source_id AND st.stream = r.stream
LEFT JOIN affsync.fx_rate f
  ON f.currency = r.currency AND f.on_date = (r.occurred_at AT TIME ZONE 'UTC')::date
WHERE r.deleted_at IS NULL AND coalesce(st.in_reports, true);
COMMENT ON VIEW affsync.rebate_books IS 'The rebate rows that reports add up: not deleted, and of streams that repeat no other stream (affsync.stream.in_reports).';
COMMENT ON COLUMN affsync.rebate_books.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.rebate_books.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.rebate_books.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.rebate_books.stream IS 'The feed.';
COMMENT ON COLUMN affsync.rebate_books.external_id IS 'The row''s key in affsync.rebate.';
COMMENT ON COLUMN affsync.rebate_books.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.rebate_books.account IS 'The client''s trading account.';
COMMENT ON COLUMN affsync.rebate_books.rebate_group_id IS 'The rule; see affsync.rebate_group.';
COMMENT ON COLUMN affsync.rebate_books.rebate_percent IS 'Part that is passed on, in percent.';
COMMENT ON COLUMN affsync.rebate_books.status IS 'Status of the rebate.';
COMMENT ON COLUMN affsync.rebate_books.grain IS 'What the row sums up.';
COMMENT ON COLUMN affsync.rebate_books.occurred_at IS 'When it was passed on; null for running totals.';
COMMENT ON COLUMN affsync.rebate_books.amount IS 'Passed on.';
COMMENT ON COLUMN affsync.rebate_books.currency IS 'Currency of amount.';
COMMENT ON COLUMN affsync.rebate_books.amount_usd IS 'The broker''s own figure; else amount when it is in US dollars; else amount at the fx_rate of the day; else null.';
COMMENT ON COLUMN affsync.rebate_books.usd_origin IS 'Where amount_usd is from: broker, same currency or fx_rate; null when there is none.';
COMMENT ON COLUMN affsync.rebate_books.basis_amount_usd IS 'The earning that it is a part of, in US dollars; null where nothing tells.';
