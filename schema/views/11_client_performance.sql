-- Dated rows and running totals of one client tell the same money twice: where a client has dated
-- rows these count, otherwise the latest totals; where it has no rows at all, what the broker says
-- of the client itself.
CREATE OR REPLACE VIEW reporting.client_performance AS
WITH earned AS (
  SELECT
    source_id, client_ref,
    count(*) FILTER (WHERE dated) > 0 AS use_dated,
    sum(amount_usd) FILTER (WHERE dated) AS dated_usd,
    sum(amount_usd) FILTER (WHERE NOT dated) AS total_usd,
    count(*) FILTER (WHERE dated AND unknown) AS dated_unknown,
    count(*) FILTER (WHERE NOT dated AND unknown) AS total_unknown,
    CASE WHEN count(*) FILTER (WHERE dated) > 0 THEN sum(volume_lots) FILTER (WHERE dated)
         ELSE sum(volume_lots) END AS volume_lots,
    min(usd_origin) AS first_origin,
    max(usd_origin) AS last_origin,
    max(day) FILTER (WHERE dated) AS last_on
  FROM (SELECT *, grain IS DISTINCT FROM 'lifetime' AS dated,
               amount IS NOT NULL AND amount_usd IS NULL AS unknown
        FROM affsync.commission_books
        OFFSET 0) c  -- each figure is found once, not once in each sum
  WHERE client_ref IS NOT NULL AND status IS DISTINCT FROM 'rejected'
    AND status IS DISTINCT FROM 'reversed'
  GROUP BY source_id, client_ref
), passed_on AS (
  SELECT
    source_id, client_ref,
    count(*) FILTER (WHERE dated) > 0 AS use_dated,
    sum(amount_usd) FILTER (WHERE dated) AS dated_usd,
    sum(amount_usd) FILTER (WHERE NOT dated) AS total_usd,
    count(*) FILTER (WHERE dated AND unknown) AS dated_unknown,
    count(*) FILTER (WHERE NOT dated AND unknown) AS total_unknown
  FROM (SELECT *, grain IS DISTINCT FROM 'lifetime' AS dated,
               amount IS NOT NULL AND amount_usd IS NULL AS unknown
        FROM affsync.rebate_books
        OFFSET 0) r
  WHERE client_ref IS NOT NULL AND status IS DISTINCT FROM 'rejected'
    AND status IS DISTINCT FROM 'reversed'
  GROUP BY source_id, client_ref
), person AS (
  SELECT DISTINCT ON (source_id, client_ref)
    source_id, client_ref, country, status, registered_at, first_deposit_at, first_trade_at,
    volume_lots, earned_usd, rebate_usd, link_code, campaign
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
    w.source_id, w.client_ref, p.country, p.status, p.registered_at, p.first_deposit_at,
    p.first_trade_at, p.link_code, p.campaign, e.last_on,
    coalesce(CASE WHEN e.use_dated THEN e.dated_usd ELSE e.total_usd END,
             CASE WHEN e.client_ref IS NULL THEN p.earned_usd END, 0) AS commission_usd,
    coalesce(CASE WHEN r.use_dated THEN r.dated_usd ELSE r.total_usd END,
             CASE WHEN r.client_ref IS NULL THEN p.rebate_usd END, 0) AS rebate_usd,
    coalesce(CASE WHEN e.use_dated THEN e.dated_unknown ELSE e.total_unknown END, 0)
      AS commission_unknown,
    coalesce(CASE WHEN r.use_dated THEN r.dated_unknown ELSE r.total_unknown END, 0)
      AS rebate_unknown,
    coalesce(p.volume_lots, e.volume_lots) AS volume_lots,
    CASE
      WHEN e.client_ref IS NULL AND p.earned_usd IS NOT NULL THEN 'broker'
      WHEN e.first_origin = e.last_origin THEN e.first_origin
      WHEN e.first_origin IS NOT NULL THEN 'mixed'
    END AS usd_origin
  FROM everyone w
  LEFT JOIN person p ON p.source_id = w.source_id AND p.client_ref = w.client_ref
  LEFT JOIN earned e ON e.source_id = w.source_id AND e.client_ref = w.client_ref
  LEFT JOIN passed_on r ON r.source_id = w.source_id AND r.client_ref = w.client_ref
), known AS (
  SELECT
    *,
    CASE WHEN commission_unknown = 0 THEN commission_usd END AS known_commission_usd,
    CASE WHEN rebate_unknown = 0 THEN rebate_usd END AS known_rebate_usd
  FROM figures
)
SELECT
  s.name AS source,
  s.connector,
  f.client_ref,
  f.country,
  f.status,
  f.registered_at,
  f.first_deposit_at,
  f.first_trade_at,
  f.known_commission_usd AS commission_usd,
  f.known_rebate_usd AS rebate_usd,
  f.known_commission_usd - f.known_rebate_usd AS net_usd,
  f.volume_lots,
  f.last_on AS last_commission_on,
  f.usd_origin,
  f.commission_unknown + f.rebate_unknown AS rows_without_usd,
  f.link_code,
  f.campaign
FROM known f
JOIN affsync.source s ON s.source_id = f.source_id;
COMMENT ON VIEW reporting.client_performance IS 'What each client brought and got back. Where a client has dated rows these are added up, otherwise the latest running totals; where it has no rows at all, the broker''s own total of the client. The three are never mixed.';
COMMENT ON COLUMN reporting.client_performance.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.client_performance.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.client_performance.client_ref IS 'The client; the same text at another source is somebody else.';
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
COMMENT ON COLUMN reporting.client_performance.usd_origin IS 'Where commission_usd is from: broker, same currency, fixed rate, fx_rate, implied, or mixed; null when there is none.';
COMMENT ON COLUMN reporting.client_performance.rows_without_usd IS 'Commission and rebate rows that have an amount but no figure in US dollars. Unless it is 0, net_usd is null.';
COMMENT ON COLUMN reporting.client_performance.link_code IS 'The partner link that brought the client.';
COMMENT ON COLUMN reporting.client_performance.campaign IS 'The campaign that brought the client.';
