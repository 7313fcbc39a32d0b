-- Commission that was taken back: lowered, rejected, reversed, or no longer listed. The value of a
-- column at a change that did not affect it is taken from the next change that contains it, else from
-- the row. Of a vanished row in whose place another came, the change says what counted and what counts
-- instead, if a daemon wrote it that knew; changes from before stay removals. Of a running total only the
-- growth that was recorded ever counted.
CREATE OR REPLACE VIEW reporting.clawbacks AS
WITH dated AS (
  SELECT
    h.source_id, h.changed_at, h.operation, h.external_id, h.stream, c.client_ref, c.kind,
    h.after ? 'counted' AS replaced, h.after ->> 'because' AS because,
    affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) AS day,
    v.status_after, v.currency_before, v.currency_after, v.counted_before, v.counted_after,
    -- Zero is the same in every currency.
    v.currency_before IS DISTINCT FROM v.currency_after
      AND v.counted_before <> 0 AND v.counted_after <> 0 AS two_currencies
  FROM affsync.record_change h
  JOIN affsync.commission c
    ON c.source_id = h.source_id AND c.stream = h.stream AND c.external_id = h.external_id
  LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
  -- The next change that tells the amount, the status and the currency: see retroactive_changes.
  LEFT JOIN LATERAL (
    SELECT x.before FROM (
      SELECT l.before
      FROM affsync.record_change l
      WHERE l.source_id = h.source_id AND l.record_table = 'commission' AND l.stream = h.stream
        AND l.external_id = h.external_id AND l.change_id > h.change_id
        AND l.changed_at > h.changed_at - interval '31 days'
        AND l.changed_at < now() + interval '31 days' AND l.before ? 'amount'
      ORDER BY l.change_id
      LIMIT 1
    ) x WHERE NOT h.after ? 'amount' LIMIT 1
  ) la ON true
  LEFT JOIN LATERAL (
    SELECT true AS later
    FROM affsync.record_change l
    WHERE l.source_id = h.source_id AND l.record_table = 'commission' AND l.stream = h.stream
      AND l.external_id = h.external_id AND l.change_id > h.change_id
      AND l.changed_at > h.changed_at - interval '31 days'
      AND l.changed_at < now() + interval '31 days' AND (l.before ? 'status' OR l.before ? 'currency')
    LIMIT 1
  ) t ON true
  LEFT JOIN LATERAL (
    SELECT x.before FROM (
      SELECT l.before
      FROM affsync.record_change l
      WHERE l.source_id = h.source_id AND l.record_table = 'commission' AND l.stream = h.stream
        AND l.external_id = h.external_id AND l.change_id > h.change_id
        AND l.changed_at > h.changed_at - interval '31 days'
        AND l.changed_at < now() + interval '31 days' AND l.before ? 'status'
      ORDER BY l.change_id
      LIMIT 1
    ) x WHERE t.later AND NOT h.after ? 'status' LIMIT 1
  ) ls ON true
  LEFT JOIN LATERAL (
    SELECT x.before FROM (
      SELECT l.before
      FROM affsync.record_change l
      WHERE l.source_id = h.source_id AND l.record_table = 'commission' AND l.stream = h.stream
        AND l.external_id = h.external_id AND l.change_id > h.change_id
        AND l.changed_at > h.changed_at - interval '31 days'
        AND l.changed_at < now() + interval '31 days' AND l.before ? 'currency'
      ORDER BY l.change_id
      LIMIT 1
    ) x WHERE t.later AND NOT h.after ? 'currency' LIMIT 1
  ) lc ON true
  -- A currency that the row never had before is told only now, and no other one.
  LEFT JOIN LATERAL (
    SELECT x.found FROM (
      SELECT true AS found
      FROM affsync.record_change l
      WHERE l.source_id = h.source_id AND l.record_table = 'commission' AND l.stream = h.stream
        AND l.external_id = h.external_id AND l.change_id < h.change_id AND l.before ? 'currency'
      LIMIT 1
    ) x WHERE h.before ? 'currency' AND h.before ->> 'currency' IS NULL LIMIT 1
  ) f ON true
  CROSS JOIN LATERAL (
    SELECT
      CASE WHEN h.after ? 'amount' THEN (h.after ->> 'amount')::numeric
           WHEN la.before IS NULL THEN c.amount
           ELSE (la.before ->> 'amount')::numeric END AS amount_after,
      CASE WHEN h.after ? 'status' THEN h.after ->> 'status'
           WHEN ls.before IS NULL THEN c.status ELSE ls.before ->> 'status' END AS status_after,
      CASE WHEN h.after ? 'currency' THEN h.after ->> 'currency'
           WHEN lc.before IS NULL THEN c.currency ELSE lc.before ->> 'currency' END
        AS currency_after
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
      a.currency_after,
      CASE
        WHEN NOT h.before ? 'currency' THEN a.currency_after
        WHEN h.before ->> 'currency' IS NULL AND f.found IS NULL THEN a.currency_after
        ELSE h.before ->> 'currency'
      END AS currency_before,
      CASE WHEN h.before ? 'counted' THEN (h.before ->> 'counted')::numeric
           WHEN coalesce(b.status_before, '') IN ('rejected', 'reversed') THEN 0
           ELSE coalesce(b.amount_before, 0) END AS counted_before,
      CASE WHEN h.after ? 'counted' THEN (h.after ->> 'counted')::numeric
           WHEN h.operation = 'delete' OR coalesce(a.status_after, '') IN ('rejected', 'reversed')
           THEN 0 ELSE coalesce(a.amount_after, 0) END AS counted_after
    OFFSET 0  -- computed once, not once for each reference
  ) v
  WHERE h.record_table = 'commission' AND c.grain IS DISTINCT FROM 'lifetime'
    AND (h.operation = 'delete'
         OR h.operation = 'update' AND h.before ?| ARRAY['amount', 'status', 'currency']
         -- It had gone because of us.
         OR h.operation = 'restore' AND h.before ? 'counted')
    AND coalesce(st.in_reports, true)
), taken AS (
  SELECT
    source_id, changed_at,
    CASE
      WHEN operation = 'delete' AND NOT replaced THEN 'vanished'
      WHEN replaced THEN coalesce(because, 'lowered')
      WHEN status_after IN ('rejected', 'reversed') THEN status_after
      WHEN two_currencies THEN 'currency changed'
      ELSE 'lowered'
    END AS reason,
    external_id, client_ref, kind,
    CASE WHEN counted_after = 0 THEN currency_before ELSE currency_after END AS currency,
    counted_before, counted_after,
    CASE WHEN NOT two_currencies THEN counted_after - counted_before END AS difference,
    day, stream, currency_before
  FROM dated
  WHERE two_currencies OR counted_after < counted_before
  UNION ALL
  SELECT
    h.source_id, h.changed_at,
    CASE WHEN h.operation = 'delete' THEN 'vanished' ELSE h.after ->> 'status' END,
    h.external_id, c.client_ref, c.kind, g.currency, g.amount, 0, -g.amount, NULL, h.stream,
    g.currency
  FROM affsync.record_change h
  JOIN affsync.commission c
    ON c.source_id = h.source_id AND c.stream = h.stream AND c.external_id = h.external_id
  CROSS JOIN LATERAL (  -- evaluated only for the few rows that were taken back, not for all steps
    SELECT g.currency, sum(g.amount) AS amount
    FROM affsync.commission_steps g
    WHERE g.source_id = h.source_id AND g.stream = h.stream AND g.external_id = h.external_id
      AND g.change_id < h.change_id
    GROUP BY g.currency
    HAVING sum(g.amount) > 0
  ) g
  WHERE h.record_table = 'commission' AND c.grain = 'lifetime'
    -- A row that goes because it came under another key takes nothing with it.
    AND (h.operation = 'delete' AND coalesce(c.status, '') NOT IN ('rejected', 'reversed')
         AND NOT coalesce(h.after ? 'counted', false)
         OR h.operation = 'update' AND h.before ? 'status'
            AND h.after ->> 'status' IN ('rejected', 'reversed')
            AND coalesce(h.before ->> 'status', '') NOT IN ('rejected', 'reversed'))
  UNION ALL
  SELECT
    h.source_id, h.changed_at, 'lowered', h.external_id, c.client_ref, c.kind, g.currency,
    g.counted - g.step, g.counted, g.step, NULL, h.stream, g.currency
  FROM affsync.record_change h
  JOIN affsync.commission c
    ON c.source_id = h.source_id AND c.stream = h.stream AND c.external_id = h.external_id
  CROSS JOIN LATERAL (  -- the same
    SELECT g.currency, sum(g.amount) AS counted,
      sum(g.amount) FILTER (WHERE g.change_id = h.change_id) AS step
    FROM affsync.commission_steps g
    WHERE g.source_id = h.source_id AND g.stream = h.stream AND g.external_id = h.external_id
      AND g.change_id <= h.change_id
    GROUP BY g.currency
    HAVING sum(g.amount) FILTER (WHERE g.change_id = h.change_id) < 0
  ) g
  LEFT JOIN LATERAL (
    SELECT x.before FROM (
      SELECT l.before
      FROM affsync.record_change l
      WHERE l.source_id = h.source_id AND l.record_table = 'commission' AND l.stream = h.stream
        AND l.external_id = h.external_id AND l.change_id > h.change_id
        AND l.changed_at > h.changed_at - interval '31 days'
        AND l.changed_at < now() + interval '31 days' AND l.before ? 'status'
      ORDER BY l.change_id
      LIMIT 1
    ) x WHERE NOT h.after ? 'status' LIMIT 1
  ) ls ON true
  WHERE h.record_table = 'commission' AND c.grain = 'lifetime' AND h.operation = 'update'
    -- Known again after a while, it may be less than it was when it was known last.
    AND (h.before ? 'amount' AND h.before ->> 'amount' IS NULL
         OR (h.after ->> 'amount')::numeric < (h.before ->> 'amount')::numeric)
    -- One that is void counts nothing that it could lose.
    AND coalesce(CASE WHEN h.after ? 'status' THEN h.after ->> 'status'
                      WHEN ls.before IS NULL THEN c.status ELSE ls.before ->> 'status' END, '')
        NOT IN ('rejected', 'reversed')
)
SELECT
  s.name AS source,
  s.connector,
  t.changed_at,
  t.reason,
  t.external_id,
  t.client_ref,
  t.kind,
  t.currency,
  t.counted_before AS before,
  t.counted_after AS after,
  t.difference,
  t.day AS occurred_on,
  t.stream,
  t.source_id,
  t.currency_before
