CREATE OR REPLACE VIEW reporting.unpaid_commission AS
SELECT
  source,
  connector,
  currency,
  sum(amount) AS amount,
  CASE WHEN bool_and(amount_usd IS NOT NULL OR amount IS NULL) THEN sum(amount_usd) END
    AS amount_usd,
  min(day) AS oldest_on,
  count(*) AS rows,
  CASE WHEN min(usd_origin) = max(usd_origin) THEN min(usd_origin)
       WHEN min(usd_origin) IS NOT NULL THEN 'mixed' END AS usd_origin,
  count(*) FILTER (WHERE amount_usd IS NULL AND amount IS NOT NULL) AS rows_without_usd,
  source_id,
  sum(amount_usd) AS known_usd
FROM affsync.commission_books
WHERE has_paid_state AND grain IS DISTINCT FROM 'lifetime'
  AND status IN ('accrued', 'pending', 'approved', 'held')
GROUP BY source_id, source, connector, currency;
COMMENT ON VIEW reporting.unpaid_commission IS 'Commission that was earned but not paid yet: accrued, pending, approved or held. Only from streams whose rows can show that they were paid (affsync.stream.has_paid_state); for others, see reporting.balances. Rows without a known status and running totals are omitted.';
COMMENT ON COLUMN reporting.unpaid_commission.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.unpaid_commission.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.unpaid_commission.currency IS 'Currency of amount.';
COMMENT ON COLUMN reporting.unpaid_commission.amount IS 'Sum in that currency.';
COMMENT ON COLUMN reporting.unpaid_commission.amount_usd IS 'Sum in US dollars; null if it is unknown for any row. Report the sum of rows_without_usd with it.';
COMMENT ON COLUMN reporting.unpaid_commission.oldest_on IS 'Day of the oldest unpaid row.';
COMMENT ON COLUMN reporting.unpaid_commission.rows IS 'Number of rows in the sum.';
COMMENT ON COLUMN reporting.unpaid_commission.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate, fx_rate, implied, or mixed; null if there is no amount in US dollars.';
COMMENT ON COLUMN reporting.unpaid_commission.rows_without_usd IS 'Number of rows in the sum that have an amount but no amount in US dollars. If it is not 0, amount_usd is null.';
COMMENT ON COLUMN reporting.unpaid_commission.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.unpaid_commission.known_usd IS 'Sum in US dollars of the rows for which it is known, null if there is none: for totals over several lines, with the sum of rows_without_usd.';
