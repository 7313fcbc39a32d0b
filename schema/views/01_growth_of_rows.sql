-- The steps of running totals of commission or rebate: of each row those after one of its changes, with
-- affsync.growth_state as what was known then; 0: all of them. affsync.commission_steps_by_row explains
-- what a step is. Beside the steps, the last change of each row, with the state after it.
CREATE OR REPLACE FUNCTION affsync.growth_of_rows(
  of_table text, sources integer[], streams text[], keys text[], after_changes bigint[]
) RETURNS TABLE (
  source_id integer, stream text, external_id text, change_id bigint, is_step boolean, day date,
  since timestamptz, until timestamptz, step numeric, step_usd numeric, step_lots numeric, currency text,
  own_currency boolean, needs_currency boolean, has_usd boolean, is_last boolean, changes bigint, era bigint,
  last_currency text[], last_usd text[], known numeric[], known_usd numeric[], known_lots numeric[],
  grew_at bigint, known_to_run bigint, known_to timestamptz, known_from timestamptz
)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off SET work_mem = '32MB' AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    WITH named AS (
      SELECT w.source_id, w.stream, w.external_id, z.changes AS z_changes, z.last_at AS z_last_at,
        z.era AS z_era, z.last_currency AS z_last_currency, z.last_usd AS z_last_usd, z.known AS z_known,
        z.known_usd AS z_known_usd, z.known_lots AS z_known_lots, z.grew_at AS z_grew_at,
        z.known_to_run AS z_known_to_run, z.known_to AS z_known_to, z.known_from AS z_known_from,
        n.change_id, n.run_id, n.changed_at, n.operation, n.before, n.after, n.amount_was, n.usd_was, n.lots_was,
        coalesce(n.before ->> 'ours' IN ('key', 'window'), false) AS begins,
        -- Of what another mapping and the broker changed at one time, the old total is that before both.
        max(n.changed_at) OVER (PARTITION BY w.source_id, w.stream, w.external_id ORDER BY n.changed_at
                                GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier_at,
        lead(n.change_id) OVER row_changes IS NULL AS is_last,
        count(*) OVER row_changes AS nth,
        max(CASE WHEN n.before ->> 'currency' IS NOT NULL
                 THEN ARRAY[lpad(n.change_id::text, 20, '0'), n.before ->> 'currency'] END)
          OVER row_changes AS new_currency,
        max(CASE WHEN n.before ? 'amount_usd'
                 THEN ARRAY[lpad(n.change_id::text, 20, '0'), n.after ->> 'amount_usd'] END)
          OVER row_changes AS new_usd,
        min(CASE WHEN n.before ? 'amount_usd'
                 THEN ARRAY[lpad(n.change_id::text, 20, '0'), n.before ->> 'amount_usd'] END)
          OVER (PARTITION BY w.source_id, w.stream, w.external_id) AS first_usd,
        -- The currency at that time: the old value in the next change of the currency.
        min(CASE WHEN n.before ? 'currency'
                 THEN ARRAY[lpad(n.change_id::text, 20, '0'), n.before ->> 'currency'] END)
          OVER (PARTITION BY w.source_id, w.stream, w.external_id ORDER BY n.change_id DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS next_currency
      FROM unnest(sources, streams, keys, after_changes) w (source_id, stream, external_id, after_change)
      LEFT JOIN affsync.growth_state z
        ON w.after_change > 0 AND z.source_id = w.source_id AND z.record_table = of_table
        AND z.stream = w.stream AND z.external_id = w.external_id
      CROSS JOIN LATERAL (
        SELECT h.change_id, h.run_id, h.changed_at, h.operation, h.before, h.after,
               (h.before ->> 'amount')::numeric AS amount_was, (h.before ->> 'amount_usd')::numeric AS usd_was,
               (h.before ->> 'volume_lots')::numeric AS lots_was
        FROM affsync.record_change h
        WHERE h.source_id = w.source_id AND h.external_id = w.external_id AND h.change_id > w.after_change
          AND h.stream = w.stream AND h.record_table = of_table
        OFFSET 0
      ) n
      WINDOW row_changes AS (PARTITION BY w.source_id, w.stream, w.external_id ORDER BY n.change_id
                             ROWS UNBOUNDED PRECEDING)
    ), eras AS (
      SELECT m.*, coalesce(m.z_era, 0)
               + sum(m.other_currency) OVER (PARTITION BY m.source_id, m.stream, m.external_id
                                             ORDER BY m.change_id ROWS UNBOUNDED PRECEDING) AS era
      FROM (
        SELECT e.*, coalesce(e.new_currency, e.z_last_currency) AS last_currency,
               coalesce(e.new_usd, e.z_last_usd) AS last_usd,
               CASE WHEN e.after ->> 'currency' IS DISTINCT FROM (coalesce(e.new_currency, e.z_last_currency))[2]
                         AND e.after ->> 'currency' IS NOT NULL THEN 1 ELSE 0 END AS other_currency
        FROM named e
      ) m
    ), told AS (
      SELECT o.*,
        -- What this change says of what was before it.
        CASE WHEN o.begins OR o.operation = 'remap' AND o.before ? 'amount'
             THEN ARRAY[o.change_id, o.era - o.other_currency, NULL]
             WHEN o.amount_was IS NOT NULL
             THEN ARRAY[o.change_id, o.era - o.other_currency, o.amount_was] END AS tells,
        CASE WHEN o.begins OR o.operation = 'remap' AND o.before ? 'amount_usd' THEN ARRAY[o.change_id, NULL]
             WHEN o.usd_was IS NOT NULL THEN ARRAY[o.change_id, o.usd_was] END AS tells_usd,
        CASE WHEN o.begins OR o.operation = 'remap' AND o.before ? 'volume_lots' THEN ARRAY[o.change_id, NULL]
             WHEN o.lots_was IS NOT NULL THEN ARRAY[o.change_id, o.lots_was] END AS tells_lots,
        CASE WHEN o.before ? 'amount' AND o.after ->> 'amount' IS NOT NULL THEN o.change_id END AS grows,
        CASE WHEN o.amount_was IS NOT NULL THEN o.run_id END AS tells_run,
        CASE WHEN o.amount_was IS NOT NULL THEN o.changed_at END AS tells_to,
        CASE WHEN o.amount_was IS NOT NULL THEN coalesce(o.earlier_at, o.z_last_at) END AS tells_from
      FROM eras o
    ), known AS (
      SELECT t.*,
        coalesce(max(t.tells) OVER earlier, t.z_known) AS known,
        coalesce(max(t.tells_usd) OVER earlier, t.z_known_usd) AS known_usd,
        coalesce(max(t.tells_lots) OVER earlier, t.z_known_lots) AS known_lots,
        coalesce(max(t.grows) OVER earlier, t.z_grew_at) AS grew_at,
        greatest(max(t.tells_run) OVER earlier, t.z_known_to_run) AS known_to_run,
        greatest(max(t.tells_to) OVER earlier, t.z_known_to) AS known_to,
        greatest(max(t.tells_from) OVER earlier, t.z_known_from) AS known_from
      FROM told t
      WINDOW earlier AS (PARTITION BY t.source_id, t.stream, t.external_id
                         ORDER BY t.change_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), found AS (
      SELECT k.*, g.was_unknown, d.step, d.step_usd,
        (k.after ->> 'volume_lots')::numeric - coalesce(k.lots_was, k.known_lots[2]) AS step_lots,
        coalesce(
          k.operation IN ('update', 'restore') AND NOT k.begins
          AND k.before ?| CASE WHEN of_table = 'commission' THEN ARRAY['amount', 'amount_usd', 'volume_lots']
                               ELSE ARRAY['amount', 'amount_usd'] END
          AND (g.was_unknown OR NOT k.before ? 'currency') AND d.step IS NOT NULL, false) AS is_step,
        CASE WHEN g.was_unknown THEN k.known_to_run ELSE k.run_id END AS until_run,
        CASE WHEN g.was_unknown THEN k.known_to ELSE k.changed_at END AS until_at
      FROM known k
      CROSS JOIN LATERAL (SELECT k.before ? 'amount' AND k.amount_was IS NULL AS was_unknown) g
      CROSS JOIN LATERAL (
        SELECT
          CASE WHEN k.before ? 'amount'
               THEN (k.after ->> 'amount')::numeric - coalesce(
                 k.amount_was,
                 CASE WHEN k.known[2] = k.era
                           AND (k.last_currency IS NULL OR k.next_currency IS NULL OR k.next_currency[2] IS NOT NULL)
                      THEN k.known[3] END)
               ELSE 0
          END AS step,
          CASE WHEN k.before ? 'amount_usd'
               THEN (k.after ->> 'amount_usd')::numeric
                    - coalesce(k.usd_was,
                               CASE WHEN k.grew_at < k.known_usd[1] OR k.grew_at IS NULL THEN k.known_usd[2] END)
               ELSE 0
          END AS step_usd
      ) d
    ), runs AS MATERIALIZED (
      -- The last run before it that read all is that of many steps.
      SELECT r.*, (SELECT q.started_at
                   FROM affsync.sync_run q
                   WHERE q.source_id = r.source_id AND q.stream = r.stream AND q.run_id < r.until_run
                     AND q.status = 'succeeded' AND q.started_at <= r.until_at
                   ORDER BY q.run_id DESC
                   LIMIT 1) AS started_at
      FROM (SELECT DISTINCT f.source_id, f.stream, f.until_run, f.until_at FROM found f WHERE f.is_step) r
    )
    SELECT f.source_id, f.stream, f.external_id, f.change_id, f.is_step,
      (f.changed_at AT TIME ZONE 'UTC')::date,
      greatest(CASE WHEN f.was_unknown THEN f.known_from ELSE coalesce(f.earlier_at, f.z_last_at) END,
               r.started_at),
      f.changed_at, f.step, f.step_usd, f.step_lots, f.next_currency[2], f.next_currency IS NULL,
      f.next_currency IS NULL AND f.was_unknown AND f.last_currency IS NOT NULL,
      CASE WHEN f.last_usd IS NOT NULL THEN f.last_usd[2] IS NOT NULL
           WHEN f.first_usd IS NOT NULL THEN f.first_usd[2] IS NOT NULL END,
      f.is_last, coalesce(f.z_changes, 0) + f.nth, f.era::bigint, f.last_currency, f.last_usd,
      coalesce(f.tells, f.known), coalesce(f.tells_usd, f.known_usd), coalesce(f.tells_lots, f.known_lots),
      coalesce(f.grows, f.grew_at), greatest(f.tells_run, f.known_to_run), greatest(f.tells_to, f.known_to),
      greatest(f.tells_from, f.known_from)
    FROM found f
    LEFT JOIN runs r
      ON f.is_step AND r.source_id = f.source_id AND r.stream = f.stream AND r.until_run = f.until_run
      AND r.until_at = f.until_at
    WHERE f.is_step OR f.is_last;
END
$$;
COMMENT ON FUNCTION affsync.growth_of_rows(text, integer[], text[], text[], bigint[]) IS 'Steps of running totals from their changes; see affsync.growth.';
