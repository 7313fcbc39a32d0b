-- Commission that was there and counts less now, or no more, by the day on which affsync detected it.
-- Reads the changes since a time, by source and time, and the rows that they are about: not what is older.
-- A row that got it back since is not in it, nor one whose currency changed, nor what changed when all rows
-- were read again because the connector, the privacy setting or the address is another. A row in whose
-- place another came was not lost, but perhaps lowered. The changes are read once; `vanished`: only what
-- is no longer listed, else only what still is.
CREATE OR REPLACE FUNCTION affsync.commission_losses(source integer, since timestamptz, vanished boolean)
RETURNS TABLE (
  stream text, external_id text, client_ref text, day date, currency text, detected_on date,
  changed_at timestamptz, before numeric, loss numeric, loss_usd numeric, status text, stood_since timestamptz
) LANGUAGE sql STABLE AS $$
  WITH changed AS MATERIALIZED (
    SELECT h.stream, h.external_id, h.change_id, h.changed_at, h.operation, h.before,
      (h.before ->> 'counted')::numeric AS counted_before, (h.after ->> 'counted')::numeric AS counted_after,
      h.after ->> 'because' AS because,
      h.operation = 'delete'
        OR h.operation = 'update' AND NOT h.before ? 'currency'
           AND ((h.after ->> 'amount')::numeric < (h.before ->> 'amount')::numeric
                OR h.after ->> 'status' IN ('rejected', 'reversed')) AS is_fall
    FROM affsync.record_change h
    -- Months ahead have their own partitions, which need not be looked into.
    WHERE h.source_id = $1 AND h.changed_at > $2 AND h.changed_at < now() + interval '2 days'
      AND h.record_table = 'commission'
      AND (h.operation = 'delete' OR h.before ?| ARRAY['amount', 'status', 'currency'])
      -- What is no longer listed was deleted since.
      AND (NOT $3 OR EXISTS (
        SELECT FROM affsync.record_change d
        WHERE d.source_id = $1 AND d.changed_at > $2 AND d.changed_at < now() + interval '2 days'
          AND d.record_table = 'commission' AND d.operation = 'delete'))
  ), falls AS MATERIALIZED (
    SELECT h.*, (h.changed_at AT TIME ZONE 'UTC')::date AS detected_on
    FROM changed h
    WHERE h.is_fall
      -- What changes while all rows are read again because of us is no doing of the broker's.
      AND NOT EXISTS (
        SELECT FROM affsync.stream_state z
        WHERE z.source_id = $1 AND z.stream = h.stream AND z.read_again_from <= h.changed_at
          AND (z.read_again_until IS NULL OR z.read_again_until >= h.changed_at))
  ), fallen AS MATERIALIZED (
    SELECT h.stream, h.external_id, h.detected_on,
           min(h.change_id) AS first_id, max(h.change_id) AS last_id, max(h.changed_at) AS changed_at,
           (array_agg(h.operation ORDER BY h.change_id DESC))[1] AS operation
    FROM falls h
    WHERE h.counted_after IS NULL
    GROUP BY 1, 2, 3
  ), told AS (
    -- A value at a time is in the next change that names its column; else it is the row's.
    SELECT f.stream, f.external_id, f.detected_on, f.first_id, f.changed_at, f.operation,
      (array_agg(n.before ORDER BY n.change_id) FILTER (WHERE n.before ? 'amount'))[1] AS amount_before,
      (array_agg(n.before ORDER BY n.change_id) FILTER (WHERE n.before ? 'status'))[1] AS status_before,
      (array_agg(n.before ORDER BY n.change_id)
         FILTER (WHERE n.before ? 'amount' AND n.change_id > f.last_id))[1] AS amount_after,
      (array_agg(n.before ORDER BY n.change_id)
         FILTER (WHERE n.before ? 'status' AND n.change_id > f.last_id))[1] AS status_after,
      coalesce(bool_or(n.before ? 'currency'), false) AS other_currency
    FROM fallen f
    LEFT JOIN changed n
      ON n.stream = f.stream AND n.external_id = f.external_id AND n.change_id >= f.first_id
    GROUP BY 1, 2, 3, 4, 5, 6
  ), valued AS (
    SELECT t.stream, t.external_id, t.detected_on, t.first_id, t.changed_at, c.client_ref, c.currency,
      c.status, c.first_seen_at, c.amount, c.amount_usd,
      affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) AS day,
      CASE WHEN coalesce(CASE WHEN t.status_before IS NULL THEN c.status
                              ELSE t.status_before ->> 'status' END, '') IN ('rejected', 'reversed') THEN 0
           ELSE coalesce((t.amount_before ->> 'amount')::numeric, c.amount) END AS before,
      CASE WHEN t.operation = 'delete'
             OR coalesce(CASE WHEN t.status_after IS NULL THEN c.status
                              ELSE t.status_after ->> 'status' END, '') IN ('rejected', 'reversed') THEN 0
           ELSE coalesce((t.amount_after ->> 'amount')::numeric, c.amount) END AS after,
      CASE WHEN c.deleted_at IS NULL AND coalesce(c.status, '') NOT IN ('rejected', 'reversed')
           THEN coalesce(c.amount, 0) ELSE 0 END AS counts_now,
      (t.amount_before ->> 'amount_usd')::numeric / nullif((t.amount_before ->> 'amount')::numeric, 0)
        AS rate_before
    FROM told t
    JOIN affsync.commission c
      ON c.source_id = $1 AND c.stream = t.stream AND c.external_id = t.external_id
    WHERE (c.deleted_at IS NOT NULL) = $3
      -- Amounts of two currencies cannot be compared.
      AND NOT t.other_currency
      -- A running total that leaves the list was a sum of what reports have by its growth.
      AND (c.grain IS DISTINCT FROM 'lifetime' OR c.deleted_at IS NULL)
  ), replaced AS MATERIALIZED (
    -- Rows in whose place others came are compared by what they have in common: a client's day. A fall
    -- and a rise after it are of different rows.
    SELECT h.stream, c.client_ref, c.kind, c.currency,
      affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) AS day, h.detected_on, h.changed_at,
      sum(h.counted_before) AS before, sum(h.counted_after) - sum(h.counted_before) AS gain,
      max(h.because) AS because, min(h.external_id) AS external_id, min(c.first_seen_at) AS first_seen_at,
      max(c.amount_usd / nullif(c.amount, 0)) AS rate
    FROM falls h
    JOIN affsync.commission c
      ON c.source_id = $1 AND c.stream = h.stream AND c.external_id = h.external_id
    WHERE NOT $3 AND h.counted_after IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6, 7
  ), stood AS (
    -- What counted before the first change of a day, as far as the changes show it.
    SELECT p.*, p.before - (sum(p.gain) OVER (PARTITION BY p.stream, p.client_ref, p.kind, p.currency,
        p.day, p.detected_on ORDER BY p.changed_at) - p.gain) AS counted
    FROM replaced p
  ), replaced_by_day AS MATERIALIZED (
    SELECT p.stream, p.client_ref, p.kind, p.currency, p.day, p.detected_on,
      max(p.changed_at) AS changed_at, max(p.counted) AS before, sum(p.gain) AS gain,
      (array_agg(p.because ORDER BY p.changed_at DESC))[1] AS because,
      (array_agg(p.external_id ORDER BY p.changed_at DESC))[1] AS external_id,
      min(p.first_seen_at) AS first_seen_at, max(p.rate) AS rate
    FROM stood p
    GROUP BY 1, 2, 3, 4, 5, 6
  ), lost AS MATERIALIZED (
    SELECT v.stream, v.external_id, v.client_ref, v.day, v.currency, v.detected_on, v.changed_at, v.before,
      least(v.before - v.after, v.before - v.counts_now) AS loss,
      coalesce(v.rate_before, v.amount_usd / nullif(v.amount, 0)) AS rate,
      v.rate_before IS NOT NULL OR v.amount_usd IS NOT NULL AS by_broker, v.status, v.first_id,
      v.first_seen_at
    FROM valued v
    UNION ALL
    SELECT p.stream, p.external_id, p.client_ref, p.day, p.currency, p.detected_on, p.changed_at, p.before,
      least(-p.gain, -sum(p.gain) OVER (PARTITION BY p.stream, p.client_ref, p.kind, p.currency, p.day
                                        ORDER BY p.detected_on DESC)),
      p.rate, p.rate IS NOT NULL, p.because, NULL, p.first_seen_at
    FROM replaced_by_day p
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
COMMENT ON FUNCTION affsync.commission_losses(integer, timestamptz, boolean) IS 'Commission of a source that counts less since a time, and still does: what is no longer listed (`vanished`), or what was lowered, rejected or reversed; one row per row and day of detection. `before`: what counted; `loss`: how much less counts now; `stood_since`: since when it had counted so.';
