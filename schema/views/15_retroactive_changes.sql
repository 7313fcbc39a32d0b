-- Changes of stored amounts, one row per change. The columns of a row that vanished or came back did
-- not change, so their values at that time are taken from the next change that contains the column,
-- else from the row. Of a vanished row in whose place another came, the change says what counted and
-- what counts instead; if that is a row that came back, its return is no further change. One that had
-- gone because of us comes back from what counted then; another sum of a window that comes under the key
-- of one that had gone is no change. Rejected, reversed or refused money counts as zero, so becoming so is
-- a change to zero, and being accepted again one from zero: the differences of a row lead from what it
-- counted first to what it counts now, but for what another mapping made of the same row of the broker's
-- (`remap`), which is no change here. A currency that a row never had before is told only now, and no
-- other one.
--
-- The next change that tells a value is looked for in each month from a month before the change on, in
-- case a clock was set back, to a month from now: years of history and the months that are made ahead cost
-- nothing. What only few changes need is asked for outside of a LIMIT, so that it is asked once
-- and not of each month.
CREATE OR REPLACE VIEW reporting.retroactive_changes AS
WITH row_now AS (
  SELECT 'commission' AS record_table, source_id, stream, external_id,
         affsync.earned_on(occurred_on, occurred_at, occurred_to) AS day,
         grain IS NOT DISTINCT FROM 'lifetime' AS running_total, currency, client_ref, amount,
         status
  FROM affsync.commission
  UNION ALL
  SELECT 'rebate', source_id, stream, external_id, (occurred_at AT TIME ZONE 'UTC')::date,
         grain IS NOT DISTINCT FROM 'lifetime', currency, client_ref, amount, status
  FROM affsync.rebate
  UNION ALL
  SELECT 'payout', source_id, stream, external_id,
         (coalesce(requested_at, paid_at) AT TIME ZONE 'UTC')::date, false, currency, NULL, amount,
         status
  FROM affsync.payout
  UNION ALL
  SELECT 'balance', source_id, stream, external_id, NULL::date, true, currency, NULL, amount, NULL
  FROM affsync.balance
), changed AS (
  SELECT
    h.source_id, h.stream, h.record_table, h.external_id, h.changed_at, h.operation,
    n.day, n.running_total, n.client_ref,
    -- Values after the change.
    CASE WHEN h.after ? 'amount' THEN (h.after ->> 'amount')::numeric
         WHEN a.before IS NULL THEN n.amount ELSE (a.before ->> 'amount')::numeric
    END AS amount_after,
    CASE WHEN h.after ? 'status' THEN h.after ->> 'status'
         WHEN s.before IS NULL THEN n.status ELSE s.before ->> 'status'
    END AS status_after,
    CASE WHEN h.after ? 'currency' THEN h.after ->> 'currency'
         WHEN c.before IS NULL THEN n.currency ELSE c.before ->> 'currency'
    END AS currency_after,
    f.found IS NOT NULL AS had_currency,
    h.before, h.after
  FROM affsync.record_change h
  JOIN row_now n
    ON n.record_table = h.record_table AND n.source_id = h.source_id AND n.stream = h.stream
    AND n.external_id = h.external_id
  LEFT JOIN affsync.stream st ON st.source_id = h.source_id AND st.stream = h.stream
  LEFT JOIN LATERAL (
    SELECT x.before FROM (
      SELECT l.before
      FROM affsync.record_change l
      WHERE l.source_id = h.source_id AND l.record_table = h.record_table AND l.stream = h.stream
        AND l.external_id = h.external_id AND l.change_id > h.change_id
        AND l.changed_at > h.changed_at - interval '31 days'
        AND l.changed_at < now() + interval '31 days' AND l.before ? 'amount'
      ORDER BY l.change_id
      LIMIT 1
    ) x WHERE NOT h.after ? 'amount' LIMIT 1
  ) a ON true
  LEFT JOIN LATERAL (
    SELECT true AS later
    FROM affsync.record_change l
    WHERE l.source_id = h.source_id AND l.record_table = h.record_table AND l.stream = h.stream
      AND l.external_id = h.external_id AND l.change_id > h.change_id
      AND l.changed_at > h.changed_at - interval '31 days'
      AND l.changed_at < now() + interval '31 days' AND (l.before ? 'status' OR l.before ? 'currency')
    LIMIT 1
  ) t ON true
  LEFT JOIN LATERAL (
    SELECT x.before FROM (
      SELECT l.before
      FROM affsync.record_change l
      WHERE l.source_id = h.source_id AND l.record_table = h.record_table AND l.stream = h.stream
        AND l.external_id = h.external_id AND l.change_id > h.change_id
        AND l.changed_at > h.changed_at - interval '31 days'
        AND l.changed_at < now() + interval '31 days' AND l.before ? 'status'
      ORDER BY l.change_id
      LIMIT 1
    ) x WHERE t.later AND NOT h.after ? 'status' LIMIT 1
  ) s ON true
  LEFT JOIN LATERAL (
    SELECT x.before FROM (
      SELECT l.before
      FROM affsync.record_change l
      WHERE l.source_id = h.source_id AND l.record_table = h.record_table AND l.stream = h.stream
        AND l.external_id = h.external_id AND l.change_id > h.change_id
        AND l.changed_at > h.changed_at - interval '31 days'
        AND l.changed_at < now() + interval '31 days' AND l.before ? 'currency'
      ORDER BY l.change_id
      LIMIT 1
    ) x WHERE t.later AND NOT h.after ? 'currency' LIMIT 1
  ) c ON true
  LEFT JOIN LATERAL (
    SELECT x.found FROM (
      SELECT true AS found
      FROM affsync.record_change l
      WHERE l.source_id = h.source_id AND l.record_table = h.record_table AND l.stream = h.stream
        AND l.external_id = h.external_id AND l.change_id < h.change_id AND l.before ? 'currency'
      LIMIT 1
    ) x WHERE h.before ? 'currency' AND h.before ->> 'currency' IS NULL LIMIT 1
  ) f ON true
  LEFT JOIN LATERAL (
    SELECT x.in_place FROM (
      SELECT l.operation = 'update' AND l.after ? 'counted' AS in_place
      FROM affsync.record_change l
      WHERE l.source_id = h.source_id AND l.record_table = h.record_table AND l.stream = h.stream
        AND l.external_id = h.external_id AND l.change_id > h.change_id
        AND l.changed_at >= h.changed_at AND l.changed_at < now() + interval '31 days'
        AND l.operation <> 'remap'
      ORDER BY l.change_id
      LIMIT 1
    ) x WHERE h.operation = 'restore' LIMIT 1
  ) p ON true
  WHERE (h.operation IN ('delete', 'restore') OR h.before ?| ARRAY['amount', 'currency']
         OR h.before ? 'status'
            AND (coalesce(h.before ->> 'status', '') IN ('rejected', 'reversed', 'failed', 'cancelled'))
              <> (coalesce(h.after ->> 'status', '') IN ('rejected', 'reversed', 'failed', 'cancelled')))
    AND h.operation <> 'remap'
    AND coalesce(st.in_reports, true)
    AND p.in_place IS NOT TRUE
    AND (h.before ->> 'ours') IS DISTINCT FROM 'window'
), counted AS (
  SELECT
    h.*,
    -- Values before the change.
    CASE
      WHEN NOT h.before ? 'currency' THEN h.currency_after
      WHEN h.before ->> 'currency' IS NULL AND NOT h.had_currency THEN h.currency_after
      ELSE h.before ->> 'currency'
    END AS currency_before,
    CASE
      WHEN h.before ? 'counted' THEN (h.before ->> 'counted')::numeric
      WHEN h.operation = 'restore' OR v.void_before THEN NULL
      WHEN h.before ? 'amount' THEN (h.before ->> 'amount')::numeric
      ELSE h.amount_after
    END AS counted_before,
    CASE WHEN h.after ? 'counted' THEN (h.after ->> 'counted')::numeric
         WHEN h.operation = 'delete' OR v.void_after THEN NULL ELSE h.amount_after END
      AS counted_after,
    v.void_before OR v.void_after AS void
  FROM changed h
  CROSS JOIN LATERAL (
    SELECT
      coalesce(h.status_after, '') IN ('rejected', 'reversed', 'failed', 'cancelled') AS void_after,
      coalesce(CASE WHEN h.before ? 'status' THEN h.before ->> 'status' ELSE h.status_after END, '')
        IN ('rejected', 'reversed', 'failed', 'cancelled') AS void_before
  ) v
)
SELECT
  s.name AS source,
  s.connector,
  h.changed_at,
  h.record_table,
  h.external_id,
  'amount'::text AS column_name,
  w.before,
  w.after,
  CASE WHEN NOT w.two_currencies THEN coalesce(w.after, 0) - coalesce(w.before, 0) END AS difference,
  CASE WHEN NOT h.running_total THEN h.day END AS occurred_on,
  h.operation,
  h.stream,
  CASE WHEN coalesce(w.after, 0) = 0 AND w.before <> 0 THEN h.currency_before
       ELSE h.currency_after END AS currency,
  h.client_ref,
  h.running_total,
  h.source_id,
  CASE WHEN w.two_currencies THEN 'currency changed' END AS reason,
  h.currency_before
