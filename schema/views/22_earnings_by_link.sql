-- Which links earn: by the link of the commission itself, else by that of its client. The campaign is
-- the client's, unless the commission is from another link than the client.
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
  m.source_id
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
COMMENT ON VIEW reporting.earnings_by_link IS 'What each partner link earned, whether the commission or only its client names it; without rejected and reversed rows. It adds up to what counts in reporting.earnings_daily: running totals enter by their recorded growth.';
COMMENT ON COLUMN reporting.earnings_by_link.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.earnings_by_link.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.earnings_by_link.link_code IS 'The partner link; null: neither the commission nor its client names one.';
COMMENT ON COLUMN reporting.earnings_by_link.campaign IS 'The campaign of the clients; null where nothing names one.';
COMMENT ON COLUMN reporting.earnings_by_link.currency IS 'Currency of amount; currencies are never added to each other.';
COMMENT ON COLUMN reporting.earnings_by_link.amount IS 'Sum in that currency.';
COMMENT ON COLUMN reporting.earnings_by_link.amount_usd IS 'Sum in US dollars; null when it is not known of every row. Add up rows_without_usd beside it.';
COMMENT ON COLUMN reporting.earnings_by_link.volume_lots IS 'Volume in lots.';
COMMENT ON COLUMN reporting.earnings_by_link.clients IS 'Different clients.';
COMMENT ON COLUMN reporting.earnings_by_link.rows IS 'Rows behind the sum.';
COMMENT ON COLUMN reporting.earnings_by_link.first_on IS 'First day with a commission.';
COMMENT ON COLUMN reporting.earnings_by_link.last_on IS 'Last day with a commission.';
COMMENT ON COLUMN reporting.earnings_by_link.usd_origin IS 'Where amount_usd is from: broker, same currency, fixed rate, fx_rate, implied, or mixed; null when there is none.';
COMMENT ON COLUMN reporting.earnings_by_link.rows_without_usd IS 'Rows behind the sum that have an amount but no figure in US dollars. Unless it is 0, amount_usd is null.';
COMMENT ON COLUMN reporting.earnings_by_link.source_id IS 'The source; see affsync.source.';
