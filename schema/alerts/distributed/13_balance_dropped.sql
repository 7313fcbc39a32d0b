-- Beside the rule of the same name, which has the settings. Sources are joined last, since Citus cannot
-- look into distributed tables once for each row of a copied one.
-- beside: 67901c856eaf
SELECT
  s.source_id || '/' || b.stream || '/' || b.external_id || '/' || b.detected_on AS cause,
  s.source_id, s.name AS source, b.stream, coalesce(b.account, b.metric) AS subject,
  'money:' || s.source_id || '/' || b.detected_on AS event, 'warning' AS severity,
  b.changed_at AS happened_at, b.currency, b.fall AS amount, b.fall_usd AS amount_usd,
  coalesce(b.fall_usd, b.fall) AS weight,
  jsonb_build_object('before', b.before::text, 'now', b.amount::text, 'metric', b.metric) AS figures,
  'The balance at ' || s.name || ' fell by ' || affsync.money_text(b.fall, b.currency, b.fall_usd)
    AS title,
  'From ' || affsync.money_text(b.before, b.currency, NULL) || ' to '
    || affsync.money_text(b.amount, b.currency, NULL)
    || CASE WHEN b.is_listed THEN '' ELSE ' (no longer listed)' END || coalesce(', ' || b.metric, '')
    || coalesce(', account ' || b.account, '') || ', found at ' || affsync.time_text(b.changed_at)
    || '. No payout explains it.' AS text,
  'Ask the broker; affsync report balances --source ' || s.name || ' shows it' AS remedy,
  format('SELECT * FROM reporting.balances WHERE source_id = %s AND stream = %L AND external_id = %L'
         ' ORDER BY since DESC', s.source_id, b.stream, b.external_id) AS shown_by
