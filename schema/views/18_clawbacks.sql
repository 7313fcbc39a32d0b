-- Commission that was taken back: lowered, rejected, reversed, or no longer listed. What a column
-- held around a change that did not touch it is looked up in the next change that names it, else in
-- the row.
CREATE OR REPLACE VIEW reporting.clawbacks AS
SELECT
  s.name AS source,
  s.connector,
  h.changed_at,
  CASE
    WHEN h.operation = 'delete' THEN 'vanished'
    WHEN v.status_after IN ('rejected', 'reversed') THEN v.status_after
    ELSE 'lowered'
  END AS reason,
  c.external_id,
  c.client_ref,
  c.kind,
  c.currency,
  v.counted_before AS before,
  v.counted_after AS after,
  v.counted_after - v.counted_before AS difference,
  coalesce(c.occurred_on, (c.occurred_at AT TIME ZONE 'UTC')::date,
           (c.occurred_to AT TIME ZONE 'UTC')::date) AS occurred_on,
  c.stream
FROM affsync.record_change h
JOIN affsync.commission c
  ON c.source_id = h.source_id AND c.stream = h.stream AND c.external_id = h.external_id
JOIN affsync.source s ON s.source_id = c.source_id
LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
CROSS JOIN LATERAL (
  SELECT
    (CASE WHEN h.after ? 'amount' THEN h.after -> 'amount'
          ELSE coalesce((SELECT l.before -> 'amount' FROM affsync.record_change l
                         WHERE l.source_id = h.source_id AND l.record_table = 'commission'
                           AND l.stream = h.stream AND l.external_id = h.external_id
                           AND l.change_id > h.change_id AND l.before ? 'amount'
                         ORDER BY l.change_id LIMIT 1),
                        to_jsonb(c.amount)) END #>> '{}')::numeric AS amount_after,
    CASE WHEN h.after ? 'status' THEN h.after -> 'status'
         ELSE coalesce((SELECT l.before -> 'status' FROM affsync.record_change l
                        WHERE l.source_id = h.source_id AND l.record_table = 'commission'
                          AND l.stream = h.stream AND l.external_id = h.external_id
                          AND l.change_id > h.change_id AND l.before ? 'status'
                        ORDER BY l.change_id LIMIT 1),
                       to_jsonb(c.status)) END #>> '{}' AS status_after
) a
CROSS JOIN LATERAL (
  SELECT
    CASE WHEN h.before ? 'amount' THEN (h.before ->> 'amount')::numeric
         ELSE a.amount_after END AS amount_before,
    CASE WHEN h.before ? 'status' THEN h.before ->> 'status' ELSE a.status_after END
      AS status_before
) b
CROSS JOIN LATERAL (
  SELECT
    a.status_after,
    CASE WHEN coalesce(b.status_before, '') IN ('rejected', 'reversed') THEN 0
         ELSE coalesce(b.amount_before, 0) END AS counted_before,
    CASE WHEN h.operation = 'delete' OR coalesce(a.status_after, '') IN ('rejected', 'reversed')
         THEN 0 ELSE coalesce(a.amount_after, 0) END AS counted_after
) v
WHERE h.record_table = 'commission' AND c.grain IS DISTINCT FROM 'lifetime'
  AND (h.operation = 'delete'
       OR h.operation = 'update' AND (h.before ? 'amount' OR h.before ? 'status'))
  AND v.counted_after < v.counted_before AND coalesce(st.in_reports, true);
COMMENT ON VIEW reporting.clawbacks IS 'Commission that the broker took back after affsync had stored it: one row a change by which less counts than before. Running totals and streams that repeat another one are left out.';
COMMENT ON COLUMN reporting.clawbacks.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.clawbacks.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.clawbacks.changed_at IS 'When affsync met the change.';
COMMENT ON COLUMN reporting.clawbacks.reason IS 'lowered, rejected, reversed, or vanished (the broker no longer lists it).';
COMMENT ON COLUMN reporting.clawbacks.external_id IS 'The row''s key in affsync.commission.';
COMMENT ON COLUMN reporting.clawbacks.client_ref IS 'The client.';
COMMENT ON COLUMN reporting.clawbacks.kind IS 'Kind of commission.';
COMMENT ON COLUMN reporting.clawbacks.currency IS 'Currency of before, after and difference.';
COMMENT ON COLUMN reporting.clawbacks.before IS 'What counted before.';
COMMENT ON COLUMN reporting.clawbacks.after IS 'What counted then.';
COMMENT ON COLUMN reporting.clawbacks.difference IS 'after minus before, below 0.';
COMMENT ON COLUMN reporting.clawbacks.occurred_on IS 'The day that the commission counts for.';
COMMENT ON COLUMN reporting.clawbacks.stream IS 'The feed.';
