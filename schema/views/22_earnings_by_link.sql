-- Earnings by partner link: the link of the commission, else that of its client. The campaign is the
-- client's, unless the commission comes from another link than the client.
CREATE OR REPLACE VIEW reporting.earnings_by_link AS
SELECT
  m.source,
  m.connector,
  coalesce(m.link_code, p.link_code) AS link_code,
  c.campaign,
  m.currency,
  sum(m.amount) AS amount,
  CASE WHEN bool_and(m.amount_usd IS NOT NULL OR m.amount IS NULL) THEN sum(m.amount_usd) END
    AS amount_usd,
  sum(m.volume_lots) AS volume_lots,
  count(DISTINCT m.client_ref) AS clients,
  count(*) AS rows,
  min(m.day) AS first_on,
  max(m.day) AS last_on,
  CASE WHEN min(m.usd_origin) = max(m.usd_origin) THEN min(m.usd_origin)
       WHEN min(m.usd_origin) IS NOT NULL THEN 'mixed' END AS usd_origin,
  count(*) FILTER (WHERE m.amount_usd IS NULL AND m.amount IS NOT NULL) AS rows_without_usd,
  m.source_id,
  sum(m.amount_usd) AS known_usd
FROM (
  SELECT source_id, source, connector, day, currency, amount, amount_usd, volume_lots, client_ref,
         usd_origin, link_code
  FROM affsync.commission_books
  WHERE counts AND grain IS DISTINCT FROM 'lifetime'
  UNION ALL
  SELECT source_id, source, connector, day, currency, amount, amount_usd, volume_lots, client_ref,
         usd_origin, link_code
  FROM affsync.commission_steps
  WHERE counts
) m
LEFT JOIN affsync.client_books p ON p.source_id = m.source_id AND p.client_ref = m.client_ref
CROSS JOIN LATERAL (
  SELECT CASE WHEN coalesce(m.link_code = p.link_code, true) THEN p.campaign END AS campaign
) c
GROUP BY m.source_id, m.source, m.connector, coalesce(m.link_code, p.link_code), c.campaign,
         m.currency;
COMMENT ON VIEW reporting.earnings_by_link IS 'What each partner link earned, by the link of the commission or of its client; without rejected and reversed rows. It adds up to what counts in reporting.earnings_daily: running totals are included by their recorded growth.';
COMMENT ON COLUMN reporting.earnings_by_link.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.earnings_by_link.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.earnings_by_link.link_code IS 'The partner link; null: neither the commission nor its client has one.';
COMMENT ON COLUMN reporting.earnings_by_link.campaign IS 'The campaign of the clients; null if it is unknown, or if the commission came by another link than its client.';
COMMENT ON COLUMN reporting.earnings_by_link.currency IS 'Currency of amount; currencies are never added to each other.';
COMMENT ON COLUMN reporting.earnings_by_link.amount IS 'Sum in that currency.';
COMMENT ON COLUMN reporting.earnings_by_link.amount_usd IS 'Sum in US dollars; null if it is unknown for any row. Report the sum of rows_without_usd with it.';
COMMENT ON COLUMN reporting.earnings_by_link.volume_lots IS 'Volume in lots.';
COMMENT ON COLUMN reporting.earnings_by_link.clients IS 'Number of distinct clients.';
COMMENT ON COLUMN reporting.earnings_by_link.rows IS 'Number of rows in the sum.';
COMMENT ON COLUMN reporting.earnings_by_link.first_on IS 'First day with a commission.';
COMMENT ON COLUMN reporting.earnings_by_link.last_on IS 'Last day with a commission.';
COMMENT ON COLUMN reporting.earnings_by_link.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate, fx_rate, implied, or mixed; null if there is no amount in US dollars.';
COMMENT ON COLUMN reporting.earnings_by_link.rows_without_usd IS 'Number of rows in the sum that have an amount but no amount in US dollars. If it is not 0, amount_usd is null.';
COMMENT ON COLUMN reporting.earnings_by_link.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.earnings_by_link.known_usd IS 'Sum in US dollars of the rows for which it is known, null if there is none: for totals over several lines, with the sum of rows_without_usd.';
