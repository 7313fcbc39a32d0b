-- The definition of affsync.rebate_steps, from all changes ever: growth steps of running totals. Only these may
-- be added to dated rows, never the lifetime rows themselves. A change to null is no step, because the total
-- is unknown then; the step with which it is known again has what it grew meanwhile. A change of currency is
-- no step either. A step keeps its day if the row later leaves the list.
CREATE OR REPLACE VIEW affsync.rebate_steps_by_row AS
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
  SELECT
    c.source_id, s.name AS source, s.connector, c.stream, c.external_id, c.client_ref, c.account, c.rebate_group_id,
    c.status, (h.changed_at AT TIME ZONE 'UTC')::date AS day, d.step, d.step_usd,
    g.has_usd AND d.step_usd IS NOT NULL AS by_broker,
    -- The currency at that time: the old value in the next change of the currency; without such a
    -- change, the row's own.
    g.currency,
    -- Time of the last reading that still found the old total.
    greatest(
      c.first_seen_at,
      CASE WHEN g.was_unknown THEN h.known_from ELSE h.earlier_at END,
      (SELECT q.started_at
       FROM affsync.sync_run q
       WHERE q.source_id = h.source_id AND q.stream = h.stream
         AND q.run_id < CASE WHEN g.was_unknown THEN h.known_to_run ELSE h.run_id END
         AND q.status = 'succeeded'
         AND q.started_at <= CASE WHEN g.was_unknown THEN h.known_to ELSE h.changed_at END
       ORDER BY q.run_id DESC
       LIMIT 1)) AS since,
    h.changed_at AS until,
    h.change_id
  FROM (
    -- All changes of running totals, each with what was known of the total before it, in case that the
    -- broker sends none for a while: the change that it went with, the era of its currency, and itself.
    SELECT o.*,
      max(CASE WHEN o.begins OR o.operation = 'remap' AND o.before ? 'amount'
               THEN ARRAY[o.change_id, o.era - o.other_currency, NULL]
               WHEN o.before ->> 'amount' IS NOT NULL
               THEN ARRAY[o.change_id, o.era - o.other_currency, (o.before ->> 'amount')::numeric] END)
        OVER earlier AS known,
      max(CASE WHEN o.begins OR o.operation = 'remap' AND o.before ? 'amount_usd'
               THEN ARRAY[o.change_id, NULL]
               WHEN o.before ->> 'amount_usd' IS NOT NULL
               THEN ARRAY[o.change_id, (o.before ->> 'amount_usd')::numeric] END)
        OVER earlier AS known_usd,
      max(CASE WHEN o.before ? 'amount' AND o.after ->> 'amount' IS NOT NULL THEN o.change_id END)
        OVER earlier AS grew_at,
      max(CASE WHEN o.before ->> 'amount' IS NOT NULL THEN o.run_id END) OVER earlier AS known_to_run,
      max(CASE WHEN o.before ->> 'amount' IS NOT NULL THEN o.changed_at END) OVER earlier AS known_to,
      max(CASE WHEN o.before ->> 'amount' IS NOT NULL THEN o.earlier_at END) OVER earlier AS known_from
    FROM (
      SELECT m.*, sum(m.other_currency) OVER (PARTITION BY m.source_id, m.stream, m.external_id
                                              ORDER BY m.change_id ROWS UNBOUNDED PRECEDING) AS era
      FROM (
        SELECT e.*, CASE WHEN e.after ->> 'currency' IS DISTINCT FROM e.last_currency[2]
                              AND e.after ->> 'currency' IS NOT NULL THEN 1 ELSE 0 END AS other_currency
        FROM (
          SELECT n.*, coalesce(n.before ->> 'ours' IN ('key', 'window'), false) AS begins,
            -- Of what another mapping and the broker changed at one time, the old total is that before both.
            max(n.changed_at) OVER (PARTITION BY n.source_id, n.stream, n.external_id ORDER BY n.changed_at
                                    GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier_at,
            max(CASE WHEN n.before ->> 'currency' IS NOT NULL
                     THEN ARRAY[lpad(n.change_id::text, 20, '0'), n.before ->> 'currency'] END)
              OVER (PARTITION BY n.source_id, n.stream, n.external_id
                    ORDER BY n.change_id ROWS UNBOUNDED PRECEDING) AS last_currency,
            max(CASE WHEN n.before ? 'amount_usd'
                     THEN ARRAY[lpad(n.change_id::text, 20, '0'), n.after ->> 'amount_usd'] END)
              OVER (PARTITION BY n.source_id, n.stream, n.external_id
                    ORDER BY n.change_id ROWS UNBOUNDED PRECEDING) AS last_usd,
            min(CASE WHEN n.before ? 'amount_usd'
                     THEN ARRAY[lpad(n.change_id::text, 20, '0'), n.before ->> 'amount_usd'] END)
              OVER (PARTITION BY n.source_id, n.stream, n.external_id) AS first_usd
          FROM affsync.rebate k
          JOIN affsync.record_change n
            ON n.source_id = k.source_id AND n.record_table = 'rebate' AND n.stream = k.stream
            AND n.external_id = k.external_id
          WHERE k.grain = 'lifetime'
        ) e
      ) m
    ) o
    WINDOW earlier AS (PARTITION BY o.source_id, o.stream, o.external_id
                       ORDER BY o.change_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ) h
  JOIN affsync.rebate c
    ON c.source_id = h.source_id AND c.stream = h.stream AND c.external_id = h.external_id
  JOIN affsync.source s ON s.source_id = c.source_id
  LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
  LEFT JOIN LATERAL (
    SELECT n.before
    FROM affsync.record_change n
    WHERE n.source_id = h.source_id AND n.record_table = 'rebate' AND n.stream = h.stream
      AND n.external_id = h.external_id AND n.change_id > h.change_id AND n.before ? 'currency'
    ORDER BY n.change_id
    LIMIT 1
  ) l ON true
  CROSS JOIN LATERAL (
    SELECT CASE WHEN l.before IS NULL THEN c.currency ELSE l.before ->> 'currency' END AS currency,
           h.before ? 'amount' AND h.before ->> 'amount' IS NULL AS was_unknown,
           -- Whether the broker gave an amount in dollars then, whatever it does now.
           CASE WHEN h.last_usd IS NOT NULL THEN h.last_usd[2]
                WHEN h.first_usd IS NOT NULL THEN h.first_usd[2]
                ELSE c.amount_usd::text END IS NOT NULL AS has_usd
  ) g
  CROSS JOIN LATERAL (
    SELECT
      CASE WHEN h.before ? 'amount'
           THEN (h.after ->> 'amount')::numeric - coalesce(
             (h.before ->> 'amount')::numeric,
             CASE WHEN h.known[2] = h.era AND (h.last_currency IS NULL OR g.currency IS NOT NULL)
                  THEN h.known[3] END)
           ELSE 0
      END AS step,
      CASE WHEN h.before ? 'amount_usd'
           THEN (h.after ->> 'amount_usd')::numeric
                - coalesce((h.before ->> 'amount_usd')::numeric,
                           -- What was added meanwhile without the broker's dollars is not added again.
                           CASE WHEN h.grew_at < h.known_usd[1] OR h.grew_at IS NULL
                                THEN h.known_usd[2] END)
           ELSE 0
      END AS step_usd
  ) d
  WHERE h.operation IN ('update', 'restore') AND NOT h.begins
    AND h.before ?| ARRAY['amount', 'amount_usd']
    AND (g.was_unknown OR NOT h.before ? 'currency')
    AND d.step IS NOT NULL AND c.grain = 'lifetime' AND coalesce(st.in_reports, true)
) b
LEFT JOIN affsync.currency_unit u ON u.currency = b.currency
CROSS JOIN LATERAL affsync.usd_rate(b.currency, b.day, NOT b.by_broker, u.whole, u.factor) r;
COMMENT ON VIEW affsync.rebate_steps_by_row IS 'Recorded growth of running totals of rebates (grain lifetime), one row per change, including rows that have since left the list. The value of a total at its first reading is not in any step.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.source IS 'Name of the source.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.connector IS 'Connector of the source.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.external_id IS 'The row''s key in affsync.rebate.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.account IS 'The client''s trading account.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.rebate_group_id IS 'The rule; see affsync.rebate_group.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.status IS 'Status of the rebate.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.currency IS 'Currency of amount at that time.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.day IS 'The UTC day on which affsync detected the change.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.amount IS 'Change of the total.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.amount_usd IS 'Change of the broker''s own amount in US dollars; else amount converted at the rate of the day, to 8 digits after the point; else null. See usd_origin.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.usd_origin IS 'Origin of amount_usd: broker, same currency, fixed rate (affsync.currency_unit), fx_rate or implied (affsync.fx_implied); null if there is no amount in US dollars.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.counts IS 'False if the row was rejected or reversed: never add such rows.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.since IS 'Time of the last reading that found the old total: the total grew between since and until. It is the start of the last succeeded run before the change; if such runs are no longer stored, the last earlier change of the row.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.until IS 'When affsync detected the change.';
COMMENT ON COLUMN affsync.rebate_steps_by_row.change_id IS 'The change; see affsync.record_change.';
