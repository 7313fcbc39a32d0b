-- The definition of reporting.earnings_daily: all rows, added up when it is read. The report gives the same
-- without reading rows of days that are added up already.
CREATE OR REPLACE VIEW affsync.earnings_by_row AS
SELECT
  m.source,
  m.connector,
  m.day,
  m.kind,
  m.status,
  m.currency,
  sum(m.amount) AS amount,
  CASE WHEN bool_and(m.amount_usd IS NOT NULL OR m.amount IS NULL) THEN sum(m.amount_usd) END
    AS amount_usd,
  sum(m.volume_lots) AS volume_lots,
  count(DISTINCT m.client_ref) AS clients,
  count(*) AS rows,
  CASE WHEN min(m.usd_origin) = max(m.usd_origin) THEN min(m.usd_origin)
       WHEN min(m.usd_origin) IS NOT NULL THEN 'mixed' END AS usd_origin,
  count(*) FILTER (WHERE m.amount_usd IS NULL AND m.amount IS NOT NULL) AS rows_without_usd,
  m.source_id,
  m.counts,
  min(m.since) AS since,
  sum(m.amount_usd) AS known_usd
FROM (
  SELECT source_id, source, connector, day, kind, status, currency, amount, amount_usd,
         volume_lots, client_ref, usd_origin, counts, NULL::timestamptz AS since
  FROM affsync.commission_books
  WHERE grain IS DISTINCT FROM 'lifetime'
  UNION ALL
  SELECT source_id, source, connector, day, kind, status, currency, amount, amount_usd,
         volume_lots, client_ref, usd_origin, counts, since
  FROM affsync.commission_steps_by_row
) m
GROUP BY m.source_id, m.source, m.connector, m.day, m.kind, m.status, m.currency, m.counts;
COMMENT ON VIEW affsync.earnings_by_row IS 'Commission by day, including rejected and reversed rows: add only rows that count. Running totals are included only by their recorded growth; streams that repeat another one are omitted.';
COMMENT ON COLUMN affsync.earnings_by_row.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.earnings_by_row.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.earnings_by_row.day IS 'The broker''s day; else the UTC day of its time; else the latest UTC day that its relative time allows. For the growth of a running total, the UTC day on which affsync detected it.';
COMMENT ON COLUMN affsync.earnings_by_row.kind IS 'Kind of commission.';
COMMENT ON COLUMN affsync.earnings_by_row.status IS 'Status of the commission.';
COMMENT ON COLUMN affsync.earnings_by_row.currency IS 'Currency of amount; currencies are never added to each other.';
COMMENT ON COLUMN affsync.earnings_by_row.amount IS 'Sum in that currency.';
COMMENT ON COLUMN affsync.earnings_by_row.amount_usd IS 'Sum in US dollars; null if it is unknown for any row. Report the sum of rows_without_usd with it.';
COMMENT ON COLUMN affsync.earnings_by_row.volume_lots IS 'Volume in lots.';
COMMENT ON COLUMN affsync.earnings_by_row.clients IS 'Number of distinct clients.';
COMMENT ON COLUMN affsync.earnings_by_row.rows IS 'Number of rows in the sum.';
COMMENT ON COLUMN affsync.earnings_by_row.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate, fx_rate, implied, or mixed; null if there is no amount in US dollars.';
COMMENT ON COLUMN affsync.earnings_by_row.rows_without_usd IS 'Number of rows in the sum that have an amount but no amount in US dollars. If it is not 0, amount_usd is null.';
COMMENT ON COLUMN affsync.earnings_by_row.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.earnings_by_row.counts IS 'False if the row was rejected or reversed. Add amounts only WHERE counts.';
COMMENT ON COLUMN affsync.earnings_by_row.since IS 'For the growth of running totals: the earliest time at which it may have grown, because there is no reading between then and this day. Null for dated rows.';
COMMENT ON COLUMN affsync.earnings_by_row.known_usd IS 'Sum in US dollars of the rows for which it is known, null if there is none: for totals over several lines, with the sum of rows_without_usd.';
