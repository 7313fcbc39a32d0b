-- The same as affsync.earnings_by_row, from sums that are kept by day (affsync.earned_day) and, for days
-- of which they are not true, from rows.
CREATE OR REPLACE VIEW reporting.earnings_daily AS
WITH live AS MATERIALIZED (
  SELECT * FROM affsync.live_days()
)
SELECT
  s.name AS source,
  s.connector,
  d.day,
  d.kind,
  d.status,
  d.currency,
  d.amount,
  CASE WHEN d.open_rows = 0 THEN d.broker_usd
       WHEN d.usd IS NOT NULL THEN coalesce(d.broker_usd + d.usd, d.usd) END AS amount_usd,
  d.volume_lots,
  d.clients,
  d.rows,
  CASE WHEN d.broker_rows > 0 AND d.origin IS NOT NULL THEN 'mixed'
       WHEN d.broker_rows > 0 THEN 'broker' ELSE d.origin END AS usd_origin,
  CASE WHEN d.open_rows > 0 AND d.usd IS NULL THEN d.open_rows ELSE 0 END AS rows_without_usd,
  d.source_id,
  coalesce(d.status, '') NOT IN ('rejected', 'reversed') AS counts,
  d.since,
  CASE WHEN d.usd IS NULL THEN d.broker_usd ELSE coalesce(d.broker_usd + d.usd, d.usd) END AS known_usd
FROM (
  SELECT
    e.*,
    CASE WHEN e.open_rows > 0 THEN r.origin END AS origin,
    CASE
      WHEN e.open_rows = 0 THEN NULL
      WHEN e.currency = 'USD' THEN e.open_amount
      -- See affsync.outdated_sums: days of others are live.
      WHEN e.open_scale + scale(r.usd_rate) <= 8 THEN e.open_amount * r.usd_rate
      WHEN r.usd_rate IS NOT NULL THEN e.open_usd
    END AS usd
  FROM affsync.earned_day e
  LEFT JOIN affsync.rates_of_sums r ON r.currency = e.currency AND r.unit = e.unit
  WHERE NOT EXISTS (SELECT FROM live l
                    WHERE l.source_id = e.source_id AND e.unit BETWEEN l.unit_from AND l.unit_to)
) d
JOIN affsync.source s ON s.source_id = d.source_id
UNION ALL
SELECT m.*
FROM live l
CROSS JOIN LATERAL affsync.sums_of_days(l.source_id, l.unit_from, l.unit_to) m;
COMMENT ON VIEW reporting.earnings_daily IS 'Commission by day, including rejected and reversed rows: add only rows that count. Running totals are included only by their recorded growth; streams that repeat another one are omitted.';
COMMENT ON COLUMN reporting.earnings_daily.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.earnings_daily.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.earnings_daily.day IS 'The broker''s day; else the UTC day of its time; else the latest UTC day that its relative time allows. For the growth of a running total, the UTC day on which affsync detected it.';
COMMENT ON COLUMN reporting.earnings_daily.kind IS 'Kind of commission.';
COMMENT ON COLUMN reporting.earnings_daily.status IS 'Status of the commission.';
COMMENT ON COLUMN reporting.earnings_daily.currency IS 'Currency of amount; currencies are never added to each other.';
COMMENT ON COLUMN reporting.earnings_daily.amount IS 'Sum in that currency.';
COMMENT ON COLUMN reporting.earnings_daily.amount_usd IS 'Sum in US dollars; null if it is unknown for any row. Report the sum of rows_without_usd with it.';
COMMENT ON COLUMN reporting.earnings_daily.volume_lots IS 'Volume in lots.';
COMMENT ON COLUMN reporting.earnings_daily.clients IS 'Number of distinct clients.';
COMMENT ON COLUMN reporting.earnings_daily.rows IS 'Number of rows in the sum.';
COMMENT ON COLUMN reporting.earnings_daily.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate, fx_rate, implied, or mixed; null if there is no amount in US dollars.';
COMMENT ON COLUMN reporting.earnings_daily.rows_without_usd IS 'Number of rows in the sum that have an amount but no amount in US dollars. If it is not 0, amount_usd is null.';
COMMENT ON COLUMN reporting.earnings_daily.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.earnings_daily.counts IS 'False if the row was rejected or reversed. Add amounts only WHERE counts.';
COMMENT ON COLUMN reporting.earnings_daily.since IS 'For the growth of running totals: the earliest time at which it may have grown, because there is no reading between then and this day. Null for dated rows.';
COMMENT ON COLUMN reporting.earnings_daily.known_usd IS 'Sum in US dollars of the rows for which it is known, null if there is none: for totals over several lines, with the sum of rows_without_usd.';
-- The view took its sums from it, when they had one column less.
DROP FUNCTION IF EXISTS affsync.earned_of_days(integer, date, date);