FROM taken t
JOIN affsync.source s ON s.source_id = t.source_id;
COMMENT ON VIEW reporting.clawbacks IS 'Commission that the broker took back after affsync had stored it: one row per change that reduces what counts, or changes its currency. Of rows without an id whose window is replaced, what vanished is compared with what came in its place for the same day, currency, client and kind. Streams that repeat another one are omitted. Of a running total it is the growth that had counted: all of it if the total left the list, or was rejected or reversed; if it was lowered, the view shows what is also negative growth in reporting.earnings_daily.';
COMMENT ON COLUMN reporting.clawbacks.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.clawbacks.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.clawbacks.changed_at IS 'When affsync detected the change.';
COMMENT ON COLUMN reporting.clawbacks.reason IS 'lowered, rejected, reversed, vanished (the broker no longer lists it), or currency changed.';
COMMENT ON COLUMN reporting.clawbacks.external_id IS 'The row''s key in affsync.commission.';
COMMENT ON COLUMN reporting.clawbacks.client_ref IS 'The client.';
COMMENT ON COLUMN reporting.clawbacks.kind IS 'Kind of commission.';
COMMENT ON COLUMN reporting.clawbacks.currency IS 'Currency of after and difference at that time; if nothing is left, the currency of before.';
COMMENT ON COLUMN reporting.clawbacks.before IS 'The amount that counted before the change.';
COMMENT ON COLUMN reporting.clawbacks.after IS 'The amount that counted after the change.';
COMMENT ON COLUMN reporting.clawbacks.difference IS 'after minus before, below 0; null if the two are in different currencies, or one of them has none.';
COMMENT ON COLUMN reporting.clawbacks.occurred_on IS 'The day of the commission; null for a running total.';
COMMENT ON COLUMN reporting.clawbacks.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN reporting.clawbacks.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.clawbacks.currency_before IS 'Currency of before; that of after if the broker had named none before.';
