-- Beside the rule of the same name, which has the settings. All days of all sources are collected at once,
-- since Citus cannot look for the first row of each day.
-- beside: a243fc9456e8
SELECT
  s.source_id::text AS cause, s.source_id, s.name AS source, NULL::text AS stream,
  NULL::text AS subject, NULL::text AS event,
  CASE WHEN h.gaps >= ($1::jsonb ->> 'gaps')::integer AND coalesce(r.is_read, false)
         AND NOT $3::jsonb -> 'skewed' ? s.name
       THEN 'warning' ELSE 'held' END AS severity,
  (h.last_day + 1)::timestamp AT TIME ZONE 'UTC' AS happened_at, NULL::text AS currency,
  NULL::numeric AS amount, NULL::numeric AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('last_day', h.last_day, 'days', q.days, 'usual_days', h.usual, 'gaps', h.gaps)
    AS figures,
  'No new commission from ' || s.name || ' for ' || affsync.counted(q.days, 'day', 'days') AS title,
  'The last was for ' || affsync.days_text(h.last_day, h.last_day) || '. Usually it has commission at least every '
    || affsync.counted(h.usual, 'day', 'days') || '. It is read without errors.' AS text,
  'Look at the broker''s own page; affsync report earnings --by day --source ' || s.name AS remedy,
  format('SELECT day, sum(amount) FROM reporting.earnings_daily WHERE source_id = %s GROUP BY day'
         ' ORDER BY day DESC LIMIT 60', s.source_id) AS shown_by
FROM (
  -- The habit is that of the days before the last one, so that a long silence does not become one.
  SELECT g.source_id, max(g.last) AS last_day, count(g.gap)::integer AS gaps,
         (percentile_disc(0.95) WITHIN GROUP (ORDER BY g.gap))::bigint AS usual
  FROM (
    SELECT d.source_id, d.day, d.day - lag(d.day) OVER (PARTITION BY d.source_id ORDER BY d.day) AS gap,
           max(d.day) OVER (PARTITION BY d.source_id) AS last
    FROM (
      -- Days with commission; running totals by their growth.
      SELECT c.source_id, affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) AS day
      FROM affsync.commission c
      JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
      WHERE affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to)
          BETWEEN ($2::timestamptz AT TIME ZONE 'UTC')::date - (2 * (($1::jsonb ->> 'history')::bigint / 86400))::integer
          AND ($2::timestamptz AT TIME ZONE 'UTC')::date
        AND c.amount > 0 AND c.deleted_at IS NULL AND c.grain IS DISTINCT FROM 'lifetime'
        AND st.in_reports AND st.retired_at IS NULL
      UNION
      SELECT r.source_id, (r.changed_at AT TIME ZONE 'UTC')::date
      FROM affsync.record_change r
      JOIN affsync.commission c
        ON c.source_id = r.source_id AND c.stream = r.stream AND c.external_id = r.external_id
      JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
      WHERE r.changed_at >= (($2::timestamptz AT TIME ZONE 'UTC')::date - (2 * (($1::jsonb ->> 'history')::bigint / 86400))::integer)::timestamp AT TIME ZONE 'UTC'
        AND r.record_table = 'commission' AND r.operation = 'update' AND c.grain = 'lifetime'
        AND st.in_reports AND st.retired_at IS NULL
        AND (r.after ->> 'amount')::numeric > (r.before ->> 'amount')::numeric
    ) d
  ) g
  WHERE g.day > g.last - (($1::jsonb ->> 'history')::bigint / 86400)::integer
  GROUP BY g.source_id
) h
JOIN affsync.source s ON s.source_id = h.source_id
CROSS JOIN LATERAL (
  -- A row that came since is new commission, whatever its day; what a broker tells late is not late yet.
  SELECT (max(c.first_seen_at) AT TIME ZONE 'UTC')::date AS day FROM affsync.commission c
  WHERE c.source_id = h.source_id
    AND affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to)
        BETWEEN h.last_day - 7 AND ($2::timestamptz AT TIME ZONE 'UTC')::date
    AND c.amount > 0 AND c.grain IS DISTINCT FROM 'lifetime'
) since
CROSS JOIN LATERAL (
  SELECT ($2::timestamptz AT TIME ZONE 'UTC')::date - greatest(h.last_day, since.day) AS days
) q
JOIN (
  SELECT z.source_id, bool_or(z.last_success_at > $2::timestamptz - interval '2 days') AS is_read
  FROM affsync.stream_state z
  JOIN affsync.stream st ON st.source_id = z.source_id AND st.stream = z.stream
  WHERE st.record_table = 'commission' AND st.in_reports
  GROUP BY z.source_id
) r ON r.source_id = h.source_id
WHERE s.retired_at IS NULL
  AND CASE WHEN $3::jsonb -> 'skewed' ? s.name THEN true
           WHEN h.gaps >= ($1::jsonb ->> 'gaps')::integer
           THEN ($2::timestamptz AT TIME ZONE 'UTC')::date - h.last_day > h.usual
             AND q.days > h.usual + greatest(ceil(h.usual * ($1::jsonb ->> 'longer')::numeric / 100),
                                             ($1::jsonb ->> 'at_least')::numeric / 86400)
           ELSE h.last_day < ($2::timestamptz AT TIME ZONE 'UTC')::date
             - (($1::jsonb ->> 'history')::bigint / 86400)::integer END
