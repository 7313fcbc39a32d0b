-- The same as affsync.rebate_steps_by_row, from steps that are kept (affsync.growth) and, for changes that
-- were written since, from the changes of these rows.
CREATE OR REPLACE VIEW affsync.rebate_steps AS
WITH pending AS MATERIALIZED (
  SELECT * FROM affsync.growth_pending('rebate')
)
SELECT
  b.source_id,
  b.source,
  b.connector,
  b.stream,
  b.external_id,
  b.client_ref,
  b.account,
  b.rebate_group_id,
  b.status,
  b.currency,
  b.day,
  b.step AS amount,
  CASE
    WHEN b.by_broker THEN b.step_usd
    WHEN b.currency = 'USD' THEN b.step
    ELSE (SELECT round(x.usd, least(scale(x.usd), 8))
          FROM (SELECT b.step * r.usd_rate AS usd OFFSET 0) x)
  END AS amount_usd,
  CASE WHEN b.by_broker THEN 'broker' ELSE r.origin END AS usd_origin,
  coalesce(b.status, '') NOT IN ('rejected', 'reversed') AS counts,
  b.since,
  b.until,
  b.change_id
FROM (
  -- Joined here and not after the union, of which PostgreSQL has no statistics.
  SELECT
    c.source_id, s.name AS source, s.connector, c.stream, c.external_id, c.client_ref, c.account, c.rebate_group_id,
    c.status, k.day, k.step, k.step_usd,
    CASE WHEN k.own_currency THEN c.currency ELSE k.currency END AS currency,
    coalesce(k.has_usd, c.amount_usd IS NOT NULL) AND k.step_usd IS NOT NULL AS by_broker,
    greatest(c.first_seen_at, k.since) AS since, k.until, k.change_id
  FROM affsync.growth k
  JOIN affsync.rebate c
    ON c.source_id = k.source_id AND c.stream = k.stream AND c.external_id = k.external_id
  JOIN affsync.source s ON s.source_id = c.source_id
  LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
  WHERE k.record_table = 'rebate' AND (SELECT affsync.changes_are_marked())
    AND NOT EXISTS (SELECT FROM pending p
                    WHERE p.anew AND p.source_id = k.source_id AND p.stream = k.stream
                      AND p.external_id = k.external_id)
    AND c.grain = 'lifetime' AND coalesce(st.in_reports, true)
    AND (NOT k.needs_currency OR c.currency IS NOT NULL)
  UNION ALL
  SELECT
    c.source_id, s.name AS source, s.connector, c.stream, c.external_id, c.client_ref, c.account, c.rebate_group_id,
    c.status, p.day, p.step, p.step_usd,
    CASE WHEN p.own_currency THEN c.currency ELSE p.currency END AS currency,
    coalesce(p.has_usd, c.amount_usd IS NOT NULL) AND p.step_usd IS NOT NULL AS by_broker,
    greatest(c.first_seen_at, p.since) AS since, p.until, p.change_id
  FROM pending p
  JOIN affsync.rebate c
    ON c.source_id = p.source_id AND c.stream = p.stream AND c.external_id = p.external_id
  JOIN affsync.source s ON s.source_id = c.source_id
  LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
  WHERE NOT p.anew AND c.grain = 'lifetime' AND coalesce(st.in_reports, true)
    AND (NOT p.needs_currency OR c.currency IS NOT NULL)
) b
LEFT JOIN affsync.currency_unit u ON u.currency = b.currency
CROSS JOIN LATERAL affsync.usd_rate(b.currency, b.day, NOT b.by_broker, u.whole, u.factor) r;
COMMENT ON VIEW affsync.rebate_steps IS 'Recorded growth of running totals of rebates (grain lifetime), one row per change, including rows that have since left the list. The value of a total at its first reading is not in any step.';
COMMENT ON COLUMN affsync.rebate_steps.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.rebate_steps.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.rebate_steps.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.rebate_steps.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN affsync.rebate_steps.external_id IS 'The row''s key in affsync.rebate.';
COMMENT ON COLUMN affsync.rebate_steps.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.rebate_steps.account IS 'The client''s trading account.';
COMMENT ON COLUMN affsync.rebate_steps.rebate_group_id IS 'The rule; see affsync.rebate_group.';
COMMENT ON COLUMN affsync.rebate_steps.status IS 'Status of the rebate.';
COMMENT ON COLUMN affsync.rebate_steps.currency IS 'Currency of amount at that time.';
COMMENT ON COLUMN affsync.rebate_steps.day IS 'The UTC day on which affsync detected the change.';
COMMENT ON COLUMN affsync.rebate_steps.amount IS 'Change of the total.';
COMMENT ON COLUMN affsync.rebate_steps.amount_usd IS 'Change of the broker''s own amount in US dollars; else amount converted at the rate of the day, to 8 digits after the point; else null. See usd_origin.';
COMMENT ON COLUMN affsync.rebate_steps.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate (affsync.currency_unit), fx_rate or implied (affsync.fx_implied); null if there is no amount in US dollars.';
COMMENT ON COLUMN affsync.rebate_steps.counts IS 'False if the row was rejected or reversed: never add such rows.';
COMMENT ON COLUMN affsync.rebate_steps.since IS 'Time of the last reading that found the old total: the total grew between since and until. It is the start of the last succeeded run before the change; if such runs are no longer stored, the last earlier change of the row.';
COMMENT ON COLUMN affsync.rebate_steps.until IS 'When affsync detected the change.';
COMMENT ON COLUMN affsync.rebate_steps.change_id IS 'The change; see affsync.record_change.';
