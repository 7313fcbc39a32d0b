-- Dated rows and running totals of one client are the same money. If a client has dated rows, these
-- count; if not, its latest running totals. If a client has no rows at all, both amounts are the
-- broker's own totals of the client, so that sums of rows and lifetime totals are never subtracted
-- from each other. Money without a client has its own row, so that all rows add up to what the source
-- earned.
CREATE OR REPLACE VIEW reporting.client_performance AS
WITH earned AS (
  SELECT
    source_id, client_key,
    count(*) FILTER (WHERE dated) > 0 AS use_dated,
    count(*) FILTER (WHERE counts) > 0 AS any_counts,
    sum(amount_usd) FILTER (WHERE counts AND dated) AS dated_usd,
    sum(amount_usd) FILTER (WHERE counts AND NOT dated) AS total_usd,
    count(*) FILTER (WHERE counts AND dated AND unknown) AS dated_unknown,
    count(*) FILTER (WHERE counts AND NOT dated AND unknown) AS total_unknown,
    CASE WHEN count(*) FILTER (WHERE dated) > 0
         THEN sum(volume_lots) FILTER (WHERE counts AND dated)
         ELSE sum(volume_lots) FILTER (WHERE counts) END AS volume_lots,
    min(usd_origin) FILTER (WHERE counts AND dated) AS dated_first_origin,
    max(usd_origin) FILTER (WHERE counts AND dated) AS dated_last_origin,
    min(usd_origin) FILTER (WHERE counts AND NOT dated) AS total_first_origin,
    max(usd_origin) FILTER (WHERE counts AND NOT dated) AS total_last_origin,
    max(day) FILTER (WHERE counts AND dated) AS last_on,
    CASE WHEN min(link_code) = max(link_code) THEN min(link_code) END AS link_code
  FROM (SELECT *, coalesce(client_ref, '') AS client_key,
               grain IS DISTINCT FROM 'lifetime' AS dated,
               amount IS NOT NULL AND amount_usd IS NULL AS unknown
        FROM affsync.commission_books
        OFFSET 0) c  -- computes each amount once, not once for each sum
  GROUP BY source_id, client_key
), passed_on AS (
  SELECT
    source_id, client_key,
    count(*) FILTER (WHERE dated) > 0 AS use_dated,
    count(*) FILTER (WHERE counts) > 0 AS any_counts,
    sum(amount_usd) FILTER (WHERE counts AND dated) AS dated_usd,
    sum(amount_usd) FILTER (WHERE counts AND NOT dated) AS total_usd,
    count(*) FILTER (WHERE counts AND dated AND unknown) AS dated_unknown,
    count(*) FILTER (WHERE counts AND NOT dated AND unknown) AS total_unknown
  FROM (SELECT *, coalesce(client_ref, '') AS client_key,
               grain IS DISTINCT FROM 'lifetime' AS dated,
               amount IS NOT NULL AND amount_usd IS NULL AS unknown
        FROM affsync.rebate_books
        OFFSET 0) r
  GROUP BY source_id, client_key
), person AS (
  SELECT *, client_ref AS client_key
  FROM affsync.client_books
), tells_earnings AS (
  SELECT DISTINCT source_id FROM earned
), everyone AS (
  SELECT source_id, client_key FROM person
  UNION
  SELECT source_id, client_key FROM earned WHERE client_key <> '' OR any_counts
  UNION
  SELECT source_id, client_key FROM passed_on WHERE client_key <> '' OR any_counts
), figures AS (
  SELECT
    w.source_id, nullif(w.client_key, '') AS client_ref, p.country, p.status, p.registered_at,
    p.first_deposit_at, p.first_trade_at, coalesce(p.link_code, e.link_code) AS link_code,
    p.campaign, e.last_on, p.earned_usd, p.rebate_usd, t.source_id IS NOT NULL AS tells_earnings,
    e.client_key IS NOT NULL AS has_earned, r.client_key IS NOT NULL AS has_passed_on,
    e.use_dated AS earned_dated, r.use_dated AS passed_on_dated,
    CASE WHEN e.use_dated THEN e.dated_usd ELSE e.total_usd END AS rows_earned_usd,
    CASE WHEN r.use_dated THEN r.dated_usd ELSE r.total_usd END AS rows_rebate_usd,
    CASE WHEN e.use_dated THEN e.dated_unknown ELSE e.total_unknown END AS earned_unknown,
    CASE WHEN r.use_dated THEN r.dated_unknown ELSE r.total_unknown END AS rebate_unknown,
    CASE WHEN e.use_dated THEN e.dated_first_origin ELSE e.total_first_origin END AS first_origin,
    CASE WHEN e.use_dated THEN e.dated_last_origin ELSE e.total_last_origin END AS last_origin,
    coalesce(p.volume_lots, e.volume_lots) AS volume_lots
  FROM everyone w
  LEFT JOIN person p ON p.source_id = w.source_id AND p.client_key = w.client_key
  LEFT JOIN earned e ON e.source_id = w.source_id AND e.client_key = w.client_key
  LEFT JOIN passed_on r ON r.source_id = w.source_id AND r.client_key = w.client_key
  LEFT JOIN tells_earnings t ON t.source_id = w.source_id
), sorted AS (
  SELECT
    *,
    -- For a client without commission rows but with rebate rows, the broker's totals of the client are
    -- used only if its source has no commission rows at all.
    (earned_usd IS NOT NULL OR rebate_usd IS NOT NULL)
      AND NOT has_earned AND NOT (has_passed_on AND tells_earnings) AS by_client
  FROM figures
), known AS (
  SELECT
    *,
    CASE WHEN by_client THEN coalesce(earned_usd, 0)
         WHEN coalesce(earned_unknown, 0) = 0 THEN coalesce(rows_earned_usd, 0) END
      AS known_commission_usd,
    CASE WHEN by_client THEN coalesce(rebate_usd, 0)
         WHEN coalesce(rebate_unknown, 0) = 0 THEN coalesce(rows_rebate_usd, 0) END
      AS known_rebate_usd,
    CASE WHEN by_client THEN 0
         ELSE coalesce(earned_unknown, 0) + coalesce(rebate_unknown, 0) END AS unknown
  FROM sorted
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
  CASE
    WHEN f.by_client THEN CASE WHEN f.earned_usd IS NOT NULL THEN 'broker' END
    WHEN f.first_origin = f.last_origin THEN f.first_origin
    WHEN f.first_origin IS NOT NULL THEN 'mixed'
  END AS usd_origin,
  f.unknown AS rows_without_usd,
  f.link_code,
  f.campaign,
  s.source_id,
  CASE
    WHEN f.by_client THEN CASE WHEN f.earned_usd IS NOT NULL THEN 'client' END
    WHEN f.has_earned THEN CASE WHEN f.earned_dated THEN 'dated rows' ELSE 'running totals' END
  END AS commission_from,
  CASE
    WHEN f.by_client THEN CASE WHEN f.rebate_usd IS NOT NULL THEN 'client' END
    WHEN f.has_passed_on
      THEN CASE WHEN f.passed_on_dated THEN 'dated rows' ELSE 'running totals' END
  END AS rebate_from
FROM known f
JOIN affsync.source s ON s.source_id = f.source_id;
COMMENT ON VIEW reporting.client_performance IS 'What each client earned the partner and received back, and one row per source for money without a client. If a client has dated rows, these are added up; if not, its latest running totals; if it has no rows at all, the broker''s own totals of the client. commission_from and rebate_from say which.';
COMMENT ON COLUMN reporting.client_performance.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.client_performance.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.client_performance.client_ref IS 'The client; the same text at another source is another client. Null: money of the source without a client.';
COMMENT ON COLUMN reporting.client_performance.country IS 'Country code, as given by the broker.';
COMMENT ON COLUMN reporting.client_performance.status IS 'Status of the client.';
COMMENT ON COLUMN reporting.client_performance.registered_at IS 'When the client registered.';
COMMENT ON COLUMN reporting.client_performance.first_deposit_at IS 'First deposit.';
COMMENT ON COLUMN reporting.client_performance.first_trade_at IS 'First trade.';
COMMENT ON COLUMN reporting.client_performance.commission_usd IS 'Earned with the client, in US dollars, without rejected and reversed rows; null if it is unknown for any row.';
COMMENT ON COLUMN reporting.client_performance.rebate_usd IS 'Passed on to the client, in US dollars, without rejected and reversed rows; null if it is unknown for any row.';
COMMENT ON COLUMN reporting.client_performance.net_usd IS 'commission_usd minus rebate_usd.';
COMMENT ON COLUMN reporting.client_performance.volume_lots IS 'Volume in lots: the broker''s value for the client, else the sum of the commission rows.';
COMMENT ON COLUMN reporting.client_performance.last_commission_on IS 'Latest day with a dated commission.';
COMMENT ON COLUMN reporting.client_performance.usd_origin IS 'Origin of commission_usd: broker, same currency, fixed rate, fx_rate, implied, or mixed; null if there is no amount in US dollars.';
COMMENT ON COLUMN reporting.client_performance.rows_without_usd IS 'Number of commission and rebate rows that have an amount but no amount in US dollars. If it is not 0, net_usd is null.';
COMMENT ON COLUMN reporting.client_performance.link_code IS 'The partner link that the client came through; if the client has none, the link of its commission rows if they all have the same.';
COMMENT ON COLUMN reporting.client_performance.campaign IS 'The campaign that the client came through.';
COMMENT ON COLUMN reporting.client_performance.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.client_performance.commission_from IS 'What commission_usd is: dated rows (their sum), running totals (the latest), or client (the broker''s own total of the client); null if there is no data, and commission_usd is 0.';
COMMENT ON COLUMN reporting.client_performance.rebate_from IS 'What rebate_usd is, in the same words; client only if commission_usd is not from rows.';
