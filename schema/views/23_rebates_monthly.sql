-- What was passed on in each month: dated rebates, and the recorded growth of running totals. Where a
-- client has dated rebates, its running totals tell the same money once more and are left out.
CREATE OR REPLACE VIEW reporting.rebates_monthly AS
SELECT
  m.source,
  m.connector,
  date_trunc('month', m.day)::date AS month,
  m.currency,
  sum(m.amount) AS amount,
  CASE WHEN bool_and(m.amount_usd IS NOT NULL OR m.amount IS NULL) THEN sum(m.amount_usd) END
    AS amount_usd,
  count(DISTINCT m.client_ref) AS clients,
  count(*) AS rows,
  CASE WHEN min(m.usd_origin) = max(m.usd_origin) THEN min(m.usd_origin)
       WHEN min(m.usd_origin) IS NOT NULL THEN 'mixed' END AS usd_origin,
  count(*) FILTER (WHERE m.amount_usd IS NULL AND m.amount IS NOT NULL) AS rows_without_usd,
  min(m.since) AS since,
  m.source_id
FROM affsync.rebate_flows m
GROUP BY m.source_id, m.source, m.connector, date_trunc('month', m.day)::date, m.currency;
COMMENT ON VIEW reporting.rebates_monthly IS 'Passed on to clients by month, without what was rejected or reversed: dated rebates, and the recorded growth of running totals. What a total was when it was first read is in no month.';
COMMENT ON COLUMN reporting.rebates_monthly.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.rebates_monthly.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.rebates_monthly.month IS 'First day of the month, UTC. The growth of a running total counts on the day on which affsync met it. Null: rebates without a day.';
COMMENT ON COLUMN reporting.rebates_monthly.currency IS 'Currency of amount; currencies are never added to each other.';
COMMENT ON COLUMN reporting.rebates_monthly.amount IS 'Passed on, in that currency.';
COMMENT ON COLUMN reporting.rebates_monthly.amount_usd IS 'Passed on, in US dollars; null when it is not known of every row. Add up rows_without_usd beside it.';
COMMENT ON COLUMN reporting.rebates_monthly.clients IS 'Different clients.';
COMMENT ON COLUMN reporting.rebates_monthly.rows IS 'Rows and steps behind the sum.';
COMMENT ON COLUMN reporting.rebates_monthly.usd_origin IS 'Where amount_usd is from: broker, same currency, fixed rate, fx_rate, implied, or mixed; null when there is none.';
COMMENT ON COLUMN reporting.rebates_monthly.rows_without_usd IS 'Rows behind the sum that have an amount but no figure in US dollars. Unless it is 0, amount_usd is null.';
COMMENT ON COLUMN reporting.rebates_monthly.since IS 'Of the growth of running totals: since when it may have grown. Earlier than the month where no reading falls on its beginning. Null without such growth.';
COMMENT ON COLUMN reporting.rebates_monthly.source_id IS 'The source; see affsync.source.';