FROM (
  -- What fell in the three days that are told, and in the eight before, whose payouts explain nothing else.
  -- Several metrics show the same money, so a payout explains what falls of each of them.
  SELECT d.source_id, d.stream, d.metric, jsonb_agg(jsonb_build_object(
           'stream', d.stream, 'external_id', d.external_id, 'detected_on', d.detected_on,
           'changed_at', d.changed_at, 'before', d.before, 'amount', d.amount, 'currency', d.currency,
           'metric', d.metric, 'account', d.account, 'fall', d.fall, 'fall_usd', d.fall_usd,
           'is_told', d.is_told, 'is_listed', d.is_listed)
           ORDER BY d.changed_at, d.external_id) AS falls
  FROM (
    SELECT t.source_id, t.stream, t.external_id, t.detected_on, t.changed_at, t.before, v.amount, k.currency, k.metric,
           k.account, f.fall, f.is_told, k.deleted_at IS NULL AS is_listed,
           CASE WHEN k.currency = 'USD' THEN f.fall ELSE round(f.fall * r.usd_rate, 8) END AS fall_usd
    FROM (
      -- What each balance was at the beginning and at the end of a day on which it fell. Days are whole, and
      -- told until the last change of them is no news.
      SELECT h.source_id, h.stream, h.external_id, (h.changed_at AT TIME ZONE 'UTC')::date AS detected_on,
             max(h.changed_at) AS changed_at,
             -- What came back and fell again is told of that day only.
             max((array_agg(h.amount_before ORDER BY h.change_id))[1]) OVER (
               PARTITION BY h.source_id, h.stream, h.external_id
               ORDER BY (h.changed_at AT TIME ZONE 'UTC')::date DESC
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_later,
             (array_agg(h.amount_before ORDER BY h.change_id))[1] AS before,
             (array_agg(h.amount_after ORDER BY h.change_id DESC))[1] AS after,
             greatest(sum(h.more_reserved), 0) AS more_reserved
      FROM (
        -- One that is no longer listed is nothing. What it was is said by its next change that tells an
        -- amount, or else by its row.
        SELECT h.source_id, h.stream, h.external_id, h.change_id, h.changed_at,
               CASE h.operation WHEN 'update' THEN (h.before ->> 'amount')::numeric
                                WHEN 'delete' THEN h.stood ELSE 0 END AS amount_before,
               CASE h.operation WHEN 'update' THEN (h.after ->> 'amount')::numeric
                                WHEN 'delete' THEN 0
                                ELSE coalesce((h.after ->> 'amount')::numeric, h.stood) END AS amount_after,
               CASE WHEN h.operation = 'update'
                    THEN coalesce((h.after ->> 'reserved')::numeric, 0)
                         - coalesce((h.before ->> 'reserved')::numeric, 0) ELSE 0 END AS more_reserved
        FROM (
          SELECT r.source_id, r.stream, r.external_id, r.change_id, r.changed_at, r.operation, r.before, r.after,
                 r.later_currencies,
                 coalesce(max((r.before ->> 'amount')::numeric)
                            OVER (PARTITION BY r.source_id, r.stream, r.external_id, r.later_amounts), b.amount) AS stood
          FROM (
            SELECT r.source_id, r.stream, r.external_id, r.change_id, r.changed_at, r.operation, r.before,
                   r.after, count(*) FILTER (WHERE r.before ? 'amount') OVER w AS later_amounts,
                   count(*) FILTER (WHERE r.before ? 'currency') OVER w AS later_currencies
            FROM affsync.record_change r
            -- In UTC, so that PostgreSQL computes both when it plans, and opens no other months.
            WHERE r.changed_at >= date_trunc('day', $2::timestamptz AT TIME ZONE 'UTC' - interval '11 days')
                                    AT TIME ZONE 'UTC'
              AND r.changed_at < ($2::timestamptz AT TIME ZONE 'UTC' + interval '2 days') AT TIME ZONE 'UTC'
              AND r.record_table = 'balance'
              AND (r.operation = 'update' AND r.before ? 'amount'
                   -- What went because of us did not fall.
                   OR r.operation = 'delete' AND NOT r.after ? 'ours'
                   OR r.operation = 'restore' AND NOT r.before ? 'ours')
            WINDOW w AS (PARTITION BY r.source_id, r.stream, r.external_id ORDER BY r.change_id DESC)
          ) r
          JOIN affsync.balance b
            ON b.source_id = r.source_id AND b.stream = r.stream AND b.external_id = r.external_id
        ) h
        WHERE CASE h.operation WHEN 'update' THEN NOT h.before ? 'currency' ELSE h.later_currencies = 0 END
      ) h
      GROUP BY 1, 2, 3, 4
    ) t
    JOIN affsync.balance k
      ON k.source_id = t.source_id AND k.stream = t.stream AND k.external_id = t.external_id
    JOIN affsync.stream st ON st.source_id = t.source_id AND st.stream = t.stream
    LEFT JOIN affsync.currency_unit u ON u.currency = k.currency
    CROSS JOIN LATERAL affsync.usd_rate(k.currency, t.detected_on, true, u.whole, u.factor) r
    CROSS JOIN LATERAL (SELECT CASE WHEN k.deleted_at IS NULL THEN k.amount ELSE 0 END AS amount) v
    CROSS JOIN LATERAL (
      SELECT t.before - greatest(t.after, v.amount, t.before_later) - t.more_reserved AS lasting,
             t.before - t.after - t.more_reserved AS whole,
             $2::timestamptz - t.changed_at < interval '3 days' AS is_recent
    ) n
    -- What came back since is not told, but a payout explains it.
    CROSS JOIN LATERAL (
      SELECT CASE WHEN n.is_recent AND n.lasting > 0 THEN n.lasting ELSE n.whole END AS fall,
             n.is_recent AND n.lasting > 0 AS is_told
    ) f
    WHERE st.in_reports AND st.retired_at IS NULL AND f.fall > 0
      -- The same one under another number.
      AND NOT EXISTS (
        SELECT FROM affsync.balance o
        WHERE o.source_id = k.source_id AND o.stream = k.stream AND o.external_id <> k.external_id
          AND o.deleted_at IS NULL AND o.metric IS NOT DISTINCT FROM k.metric
          AND o.currency IS NOT DISTINCT FROM k.currency AND o.amount >= t.before * 0.95
          AND o.first_seen_at > k.deleted_at - interval '2 days')
      AND f.fall * 100 >= t.before * ($1::jsonb ->> 'share')::numeric
  ) d
  WHERE d.fall_usd IS NULL OR d.fall_usd >= ($1::jsonb ->> 'min_usd')::numeric
  GROUP BY 1, 2, 3
  HAVING bool_or(d.is_told)
) g
LEFT JOIN (
  SELECT p.source_id, jsonb_agg(jsonb_build_object(
           'amount', p.amount, 'currency', p.currency, 'changed_at', p.changed_at,
           'usd', coalesce(p.amount_usd, CASE WHEN p.currency = 'USD' THEN p.amount
                                              ELSE p.amount * r.usd_rate END),
           'dated_at', coalesce(p.paid_at, p.approved_at, p.requested_at, p.changed_at),
           'known_at', least(p.paid_at, p.approved_at, p.requested_at, p.changed_at))) AS payouts
  FROM affsync.payout p
  LEFT JOIN affsync.currency_unit u ON u.currency = p.currency
  CROSS JOIN LATERAL affsync.usd_rate(
    p.currency,
    (coalesce(p.paid_at, p.approved_at, p.requested_at, p.changed_at) AT TIME ZONE 'UTC')::date,
    p.amount_usd IS NULL, u.whole, u.factor) r
  WHERE p.changed_at > $2::timestamptz - interval '20 days'
    AND p.deleted_at IS NULL AND coalesce(p.status, '') NOT IN ('rejected', 'failed', 'cancelled')
    AND coalesce(p.paid_at, p.approved_at, p.requested_at, p.changed_at) > $2::timestamptz - interval '43 days'
  GROUP BY p.source_id
) p ON p.source_id = g.source_id
CROSS JOIN LATERAL jsonb_to_recordset(affsync.unexplained_falls(g.falls, p.payouts)) AS b(
  stream text, external_id text, detected_on date, changed_at timestamptz, before numeric, amount numeric,
  currency text, metric text, account text, fall numeric, fall_usd numeric, is_told boolean,
  is_listed boolean)
JOIN affsync.source s ON s.source_id = g.source_id
WHERE s.retired_at IS NULL AND b.is_told
  -- Where payouts are not read, each of them would look like this.
  AND EXISTS (SELECT FROM affsync.stream st WHERE st.source_id = g.source_id
              AND st.record_table = 'payout' AND st.retired_at IS NULL)
  AND $3::jsonb IS NOT NULL
