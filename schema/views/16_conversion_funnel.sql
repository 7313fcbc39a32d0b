CREATE OR REPLACE VIEW reporting.conversion_funnel AS
WITH person AS (
  SELECT DISTINCT ON (source_id, client_ref)
    source_id, client_ref, registered_at,
    coalesce(has_deposit, false) OR first_deposit_at IS NOT NULL AS deposited,
    coalesce(has_traded, false) OR first_trade_at IS NOT NULL AS traded,
    coalesce(earned_usd, 0) > 0 AS earned
  FROM affsync.client
  WHERE deleted_at IS NULL AND client_ref IS NOT NULL AND registered_at IS NOT NULL
  ORDER BY source_id, client_ref, changed_at DESC, stream, external_id
), earning AS (
  SELECT DISTINCT source_id, client_ref
  FROM affsync.commission_books
  WHERE client_ref IS NOT NULL AND status IS DISTINCT FROM 'rejected'
    AND status IS DISTINCT FROM 'reversed'
    AND (amount > 0 OR amount_usd > 0)
)
SELECT
  s.name AS source,
  s.connector,
  date_trunc('month', p.registered_at AT TIME ZONE 'UTC')::date AS month,
  count(*) AS registered,
  count(*) FILTER (WHERE p.deposited) AS deposited,
  count(*) FILTER (WHERE p.traded) AS traded,
  count(*) FILTER (WHERE p.earned OR e.client_ref IS NOT NULL) AS earning
FROM person p
JOIN affsync.source s ON s.source_id = p.source_id
LEFT JOIN earning e ON e.source_id = p.source_id AND e.client_ref = p.client_ref
GROUP BY s.source_id, s.name, s.connector, month;
COMMENT ON VIEW reporting.conversion_funnel IS 'What became of the clients who registered in a month.';
COMMENT ON COLUMN reporting.conversion_funnel.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.conversion_funnel.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.conversion_funnel.month IS 'First day of the month of registration, UTC.';
COMMENT ON COLUMN reporting.conversion_funnel.registered IS 'Clients who registered.';
COMMENT ON COLUMN reporting.conversion_funnel.deposited IS 'Of these, who ever deposited.';
COMMENT ON COLUMN reporting.conversion_funnel.traded IS 'Of these, who ever traded.';
COMMENT ON COLUMN reporting.conversion_funnel.earning IS 'Of these, who ever earned the partner something.';
