-- No sums are kept by client: each server adds up the rows that it has.
-- beside: e4ae0fb3b968
--
-- Dated rows and running totals of one client are the same money. If a client has dated rows, these
-- count; if not, its latest running totals. If a client has no rows at all, both amounts are the
-- broker's own totals of the client, so that sums of rows and lifetime totals are never subtracted
-- from each other. Money without a client has its own row, so that all rows add up to what the source
-- earned.
--
-- Everything is added up in one grouping by source and client, so that PostgreSQL applies a condition on
-- either before it reads rows. Rows with a very long reference are read apart: no index can hold them.
CREATE OR REPLACE VIEW reporting.client_performance AS
WITH tells AS MATERIALIZED (
  SELECT * FROM affsync.telling_sources
), added AS (
  -- Parts of commission: 1 dated, 2 dated and void, 3 totals, 4 totals and void; of rebates: the same
  -- plus 4; 9 is the client itself, one row.
  SELECT
    source_id, source, connector, client_ref,
    min(part) <= 4 AS has_earned,
    min(part) <= 2 AS earned_dated,
    sum(amount_usd) FILTER (WHERE part = 1) AS earned_dated_usd,
    sum(amount_usd) FILTER (WHERE part = 3) AS earned_total_usd,
    count(*) FILTER (WHERE part = 1 AND has_amount AND amount_usd IS NULL) AS earned_dated_unknown,
    count(*) FILTER (WHERE part = 3 AND has_amount AND amount_usd IS NULL) AS earned_total_unknown,
    sum(volume_lots) FILTER (WHERE part = 1) AS dated_lots,
    sum(volume_lots) FILTER (WHERE part = 3) AS total_lots,
    min(usd_origin) FILTER (WHERE part = 1) AS dated_first_origin,
    max(usd_origin) FILTER (WHERE part = 1) AS dated_last_origin,
    min(usd_origin) FILTER (WHERE part = 3) AS total_first_origin,
    max(usd_origin) FILTER (WHERE part = 3) AS total_last_origin,
    max(day) FILTER (WHERE part = 1) AS last_on,
    CASE WHEN min(link_code) = max(link_code) THEN min(link_code) END AS rows_link_code,
    min(part) FILTER (WHERE part > 4 AND part < 9) AS first_rebate,
    sum(amount_usd) FILTER (WHERE part = 5) AS rebate_dated_usd,
    sum(amount_usd) FILTER (WHERE part = 7) AS rebate_total_usd,
    count(*) FILTER (WHERE part = 5 AND has_amount AND amount_usd IS NULL) AS rebate_dated_unknown,
    count(*) FILTER (WHERE part = 7 AND has_amount AND amount_usd IS NULL) AS rebate_total_unknown,
    max(own_link_code) AS own_link_code,
    max(own_volume_lots) AS own_volume_lots,
    max(country) AS country,
    max(client_status) AS status,
    max(registered_at) AS registered_at,
    max(first_deposit_at) AS first_deposit_at,
    max(first_trade_at) AS first_trade_at,
    max(campaign) AS campaign,
    max(earned_usd) AS earned_usd,
    max(rebate_usd) AS rebate_usd
  FROM (
    SELECT
      source_id, source, connector, nullif(client_ref, '') AS client_ref,
      CASE WHEN grain IS DISTINCT FROM 'lifetime' THEN CASE WHEN counts THEN 1 ELSE 2 END
           WHEN counts THEN 3 ELSE 4 END AS part,
      amount_usd, amount IS NOT NULL AS has_amount,
      volume_lots, usd_origin, day, link_code,
      NULL::text AS own_link_code, NULL::numeric AS own_volume_lots, NULL::text AS country,
      NULL::text AS client_status, NULL::timestamptz AS registered_at, NULL::timestamptz AS first_deposit_at,
      NULL::timestamptz AS first_trade_at, NULL::text AS campaign, NULL::numeric AS earned_usd,
      NULL::numeric AS rebate_usd
    FROM affsync.commission_books
    WHERE (octet_length(coalesce(client_ref, '')) > 1000)::integer <> 1
    UNION ALL
    SELECT
      source_id, source, connector, nullif(client_ref, ''),
      CASE WHEN grain IS DISTINCT FROM 'lifetime' THEN CASE WHEN counts THEN 1 ELSE 2 END
           WHEN counts THEN 3 ELSE 4 END,
      amount_usd, amount IS NOT NULL,
      volume_lots, usd_origin, day, link_code,
      NULL::text, NULL::numeric, NULL::text,
      NULL::text, NULL::timestamptz, NULL::timestamptz,
      NULL::timestamptz, NULL::text, NULL::numeric,
      NULL::numeric
    FROM affsync.commission_books
    WHERE (octet_length(coalesce(client_ref, '')) > 1000)::integer = 1
    UNION ALL
    SELECT
      source_id, source, connector, nullif(client_ref, ''),
      CASE WHEN grain IS DISTINCT FROM 'lifetime' THEN CASE WHEN counts THEN 5 ELSE 6 END
           WHEN counts THEN 7 ELSE 8 END,
      amount_usd, amount IS NOT NULL,
      NULL, NULL, NULL, NULL,
      NULL::text, NULL::numeric, NULL::text,
      NULL::text, NULL::timestamptz, NULL::timestamptz,
      NULL::timestamptz, NULL::text, NULL::numeric,
      NULL::numeric
    FROM affsync.rebate_books
    WHERE (octet_length(coalesce(client_ref, '')) > 1000)::integer <> 1
    UNION ALL
    SELECT
      source_id, source, connector, nullif(client_ref, ''),
      CASE WHEN grain IS DISTINCT FROM 'lifetime' THEN CASE WHEN counts THEN 5 ELSE 6 END
           WHEN counts THEN 7 ELSE 8 END,
      amount_usd, amount IS NOT NULL,
      NULL, NULL, NULL, NULL,
      NULL::text, NULL::numeric, NULL::text,
      NULL::text, NULL::timestamptz, NULL::timestamptz,
      NULL::timestamptz, NULL::text, NULL::numeric,
      NULL::numeric
    FROM affsync.rebate_books
    WHERE (octet_length(coalesce(client_ref, '')) > 1000)::integer = 1
    UNION ALL
    SELECT
      p.source_id, s.name, s.connector, nullif(p.client_ref, ''), 9, NULL, NULL, NULL, NULL, NULL, NULL,
      p.link_code, p.volume_lots, p.country, p.status, p.registered_at, p.first_deposit_at,
      p.first_trade_at, p.campaign, p.earned_usd, p.rebate_usd
    FROM affsync.client_books p
    JOIN affsync.source s ON s.source_id = p.source_id
    WHERE (octet_length(coalesce(p.client_ref, '')) > 1000)::integer <> 1
    UNION ALL
    SELECT
      p.source_id, s.name, s.connector, nullif(p.client_ref, ''), 9, NULL, NULL, NULL, NULL, NULL, NULL,
      p.link_code, p.volume_lots, p.country, p.status, p.registered_at, p.first_deposit_at,
      p.first_trade_at, p.campaign, p.earned_usd, p.rebate_usd
    FROM affsync.client_books p
    JOIN affsync.source s ON s.source_id = p.source_id
    WHERE (octet_length(coalesce(p.client_ref, '')) > 1000)::integer = 1
  ) r
  GROUP BY source_id, client_ref, source, connector
  -- What has no client and does not count makes no line.
  HAVING client_ref IS NOT NULL OR max(part) = 9 OR bool_or(part IN (1, 3, 5, 7))
), figures AS (
  SELECT
    source_id, source, connector, client_ref, country, status, registered_at, first_deposit_at,
    first_trade_at, coalesce(own_link_code, rows_link_code) AS link_code, campaign, last_on,
    earned_usd, rebate_usd, has_earned, first_rebate IS NOT NULL AS has_passed_on, earned_dated,
    first_rebate <= 6 AS passed_on_dated,
    CASE WHEN earned_dated THEN earned_dated_usd ELSE earned_total_usd END AS rows_earned_usd,
    CASE WHEN first_rebate <= 6 THEN rebate_dated_usd ELSE rebate_total_usd END AS rows_rebate_usd,
    CASE WHEN earned_dated THEN earned_dated_unknown ELSE earned_total_unknown END
      AS earned_unknown,
    CASE WHEN first_rebate <= 6 THEN rebate_dated_unknown ELSE rebate_total_unknown END
      AS rebate_unknown,
    CASE WHEN earned_dated THEN dated_first_origin ELSE total_first_origin END AS first_origin,
    CASE WHEN earned_dated THEN dated_last_origin ELSE total_last_origin END AS last_origin,
    coalesce(own_volume_lots, CASE WHEN earned_dated THEN dated_lots ELSE total_lots END)
      AS volume_lots
  FROM added
), sorted AS (
  SELECT
    *,
    -- For a client without commission rows but with rebate rows, the broker's totals of the client are
    -- used only if its source has no commission rows at all.
    (earned_usd IS NOT NULL OR rebate_usd IS NOT NULL)
      AND NOT has_earned
      AND NOT (has_passed_on AND source_id IN (SELECT t.source_id FROM tells t)) AS by_client
  FROM figures
), known AS (
  SELECT
    *,
    CASE WHEN by_client THEN coalesce(earned_usd, 0)
         WHEN coalesce(earned_unknown, 0) = 0 THEN coalesce(rows_earned_usd, 0) END
      AS whole_commission_usd,
    CASE WHEN by_client THEN coalesce(rebate_usd, 0)
         WHEN coalesce(rebate_unknown, 0) = 0 THEN coalesce(rows_rebate_usd, 0) END
      AS whole_rebate_usd,
    CASE WHEN by_client THEN coalesce(earned_usd, 0)
         WHEN coalesce(earned_unknown, 0) = 0 OR rows_earned_usd IS NOT NULL
           THEN coalesce(rows_earned_usd, 0) END AS known_commission_usd,
    CASE WHEN by_client THEN coalesce(rebate_usd, 0)
         WHEN coalesce(rebate_unknown, 0) = 0 OR rows_rebate_usd IS NOT NULL
           THEN coalesce(rows_rebate_usd, 0) END AS known_rebate_usd,
    CASE WHEN by_client THEN 0
         ELSE coalesce(earned_unknown, 0) + coalesce(rebate_unknown, 0) END AS unknown
  FROM sorted
)
SELECT
  f.source,
  f.connector,
  f.client_ref,
  f.country,
  f.status,
  f.registered_at,
  f.first_deposit_at,
  f.first_trade_at,
  f.whole_commission_usd AS commission_usd,
  f.whole_rebate_usd AS rebate_usd,
  f.whole_commission_usd - f.whole_rebate_usd AS net_usd,
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
  f.source_id,
  CASE
    WHEN f.by_client THEN CASE WHEN f.earned_usd IS NOT NULL THEN 'client' END
    WHEN f.has_earned THEN CASE WHEN f.earned_dated THEN 'dated rows' ELSE 'running totals' END
  END AS commission_from,
  CASE
    WHEN f.by_client THEN CASE WHEN f.rebate_usd IS NOT NULL THEN 'client' END
    WHEN f.has_passed_on
      THEN CASE WHEN f.passed_on_dated THEN 'dated rows' ELSE 'running totals' END
  END AS rebate_from,
  f.known_commission_usd,
  f.known_rebate_usd,
  -- Of a side that is wholly unknown nothing is known, of the other one all that is.
  CASE WHEN f.known_commission_usd IS NOT NULL OR f.known_rebate_usd <> 0
    THEN coalesce(f.known_commission_usd, 0) - coalesce(f.known_rebate_usd, 0) END AS known_net_usd
FROM known f;
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
COMMENT ON COLUMN reporting.client_performance.known_commission_usd IS 'commission_usd of the rows that have a figure, without the rows_without_usd; null if there are rows and none has one.';
COMMENT ON COLUMN reporting.client_performance.known_rebate_usd IS 'rebate_usd of the rows that have a figure, without the rows_without_usd; null if there are rows and none has one.';
COMMENT ON COLUMN reporting.client_performance.known_net_usd IS 'known_commission_usd minus known_rebate_usd, where null counts as 0; null if nothing is known but that no rebates were paid.';
