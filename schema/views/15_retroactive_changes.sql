-- A money column that changed is in the change record. A row that vanished or came back took its
-- money with it: its columns did not change, so their value at that time is looked up, in the next
-- change that names the column, else in the row.
CREATE OR REPLACE VIEW reporting.retroactive_changes AS
WITH row_now AS (
  SELECT 'commission' AS record_table, source_id, stream, external_id,
         coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date,
                  (occurred_to AT TIME ZONE 'UTC')::date) AS day,
         grain IS NOT DISTINCT FROM 'lifetime' AS running_total, currency, client_ref,
         jsonb_build_object('amount', amount, 'original_amount', original_amount,
                            'amount_usd', amount_usd) AS money
  FROM affsync.commission
  UNION ALL
  SELECT 'rebate', source_id, stream, external_id, (occurred_at AT TIME ZONE 'UTC')::date,
         grain IS NOT DISTINCT FROM 'lifetime', currency, client_ref,
         jsonb_build_object('amount', amount, 'amount_usd', amount_usd,
                            'basis_amount', basis_amount, 'basis_amount_usd', basis_amount_usd)
  FROM affsync.rebate
  UNION ALL
  SELECT 'payout', source_id, stream, external_id,
         (coalesce(requested_at, paid_at) AT TIME ZONE 'UTC')::date, false, currency, NULL,
         jsonb_build_object('amount', amount, 'amount_usd', amount_usd)
  FROM affsync.payout
  UNION ALL
  SELECT 'client', source_id, stream, external_id, NULL::date, true, currency, client_ref,
         jsonb_build_object('earned_usd', earned_usd, 'rebate_usd', rebate_usd,
                            'deposits', deposits, 'withdrawals', withdrawals)
  FROM affsync.client
  UNION ALL
  SELECT 'trading_account', source_id, stream, external_id, NULL::date, true, currency, client_ref,
         jsonb_build_object('reward', reward, 'reward_usd', reward_usd)
  FROM affsync.trading_account
  UNION ALL
  SELECT 'balance', source_id, stream, external_id, NULL::date, true, currency, NULL,
         jsonb_build_object('amount', amount, 'reserved', reserved)
  FROM affsync.balance
)
SELECT
  s.name AS source,
  s.connector,
  h.changed_at,
  h.record_table,
  h.external_id,
  v.column_name,
  v.before,
  v.after,
  coalesce(v.after, 0) - coalesce(v.before, 0) AS difference,
  CASE WHEN NOT n.running_total THEN n.day END AS occurred_on,
  h.operation,
  h.stream,
  CASE WHEN right(v.column_name, 4) = '_usd' THEN 'USD' ELSE n.currency END AS currency,
  n.client_ref,
  n.running_total
FROM affsync.record_change h
JOIN affsync.source s ON s.source_id = h.source_id
JOIN row_now n
  ON n.record_table = h.record_table AND n.source_id = h.source_id AND n.stream = h.stream
  AND n.external_id = h.external_id
CROSS JOIN LATERAL jsonb_object_keys(n.money) AS m (column_name)
CROSS JOIN LATERAL (
  SELECT coalesce(
    (SELECT l.before -> m.column_name
     FROM affsync.record_change l
     WHERE h.operation <> 'update' AND l.source_id = h.source_id
       AND l.record_table = h.record_table AND l.stream = h.stream
       AND l.external_id = h.external_id AND l.change_id > h.change_id
       AND l.before ? m.column_name
     ORDER BY l.change_id
     LIMIT 1),
    n.money -> m.column_name) AS stayed
) t
CROSS JOIN LATERAL (
  SELECT
    m.column_name,
    CASE h.operation
      WHEN 'update' THEN (h.before ->> m.column_name)::numeric
      WHEN 'delete' THEN (t.stayed #>> '{}')::numeric
    END AS before,
    CASE h.operation
      WHEN 'update' THEN (h.after ->> m.column_name)::numeric
      WHEN 'restore' THEN
        CASE WHEN h.after ? m.column_name THEN (h.after ->> m.column_name)::numeric
             ELSE (t.stayed #>> '{}')::numeric END
    END AS after
) v
WHERE v.before IS DISTINCT FROM v.after;
COMMENT ON VIEW reporting.retroactive_changes IS 'Amounts that the broker changed after affsync had stored them, one row a column. A vanished row counts as a change to nothing, a returned one as a change from nothing.';
COMMENT ON COLUMN reporting.retroactive_changes.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.retroactive_changes.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.retroactive_changes.changed_at IS 'When affsync met the change.';
COMMENT ON COLUMN reporting.retroactive_changes.record_table IS 'The record table that holds the row.';
COMMENT ON COLUMN reporting.retroactive_changes.external_id IS 'The row''s key.';
COMMENT ON COLUMN reporting.retroactive_changes.column_name IS 'The money column.';
COMMENT ON COLUMN reporting.retroactive_changes.before IS 'The amount before; null: none.';
COMMENT ON COLUMN reporting.retroactive_changes.after IS 'The amount after; null: none.';
COMMENT ON COLUMN reporting.retroactive_changes.difference IS 'after minus before, null taken as 0.';
COMMENT ON COLUMN reporting.retroactive_changes.occurred_on IS 'The day that the row counts for, as the broker has it now: of a payout, the UTC day of its request. Null for running totals and balances.';
COMMENT ON COLUMN reporting.retroactive_changes.operation IS 'update, delete (the row vanished) or restore (it came back).';
COMMENT ON COLUMN reporting.retroactive_changes.stream IS 'The feed.';
COMMENT ON COLUMN reporting.retroactive_changes.currency IS 'Currency of before, after and difference, as the row has it now.';
COMMENT ON COLUMN reporting.retroactive_changes.client_ref IS 'The client; null where the row has none.';
COMMENT ON COLUMN reporting.retroactive_changes.running_total IS 'True for running totals and balances, which change in the normal course of things.';
