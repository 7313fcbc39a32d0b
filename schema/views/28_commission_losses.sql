-- Commission that was there and counts less now, or no more, by the day on which affsync detected it.
-- Reads the changes since the beginning of a time's day, by source and time, and the rows that they are
-- about: not what is older. Days are whole, so that none loses a part while it is told of.
-- A row that got it back since is not in it, nor what changed when all rows were read again because the
-- connector, the privacy setting or the address is another. Amounts of two currencies are not compared: a
-- change of the currency is no loss, and what was lost before stays one in its currency; so it does in the
-- amounts of its time if another mapping reads the row, or if days are cut in another way. What fell, came
-- back and fell again is a loss of the last fall only. A row in whose place another came was not lost, but
-- perhaps lowered. The changes are read once; `vanished`: only what left the list and is still not in it,
-- by the change with which it left; else what was lowered before, or without leaving it.
-- affsync.sources_with_falls() has the condition of `fallen`: of a source that it does not name, nobody asks.
CREATE OR REPLACE FUNCTION affsync.commission_losses(source integer, since timestamptz, vanished boolean)
RETURNS TABLE (
  stream text, external_id text, client_ref text, day date, currency text, detected_on date,
  changed_at timestamptz, before numeric, loss numeric, loss_usd numeric, status text, stood_since timestamptz
) LANGUAGE sql STABLE AS $$
  WITH fallen AS MATERIALIZED (
    SELECT DISTINCT h.stream, h.external_id
    FROM affsync.record_change h
    -- Months ahead have their own partitions, which need not be looked into.
    WHERE h.source_id = $1 AND h.changed_at >= date_trunc('day', $2, 'UTC')
      AND h.changed_at < now() + interval '2 days'
      -- As the index record_change_of_falls has it. An amount that becomes empty counts nothing.
      AND h.record_table = 'commission'
      AND (h.operation = 'delete'
           OR h.operation = 'update'
              AND (coalesce((h.after ->> 'amount')::numeric, 0)
                     < coalesce((h.before ->> 'amount')::numeric, 0)
                   OR h.after ->> 'status' IN ('rejected', 'reversed')))
      -- What is no longer listed was deleted since.
      AND (NOT $3 OR h.operation = 'delete')
  ), changed AS MATERIALIZED (
    SELECT h.stream, h.external_id, h.change_id, h.changed_at, h.operation,
      (h.before ->> 'counted')::numeric AS counted_before, (h.after ->> 'counted')::numeric AS counted_after,
      h.after ->> 'because' AS because, h.before ? 'amount' AS names_amount,
      (h.before ->> 'amount')::numeric AS amount_before, (h.after ->> 'amount')::numeric AS amount_after,
      (h.before ->> 'amount_usd')::numeric AS usd_before, h.before ? 'status' AS names_status,
      h.before ->> 'status' IN ('rejected', 'reversed') AS void_before,
      h.after ->> 'status' IN ('rejected', 'reversed') AS void_after, h.before ->> 'currency' AS currency,
      h.after ->> 'currency' AS currency_after,
      h.operation = 'remap' OR h.operation = 'restore' AND coalesce(h.before ->> 'ours' = 'window', false)
        AS is_another,
      h.operation = 'delete'
        OR NOT $3 AND h.operation = 'update'
           AND (coalesce((h.after ->> 'amount')::numeric, 0)
                  < coalesce((h.before ->> 'amount')::numeric, 0)
                OR h.after ->> 'status' IN ('rejected', 'reversed')) AS may_fall
    FROM fallen f
    JOIN affsync.record_change h
      ON h.source_id = $1 AND h.external_id = f.external_id AND h.stream = f.stream
      AND h.changed_at >= date_trunc('day', $2, 'UTC') AND h.changed_at < now() + interval '2 days'
      AND h.record_table = 'commission'
      AND (h.operation IN ('delete', 'restore') OR h.before ?| ARRAY['amount', 'status', 'currency'])
      -- By the index of rows, be they few or many: PostgreSQL expects thousands, and would read all changes.
      AND h.external_id = ANY (ARRAY(SELECT g.external_id FROM fallen g))
  ), told AS MATERIALIZED (
    -- A value before a change is in this one or the next that names its column, be it empty; else it is
    -- the row's.
    SELECT h.stream, h.external_id, h.change_id, h.changed_at, h.operation, h.names_amount, h.amount_after,
      h.names_status, h.void_after, h.counted_after, h.may_fall,
      coalesce(h.currency <> h.currency_after, false) AS restated,
      min(CASE WHEN h.names_amount THEN ARRAY[h.change_id, h.amount_before, h.usd_before] END) OVER newer
        AS amount,
      min(CASE WHEN h.names_status THEN ARRAY[h.change_id, CASE WHEN h.void_before THEN 1 ELSE 0 END] END)
        OVER newer AS void,
      -- Numbers of one length are in order as texts, too.
      min(ARRAY[lpad(h.change_id::text, 20, '0'), h.currency]) FILTER (WHERE h.currency IS NOT NULL)
        OVER newer AS currency,
      coalesce(bool_or(h.operation = 'restore' AND NOT h.is_another) OVER newer, false) AS came_back,
      count(*) FILTER (WHERE h.is_another) OVER newer - h.is_another::integer AS others,
      first_value(h.counted_after) OVER newer AS instead
    FROM changed h
    WINDOW newer AS (PARTITION BY h.stream, h.external_id ORDER BY h.change_id DESC ROWS UNBOUNDED PRECEDING)
  ), grown AS MATERIALIZED (
    -- Of a running total only its growth counted, so a void one takes no more back.
    SELECT t.stream, t.external_id, t.change_id, g.currency, sum(g.amount) AS amount
    FROM told t
    JOIN affsync.commission_steps g
      ON g.source_id = $1 AND g.stream = t.stream AND g.external_id = t.external_id
      AND g.change_id < t.change_id
    WHERE t.names_status AND t.void_after
    GROUP BY 1, 2, 3, 4
  ), valued AS (
    SELECT t.*, c.client_ref, v.known_currency, c.status AS status_now,
      c.first_seen_at, affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) AS day,
      c.grain IS NOT DISTINCT FROM 'lifetime' AS is_total, v.other_now,
      -- What comes back in another currency was all there in its own.
      CASE WHEN t.operation = 'restore' AND NOT t.restated OR v.void_before THEN 0
           ELSE v.amount_before END AS counts_before,
      CASE WHEN t.operation = 'delete' THEN coalesce(t.counted_after, 0)
           WHEN CASE WHEN t.names_status THEN t.void_after ELSE v.void_before END THEN 0
           WHEN t.restated THEN NULL
           WHEN NOT t.names_amount THEN v.amount_before
           WHEN c.grain = 'lifetime' THEN t.amount_after
           ELSE coalesce(t.amount_after, 0) END AS counts_after,
      v.counts_now, CASE WHEN NOT v.other_now THEN c.amount END AS amount_now, c.amount_usd
    FROM told t
    JOIN affsync.commission c
      ON c.source_id = $1 AND c.stream = t.stream AND c.external_id = t.external_id
    CROSS JOIN LATERAL (
      SELECT coalesce(t.currency[2], c.currency) AS known_currency,
        t.others > 0 OR coalesce(t.currency[2] <> c.currency, false) AS other_now,
        CASE WHEN t.void IS NULL THEN coalesce(c.status, '') IN ('rejected', 'reversed')
             ELSE t.void[2] = 1 END AS void_before,
        -- An empty running total is not known; an empty amount is nothing.
        CASE WHEN c.grain = 'lifetime' THEN a.amount ELSE coalesce(a.amount, 0) END AS amount_before,
        CASE WHEN c.deleted_at IS NOT NULL THEN coalesce(t.instead, 0)
             WHEN coalesce(c.status, '') IN ('rejected', 'reversed') THEN 0
             WHEN c.grain = 'lifetime' THEN c.amount ELSE coalesce(c.amount, 0) END AS counts_now
      FROM (SELECT CASE WHEN t.amount IS NULL THEN c.amount ELSE t.amount[2] END AS amount) a
    ) v
  ), parted AS (
    -- Of what fell, a part is lost with the last fall below it.
    SELECT v.*, b.counted,
      b.counted - greatest(v.counts_after, CASE WHEN NOT v.other_now THEN v.counts_now END,
                           max(v.counts_before) OVER later) AS loss
    FROM valued v
    LEFT JOIN grown g
      ON g.stream = v.stream AND g.external_id = v.external_id AND g.change_id = v.change_id
      AND g.currency IS NOT DISTINCT FROM v.known_currency
    CROSS JOIN LATERAL (
      SELECT CASE WHEN v.is_total AND v.names_status AND v.void_after
                  THEN least(v.counts_before, greatest(g.amount, 0)) ELSE v.counts_before END AS counted
    ) b
    WINDOW later AS (PARTITION BY v.stream, v.external_id, v.known_currency, v.others
                     ORDER BY v.change_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
  ), of_rows AS (
    SELECT p.stream, p.external_id, p.client_ref, p.day, p.known_currency AS currency,
      (p.changed_at AT TIME ZONE 'UTC')::date AS detected_on, max(p.changed_at) AS changed_at,
      max(p.counted) AS before, sum(p.loss) AS loss,
      max(coalesce(p.amount[3] / nullif(p.amount[2], 0), p.amount_usd / nullif(p.amount_now, 0))) AS rate,
      p.status_now AS status,
      min(p.change_id) AS first_id, p.first_seen_at
    FROM parted p
    WHERE p.loss > 0 AND p.operation <> 'remap' AND p.may_fall AND p.counted_after IS NULL
      AND NOT (p.restated AND (p.counts_after IS NULL OR p.other_now AND p.counts_now <> 0))
      AND (p.operation = 'delete' AND NOT p.came_back) = $3
      -- A running total that leaves the list was a sum of what reports have by its growth.
      AND NOT ($3 AND p.is_total)
      AND NOT EXISTS (
        SELECT FROM affsync.stream_state z
        WHERE z.source_id = $1 AND z.stream = p.stream AND z.read_again_from <= p.changed_at
          AND (z.read_again_until IS NULL OR z.read_again_until >= p.changed_at))
    GROUP BY 1, 2, 3, 4, 5, 6, p.status_now, p.first_seen_at
  ), replaced AS MATERIALIZED (
    -- Rows in whose place others came are compared by what they have in common: a client's day. A fall
    -- and a rise after it are of different rows.
    SELECT h.stream, c.client_ref, c.kind, c.currency,
      affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) AS day,
      (h.changed_at AT TIME ZONE 'UTC')::date AS detected_on, h.changed_at,
      sum(h.counted_before) AS before, sum(h.counted_after) - sum(h.counted_before) AS gain,
      max(h.because) AS because, min(h.external_id) AS external_id, min(c.first_seen_at) AS first_seen_at,
      max(c.amount_usd / nullif(c.amount, 0)) AS rate
    FROM changed h
    JOIN affsync.commission c
      ON c.source_id = $1 AND c.stream = h.stream AND c.external_id = h.external_id
    WHERE NOT $3 AND h.operation = 'delete' AND h.counted_after IS NOT NULL
      -- What changes while all rows are read again because of us is no doing of the broker's.
      AND NOT EXISTS (
        SELECT FROM affsync.stream_state z
        WHERE z.source_id = $1 AND z.stream = h.stream AND z.read_again_from <= h.changed_at
          AND (z.read_again_until IS NULL OR z.read_again_until >= h.changed_at))
    GROUP BY 1, 2, 3, 4, 5, 6, 7
  ), stood AS (
    -- What counted before the first change of a day, as far as the changes show it, and how much more
    -- than now counted before each.
    SELECT p.*, p.before - (sum(p.gain) OVER (PARTITION BY p.stream, p.client_ref, p.kind, p.currency,
        p.day, p.detected_on ORDER BY p.changed_at) - p.gain) AS counted,
      -sum(p.gain) OVER (PARTITION BY p.stream, p.client_ref, p.kind, p.currency, p.day
                         ORDER BY p.changed_at DESC) AS above
    FROM replaced p
  ), replaced_parted AS (
    SELECT p.*, greatest(0, p.above - greatest(p.above + p.gain, 0, max(p.above) OVER (
        PARTITION BY p.stream, p.client_ref, p.kind, p.currency, p.day ORDER BY p.changed_at DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))) AS loss
    FROM stood p
  ), lost AS MATERIALIZED (
    SELECT o.*, o.rate IS NOT NULL AS by_broker FROM of_rows o
    UNION ALL
    SELECT p.stream, (array_agg(p.external_id ORDER BY p.changed_at DESC))[1], p.client_ref, p.day,
      p.currency, p.detected_on, max(p.changed_at), max(p.counted), sum(p.loss), max(p.rate),
      (array_agg(p.because ORDER BY p.changed_at DESC))[1], NULL, min(p.first_seen_at),
      max(p.rate) IS NOT NULL
    FROM replaced_parted p
    GROUP BY p.stream, p.client_ref, p.kind, p.currency, p.day, p.detected_on
  )
  SELECT v.stream, v.external_id, v.client_ref, v.day, v.currency, v.detected_on, v.changed_at,
    v.before, v.loss,
    CASE WHEN v.currency = 'USD' THEN v.loss ELSE round(v.loss * coalesce(v.rate, r.usd_rate), 8) END,
    v.status,
    coalesce((SELECT n.changed_at FROM affsync.record_change n
              WHERE n.source_id = $1 AND n.external_id = v.external_id AND n.change_id < v.first_id
                AND n.changed_at <= v.changed_at AND n.record_table = 'commission' AND n.stream = v.stream
                AND (n.before ? 'amount' OR n.operation = 'restore')
              ORDER BY n.change_id DESC LIMIT 1), v.first_seen_at)
  FROM lost v
  LEFT JOIN affsync.currency_unit u ON u.currency = v.currency
  CROSS JOIN LATERAL affsync.usd_rate(v.currency, v.day, NOT v.by_broker, u.whole, u.factor) r
  WHERE v.loss > 0
    AND EXISTS (SELECT FROM affsync.stream st WHERE st.source_id = $1 AND st.stream = v.stream
                AND st.in_reports AND st.retired_at IS NULL)
$$;
COMMENT ON FUNCTION affsync.commission_losses(integer, timestamptz, boolean) IS 'Commission of a source that counts less since the UTC day of a time, and still does: what is no longer listed (`vanished`), or what was lowered, rejected or reversed; one row per row and day of detection. `before`: what counted; `loss`: how much less of it counts since that day, told once however often it fell; `stood_since`: since when it had counted so.';
