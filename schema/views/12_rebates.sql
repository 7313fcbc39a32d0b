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
COMMENT ON VIEW reporting.rebates IS 'Money passed on to clients, row by row, also what was rejected or reversed: add only rows that count. Rows of grain lifetime are running totals: do not add them to others.';
COMMENT ON COLUMN reporting.rebates.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.rebates.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.rebates.client_ref IS 'The client.';
COMMENT ON COLUMN reporting.rebates.account IS 'The client''s trading account.';
COMMENT ON COLUMN reporting.rebates.group_title IS 'Name of the rule that it follows.';
COMMENT ON COLUMN reporting.rebates.rebate_percent IS 'Part that is passed on, in percent: of the row, else of the rule.';
COMMENT ON COLUMN reporting.rebates.amount IS 'Passed on.';
COMMENT ON COLUMN reporting.rebates.currency IS 'Currency of amount.';
COMMENT ON COLUMN reporting.rebates.amount_usd IS 'Passed on, in US dollars; null where nothing tells.';
COMMENT ON COLUMN reporting.rebates.net_usd IS 'What is left of the earning that it is a part of, in US dollars.';
COMMENT ON COLUMN reporting.rebates.usd_origin IS 'Where amount_usd is from: broker, same currency, fixed rate, fx_rate or implied; null when there is none.';
COMMENT ON COLUMN reporting.rebates.status IS 'Status of the rebate.';
COMMENT ON COLUMN reporting.rebates.grain IS 'What the row sums up; lifetime is a running total.';
COMMENT ON COLUMN reporting.rebates.occurred_at IS 'When it was passed on; null for running totals.';
COMMENT ON COLUMN reporting.rebates.stream IS 'The feed.';
COMMENT ON COLUMN reporting.rebates.external_id IS 'The row''s key in affsync.rebate.';
COMMENT ON COLUMN reporting.rebates.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.rebates.counts IS 'False for what was rejected or reversed. Add amounts only WHERE counts.';
COMMENT ON COLUMN reporting.rebates.day IS 'The UTC day on which it was passed on; null for running totals.';
