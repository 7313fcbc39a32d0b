-- A client may be in several streams of a source. Data of all of them counts, except streams that the
-- connector no longer has.
CREATE OR REPLACE VIEW reporting.conversion_funnel AS
WITH person AS (
  SELECT
    c.source_id, c.client_ref,
    min(c.registered_at) AS registered_at,
    bool_or(coalesce(c.has_deposit, false) OR c.first_deposit_at IS NOT NULL) AS deposited,
    bool_or(coalesce(c.has_traded, false) OR c.first_trade_at IS NOT NULL) AS traded,
    bool_or(coalesce(c.earned_usd, 0) > 0) AS earned,
    count(c.has_deposit) + count(c.first_deposit_at) > 0 AS tells_deposit,
    count(c.has_traded) + count(c.first_trade_at) > 0 AS tells_trade
  FROM affsync.client c
  LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
  WHERE c.deleted_at IS NULL AND c.client_ref IS NOT NULL
    AND coalesce(st.in_reports, true) AND st.retired_at IS NULL
  GROUP BY c.source_id, c.client_ref
), earning AS (
  SELECT DISTINCT source_id, client_ref
  FROM affsync.commission_books
  WHERE client_ref IS NOT NULL AND counts AND (amount > 0 OR amount_usd > 0)
), told AS (
  SELECT source_id, bool_or(tells_deposit) AS tells_deposit, bool_or(tells_trade) AS tells_trade
  FROM person
  GROUP BY source_id
)
SELECT
  s.name AS source,
  s.connector,
  date_trunc('month', p.registered_at AT TIME ZONE 'UTC')::date AS month,
  count(*) AS registered,
  CASE WHEN t.tells_deposit THEN count(*) FILTER (WHERE p.deposited) END AS deposited,
  CASE WHEN t.tells_trade THEN count(*) FILTER (WHERE p.traded) END AS traded,
  count(*) FILTER (WHERE p.earned OR e.client_ref IS NOT NULL) AS earning,
  s.source_id
FROM person p
JOIN told t ON t.source_id = p.source_id
JOIN affsync.source s ON s.source_id = p.source_id
LEFT JOIN earning e ON e.source_id = p.source_id AND e.client_ref = p.client_ref
WHERE p.registered_at IS NOT NULL
GROUP BY s.source_id, s.name, s.connector, month, t.tells_deposit, t.tells_trade;
COMMENT ON VIEW reporting.conversion_funnel IS 'How many of the clients who registered in a month deposited, traded and earned the partner money.';
COMMENT ON COLUMN reporting.conversion_funnel.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.conversion_funnel.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.conversion_funnel.month IS 'First day of the month of registration, UTC.';
COMMENT ON COLUMN reporting.conversion_funnel.registered IS 'Clients who registered.';
COMMENT ON COLUMN reporting.conversion_funnel.deposited IS 'Of these, clients who ever deposited; null if the broker does not report it for any client.';
COMMENT ON COLUMN reporting.conversion_funnel.traded IS 'Of these, clients who ever traded; null if the broker does not report it for any client.';
COMMENT ON COLUMN reporting.conversion_funnel.earning IS 'Of these, clients who ever earned the partner money.';
COMMENT ON COLUMN reporting.conversion_funnel.source_id IS 'The source; see affsync.source.';
