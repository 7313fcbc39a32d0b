-- Rebates by month: dated rebates, and the recorded growth of running totals; see affsync.rebate_flows.
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
  m.source_id,
  sum(m.amount_usd) AS known_usd
FROM affsync.rebate_flows m
GROUP BY m.source_id, m.source, m.connector, date_trunc('month', m.day)::date, m.currency;
COMMENT ON VIEW reporting.rebates_monthly IS 'Money passed on to clients by month, without rejected and reversed rows: dated rebates, and the recorded growth of running totals until the client has dated rebates. The value of a total at its first reading is not in any month.';
COMMENT ON COLUMN reporting.rebates_monthly.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.rebates_monthly.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.rebates_monthly.month IS 'First day of the month, UTC. The growth of a running total counts on the day on which affsync detected it. Null: rebates without a day.';
COMMENT ON COLUMN reporting.rebates_monthly.currency IS 'Currency of amount; currencies are never added to each other.';
COMMENT ON COLUMN reporting.rebates_monthly.amount IS 'Amount passed on, in that currency.';
COMMENT ON COLUMN reporting.rebates_monthly.amount_usd IS 'Amount passed on, in US dollars; null if it is unknown for any row. Report the sum of rows_without_usd with it.';
COMMENT ON COLUMN reporting.rebates_monthly.clients IS 'Number of distinct clients.';
COMMENT ON COLUMN reporting.rebates_monthly.rows IS 'Number of rows and growth steps in the sum.';
COMMENT ON COLUMN reporting.rebates_monthly.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate, fx_rate, implied, or mixed; null if there is no amount in US dollars.';
COMMENT ON COLUMN reporting.rebates_monthly.rows_without_usd IS 'Number of rows in the sum that have an amount but no amount in US dollars. If it is not 0, amount_usd is null.';
COMMENT ON COLUMN reporting.rebates_monthly.since IS 'For the growth of running totals: the earliest time at which it may have grown. Earlier than the month if there was no reading at its beginning. Null without such growth.';
COMMENT ON COLUMN reporting.rebates_monthly.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.rebates_monthly.known_usd IS 'Sum in US dollars of the rows for which it is known, null if there is none: for totals over several lines, with the sum of rows_without_usd.';
