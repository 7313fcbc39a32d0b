CREATE OR REPLACE VIEW reporting.rebates AS
SELECT
  r.source,
  r.connector,
  r.client_ref,
  r.account,
  g.title AS group_title,
  coalesce(r.rebate_percent, g.rebate_percent) AS rebate_percent,
  r.amount,
  r.currency,
  r.amount_usd,
  r.basis_amount_usd - r.amount_usd AS net_usd,
  r.usd_origin,
  r.status,
  r.grain,
  r.occurred_at,
  r.stream,
  r.external_id,
  r.source_id,
  r.counts,
  r.day
FROM affsync.rebate_books r
LEFT JOIN LATERAL (
  SELECT g.title, g.rebate_percent
  FROM affsync.rebate_group g
  WHERE g.source_id = r.source_id AND g.external_id = r.rebate_group_id AND g.deleted_at IS NULL
  ORDER BY g.stream
  LIMIT 1
) g ON true;
COMMENT ON VIEW reporting.rebates IS 'Money passed on to clients, row by row, including rejected and reversed rows: add only rows that count. Rows of grain lifetime are running totals: do not add them to other rows.';
COMMENT ON COLUMN reporting.rebates.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.rebates.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.rebates.client_ref IS 'The client.';
COMMENT ON COLUMN reporting.rebates.account IS 'The client''s trading account.';
COMMENT ON COLUMN reporting.rebates.group_title IS 'Name of the rebate rule.';
COMMENT ON COLUMN reporting.rebates.rebate_percent IS 'Share that is passed on, in percent: from the row, else from the rule.';
COMMENT ON COLUMN reporting.rebates.amount IS 'Amount passed on.';
COMMENT ON COLUMN reporting.rebates.currency IS 'Currency of amount.';
COMMENT ON COLUMN reporting.rebates.amount_usd IS 'Amount passed on, in US dollars; null if unknown.';
COMMENT ON COLUMN reporting.rebates.net_usd IS 'The earning that the rebate is a share of, minus the rebate, in US dollars.';
COMMENT ON COLUMN reporting.rebates.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate, fx_rate or implied; null if there is no amount in US dollars.';
COMMENT ON COLUMN reporting.rebates.status IS 'Status of the rebate.';
COMMENT ON COLUMN reporting.rebates.grain IS 'What one row covers; lifetime is a running total.';
COMMENT ON COLUMN reporting.rebates.occurred_at IS 'When the money was passed on; null for running totals.';
COMMENT ON COLUMN reporting.rebates.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN reporting.rebates.external_id IS 'The row''s key in affsync.rebate.';
COMMENT ON COLUMN reporting.rebates.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.rebates.counts IS 'False if the row was rejected or reversed. Add amounts only WHERE counts.';
COMMENT ON COLUMN reporting.rebates.day IS 'The UTC day on which the money was passed on; null for running totals.';
