-- Dated rows and running totals of one client tell the same money twice: where a client has dated
-- rows these count, otherwise the latest totals.
CREATE OR REPLACE VIEW reporting.client_performance AS
WITH earned AS (
  SELECT
    source_id, client_ref,
    count(*) FILTER (WHERE dated) AS dated_rows,
    count(*) AS all_rows,
    bool_and(amount_usd IS NOT NULL OR amount IS NULL) FILTER (WHERE dated) AS dated_known,
    bool_and(amount_usd IS NOT NULL OR amount IS NULL) FILTER (WHERE NOT dated) AS total_known,
    coalesce(sum(amount_usd) FILTER (WHERE dated), 0) AS dated_usd,
    coalesce(sum(amount_usd) FILTER (WHERE NOT dated), 0) AS total_usd,
    sum(volume_lots) FILTER (WHERE dated) AS dated_lots,
    sum(volume_lots) FILTER (WHERE NOT dated) AS total_lots,
    max(day) FILTER (WHERE dated) AS last_on
  FROM (SELECT *, grain IS DISTINCT FROM 'lifetime' AS dated FROM affsync.commission_books) c
  WHERE client_ref IS NOT NULL AND status IS DISTINCT FROM 'rejected'
    AND status IS DISTINCT FROM 'reversed'
  GROUP BY source_id, client_ref
), passed_on AS (
  SELECT
    source_id, client_ref,
    count(*) FILTER (WHERE dated) AS dated_rows,
    bool_and(amount_usd IS NOT NULL OR amount IS NULL) FILTER (WHERE dated) AS dated_known,
    bool_and(amount_usd IS NOT NULL OR amount IS NULL) FILTER (WHERE NOT dated) AS total_known,
    coalesce(sum(amount_usd) FILTER (WHERE dated), 0) AS dated_usd,
    coalesce(sum(amount_usd) FILTER (WHERE NOT dated), 0) AS total_usd
  FROM (SELECT *, grain IS DISTINCT FROM 'lifetime' AS dated FROM affsync.rebate_books) r
  WHERE client_ref IS NOT NULL AND status IS DISTINCT FROM 'rejected'
    AND status IS DISTINCT FROM 'reversed'
  GROUP BY source_id, client_ref
), person AS (
  SELECT DISTINCT ON (source_id, client_ref)
    source_id, client_ref, country, status, registered_at, first_deposit_at, first_trade_at,
    volume_lots
  FROM affsync.client
  WHERE deleted_at IS NULL AND client_ref IS NOT NULL
  ORDER BY source_id, client_ref, changed_at DESC, stream, external_id
), everyone AS (
  SELECT source_id, client_ref FROM person
  UNION
  SELECT source_id, client_ref FROM earned
  UNION
  SELECT source_id, client_ref FROM passed_on
), figures AS (
  SELECT
    w.source_id, w.client_ref,
    CASE
      WHEN e.client_ref IS NULL THEN 0
      WHEN e.dated_rows > 0 THEN CASE WHEN e.dated_known THEN e.dated_usd END
      ELSE CASE WHEN e.total_known THEN e.total_usd END
    END AS commission_usd,
    CASE
      WHEN r.client_ref IS NULL THEN 0
      WHEN r.dated_rows > 0 THEN CASE WHEN r.dated_known THEN r.dated_usd END
      ELSE CASE WHEN r.total_known THEN r.total_usd END
    END AS rebate_usd,
    CASE WHEN e.dated_rows > 0 THEN e.dated_lots ELSE e.total_lots END AS volume_lots,
    e.last_on
  FROM everyone w
  LEFT JOIN earned e ON e.source_id = w.source_id AND e.client_ref = w.client_ref
  LEFT JOIN passed_on r ON r.source_id = w.source_id AND r.client_ref = w.client_ref
)
SELECT
  s.name AS source,
  s.connector,
  f.client_ref,
  p.country,
  p.status,
  p.registered_at,
  p.first_deposit_at,
  p.first_trade_at,
  f.commission_usd,
  f.rebate_usd,
  f.commission_usd - f.rebate_usd AS net_usd,
  coalesce(p.volume_lots, f.volume_lots) AS volume_lots,
  f.last_on AS last_commission_on
FROM figures f
JOIN affsync.source s ON s.source_id = f.source_id
LEFT JOIN person p ON p.source_id = f.source_id AND p.client_ref = f.client_ref;
COMMENT ON VIEW reporting.client_performance IS 'What each client brought and got back. Where a client has dated rows these are added up, otherwise the latest running totals; the two are never mixed.';
COMMENT ON COLUMN reporting.client_performance.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.client_performance.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.client_performance.client_ref IS 'The client.';
COMMENT ON COLUMN reporting.client_performance.country IS 'Country code, as the broker gives it.';
COMMENT ON COLUMN reporting.client_performance.status IS 'Status of the client.';
COMMENT ON COLUMN reporting.client_performance.registered_at IS 'When the client registered.';
COMMENT ON COLUMN reporting.client_performance.first_deposit_at IS 'First deposit.';
COMMENT ON COLUMN reporting.client_performance.first_trade_at IS 'First trade.';
COMMENT ON COLUMN reporting.client_performance.commission_usd IS 'Earned with the client, in US dollars, without rejected and reversed rows; null when it is not known of every row.';
COMMENT ON COLUMN reporting.client_performance.rebate_usd IS 'Passed on to the client, in US dollars, without rejected and reversed rows; null when it is not known of every row.';
COMMENT ON COLUMN reporting.client_performance.net_usd IS 'commission_usd minus rebate_usd.';
COMMENT ON COLUMN reporting.client_performance.volume_lots IS 'Volume in lots: the broker''s figure for the client, else that of the commission rows.';
COMMENT ON COLUMN reporting.client_performance.last_commission_on IS 'Latest day with a dated commission.';
