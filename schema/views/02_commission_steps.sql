-- How running totals grew: the only form in which lifetime rows may stand beside dated ones.
CREATE OR REPLACE VIEW affsync.commission_steps AS
SELECT
  b.source_id,
  b.source,
  b.connector,
  b.stream,
  b.external_id,
  b.client_ref,
  b.kind,
  b.status,
  b.currency,
  (h.changed_at AT TIME ZONE 'UTC')::date AS day,
  h.step AS amount,
  CASE
    WHEN b.usd_origin = 'broker' THEN coalesce(h.step_usd, 0)
    WHEN b.currency = 'USD' THEN h.step
    ELSE h.step * f.usd_rate
  END AS amount_usd,
  h.step_lots AS volume_lots
FROM (
  SELECT
    source_id, stream, external_id, changed_at,
    (after ->> 'amount')::numeric - (before ->> 'amount')::numeric AS step,
    (after ->> 'amount_usd')::numeric - (before ->> 'amount_usd')::numeric AS step_usd,
    (after ->> 'volume_lots')::numeric - (before ->> 'volume_lots')::numeric AS step_lots
  FROM affsync.record_change
  WHERE record_table = 'commission' AND operation IN ('update', 'restore')
    AND before ? 'amount' AND NOT before ? 'currency'
) h
JOIN affsync.commission_books b
  ON b.source_id = h.source_id AND b.stream = h.stream AND b.external_id = h.external_id
LEFT JOIN affsync.fx_rate f
  ON f.currency = b.currency AND f.on_date = (h.changed_at AT TIME ZONE 'UTC')::date
WHERE b.grain = 'lifetime' AND h.step IS NOT NULL;
COMMENT ON VIEW affsync.commission_steps IS 'Recorded growth of running totals (grain lifetime), one row a change. What a total was when it was first read is in no step.';
COMMENT ON COLUMN affsync.commission_steps.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.commission_steps.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.commission_steps.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.commission_steps.stream IS 'The feed.';
COMMENT ON COLUMN affsync.commission_steps.external_id IS 'The row''s key in affsync.commission.';
COMMENT ON COLUMN affsync.commission_steps.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.commission_steps.kind IS 'Kind of commission.';
COMMENT ON COLUMN affsync.commission_steps.status IS 'Status of the commission.';
COMMENT ON COLUMN affsync.commission_steps.currency IS 'Currency of amount.';
COMMENT ON COLUMN affsync.commission_steps.day IS 'The UTC day on which affsync met the change.';
COMMENT ON COLUMN affsync.commission_steps.amount IS 'By how much the total changed.';
COMMENT ON COLUMN affsync.commission_steps.amount_usd IS 'The same in US dollars; null where nothing tells.';
COMMENT ON COLUMN affsync.commission_steps.volume_lots IS 'By how much the volume changed, in lots; null when it did not.';