FROM counted h
JOIN affsync.source s ON s.source_id = h.source_id
CROSS JOIN LATERAL (
  SELECT
    CASE WHEN h.void THEN coalesce(h.counted_before, 0) ELSE h.counted_before END AS before,
    CASE WHEN h.void THEN coalesce(h.counted_after, 0) ELSE h.counted_after END AS after,
    -- Zero is the same in every currency.
    h.currency_before IS DISTINCT FROM h.currency_after
      AND coalesce(h.counted_before, 0) <> 0 AND coalesce(h.counted_after, 0) <> 0 AS two_currencies
) w
WHERE w.two_currencies OR w.before IS DISTINCT FROM w.after;
COMMENT ON VIEW reporting.retroactive_changes IS 'Changes of amounts after affsync had stored them, only of the column amount, so that each change is shown once. A vanished row is a change to null, a returned row a change from null, or if it had gone because of us, from what counted then; of rows without an id whose window is replaced, a vanished row is a change to what came in its place for the same day, currency, client and kind; rejected, reversed or refused money counts as 0, so that is a change to 0, and acceptance one from 0. Streams that repeat another one are omitted. Add differences by currency, without running totals: those of a row lead from what it counted first to what it counts now.';
COMMENT ON COLUMN reporting.retroactive_changes.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.retroactive_changes.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.retroactive_changes.changed_at IS 'When affsync detected the change.';
COMMENT ON COLUMN reporting.retroactive_changes.record_table IS 'The record table that holds the row.';
COMMENT ON COLUMN reporting.retroactive_changes.external_id IS 'The row''s key.';
COMMENT ON COLUMN reporting.retroactive_changes.column_name IS 'amount: the money column that counts.';
COMMENT ON COLUMN reporting.retroactive_changes.before IS 'The amount that counted before the change; null: none.';
COMMENT ON COLUMN reporting.retroactive_changes.after IS 'The amount that counted after the change; null: none.';
COMMENT ON COLUMN reporting.retroactive_changes.difference IS 'after minus before, with null as 0; null if the two are in different currencies, or one of them has none (see reason).';
COMMENT ON COLUMN reporting.retroactive_changes.occurred_on IS 'The current day of the row; for a payout, the UTC day of its request. Null for running totals and balances.';
COMMENT ON COLUMN reporting.retroactive_changes.operation IS 'update, delete (the row vanished; after is null, or what came in its place) or restore (it came back).';
COMMENT ON COLUMN reporting.retroactive_changes.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN reporting.retroactive_changes.currency IS 'Currency of after and difference at that time; if nothing is left, the currency of before.';
COMMENT ON COLUMN reporting.retroactive_changes.client_ref IS 'The client; null if the row has none.';
COMMENT ON COLUMN reporting.retroactive_changes.running_total IS 'True for running totals and balances, which change regularly.';
COMMENT ON COLUMN reporting.retroactive_changes.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.retroactive_changes.reason IS 'currency changed, if before and after are in different currencies, or one of them has none; else null.';
COMMENT ON COLUMN reporting.retroactive_changes.currency_before IS 'Currency of before; that of after if the broker had named none before.';
