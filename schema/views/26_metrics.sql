-- Counts by period and link, from streams that do not repeat another one.
CREATE OR REPLACE VIEW reporting.metrics AS
SELECT
  s.name AS source,
  s.connector,
  m.grain,
  m.occurred_on AS day,
  m.link_code,
  m.campaign,
  m.country,
  sum(m.impressions) AS impressions,
  sum(m.clicks) AS clicks,
  sum(m.unique_clicks) AS unique_clicks,
  sum(m.leads) AS leads,
  sum(m.registrations) AS registrations,
  sum(m.first_deposits) AS first_deposits,
  sum(m.deposits) AS deposits,
  sum(m.qualified) AS qualified,
  sum(m.orders_count) AS orders_count,
  sum(m.volume_lots) AS volume_lots,
  sum(m.volume_usd) AS volume_usd,
  count(*) AS rows,
  m.stream,
  m.source_id
FROM affsync.metric m
JOIN affsync.source s ON s.source_id = m.source_id
LEFT JOIN affsync.stream st ON st.source_id = m.source_id AND st.stream = m.stream
WHERE m.deleted_at IS NULL AND coalesce(st.in_reports, true) AND st.retired_at IS NULL
GROUP BY m.source_id, s.name, s.connector, m.stream, m.grain, m.occurred_on, m.link_code,
         m.campaign, m.country;
COMMENT ON VIEW reporting.metrics IS 'Clicks, registrations and other counts by source, stream, period and partner link. Add only rows of one grain and one stream: brokers give the same counts by day, by month and as running totals.';
COMMENT ON COLUMN reporting.metrics.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.metrics.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.metrics.grain IS 'What a row is about: day, week, month, or lifetime for a running total.';
COMMENT ON COLUMN reporting.metrics.day IS 'The day, or the first day of the period.';
COMMENT ON COLUMN reporting.metrics.link_code IS 'The partner link; null if the broker names none.';
COMMENT ON COLUMN reporting.metrics.campaign IS 'The campaign; null if the broker names none.';
COMMENT ON COLUMN reporting.metrics.country IS 'The country; null if the broker names none.';
COMMENT ON COLUMN reporting.metrics.impressions IS 'How often an advertisement was shown; null if the broker does not say.';
COMMENT ON COLUMN reporting.metrics.clicks IS 'Clicks on the link.';
COMMENT ON COLUMN reporting.metrics.unique_clicks IS 'Visitors who clicked. A visitor of two days is counted on both.';
COMMENT ON COLUMN reporting.metrics.leads IS 'Leads.';
COMMENT ON COLUMN reporting.metrics.registrations IS 'Registrations.';
COMMENT ON COLUMN reporting.metrics.first_deposits IS 'Clients who deposited for the first time.';
COMMENT ON COLUMN reporting.metrics.deposits IS 'Number of deposits.';
COMMENT ON COLUMN reporting.metrics.qualified IS 'Clients who reached what a CPA is paid for.';
COMMENT ON COLUMN reporting.metrics.orders_count IS 'Number of trades.';
COMMENT ON COLUMN reporting.metrics.volume_lots IS 'Traded volume in lots.';
COMMENT ON COLUMN reporting.metrics.volume_usd IS 'Traded volume in US dollars.';
COMMENT ON COLUMN reporting.metrics.rows IS 'Number of rows in the sums.';
COMMENT ON COLUMN reporting.metrics.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN reporting.metrics.source_id IS 'The source; see affsync.source.';
