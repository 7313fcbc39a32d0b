-- Tells that no new commission has come for longer than is usual for the source, by the days on which it
-- had some before.
-- severity: warning
-- setting: history days 180d How far back the source's habit is looked for.
-- setting: gaps count 10 So many gaps between its days with commission have to be known.
-- setting: longer percent 50% Longer than the usual longest gap by so much, at least.
-- setting: at_least duration 2d And by so long, at least.
SELECT
  s.source_id::text AS cause, s.source_id, s.name AS source, NULL::text AS stream,
  NULL::text AS subject, NULL::text AS event,
  -- As long as nothing is read, nobody knows whether it is over; nor by days that are so long ago that they
  -- show no habit any more.
  -- Nor by a wrong clock.
  CASE WHEN r.is_read AND h.gaps >= ($1::jsonb ->> 'gaps')::integer AND NOT $3::jsonb -> 'skewed' ? s.name
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
FROM (SELECT a.*, least(a.history, ($1::jsonb ->> 'at_least')::bigint / 86400)::integer AS recent
      FROM (SELECT ($2::timestamptz AT TIME ZONE 'UTC')::date AS today,
                   ($1::jsonb ->> 'history')::bigint / 86400 AS history) a) p
CROSS JOIN affsync.source s
LEFT JOIN LATERAL (
  SELECT true AS some FROM affsync.commission c WHERE c.source_id = s.source_id AND c.grain = 'lifetime' LIMIT 1
) totals ON true
CROSS JOIN LATERAL (
  SELECT array_agg(st.stream) AS streams FROM affsync.stream st
  WHERE st.source_id = s.source_id AND st.in_reports AND st.retired_at IS NULL
) f
CROSS JOIN LATERAL (
  -- A source that has commission of the last days is not silent, whatever its habit is, which takes many
  -- times as long to find.
  SELECT EXISTS (
      SELECT FROM affsync.commission c
      WHERE c.source_id = s.source_id
        AND affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to)
            BETWEEN p.today - p.recent AND p.today
        AND c.stream = ANY (f.streams) AND c.amount > 0 AND c.deleted_at IS NULL
        AND c.grain IS DISTINCT FROM 'lifetime')
    OR totals.some AND EXISTS (
      SELECT FROM affsync.record_change r
      JOIN affsync.commission c
        ON c.source_id = r.source_id AND c.stream = r.stream AND c.external_id = r.external_id
      WHERE r.source_id = s.source_id
        AND r.changed_at >= (p.today - p.recent)::timestamp AT TIME ZONE 'UTC'
        AND r.changed_at < (p.today + 1)::timestamp AT TIME ZONE 'UTC' AND r.record_table = 'commission'
        AND r.operation = 'update' AND c.grain = 'lifetime' AND c.stream = ANY (f.streams)
        AND (r.after ->> 'amount')::numeric > (r.before ->> 'amount')::numeric) AS earned
) lately
CROSS JOIN LATERAL (
  -- The habit is that of the days before the last one, so that a long silence does not become one.
  SELECT max(g.last) AS last_day, count(g.gap)::integer AS gaps,
         (percentile_disc(0.95) WITHIN GROUP (ORDER BY g.gap))::bigint AS usual
  FROM (
    SELECT d.day, d.day - lag(d.day) OVER (ORDER BY d.day) AS gap, max(d.day) OVER () AS last
    FROM (SELECT p.today - n AS day FROM generate_series(0, 2 * p.history::integer) n
          WHERE lately.earned IS NOT TRUE) d
    -- Days with commission, each found by its first row in the index; running totals by their growth.
    WHERE (
        SELECT true FROM affsync.commission c
        WHERE c.source_id = s.source_id
          AND affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) = d.day
          AND c.stream = ANY (f.streams) AND c.amount > 0 AND c.deleted_at IS NULL
          AND c.grain IS DISTINCT FROM 'lifetime'
        LIMIT 1)
      OR totals.some AND (
        SELECT true FROM affsync.record_change r
        JOIN affsync.commission c
          ON c.source_id = r.source_id AND c.stream = r.stream AND c.external_id = r.external_id
        WHERE r.source_id = s.source_id AND r.changed_at >= d.day::timestamp AT TIME ZONE 'UTC'
          AND r.changed_at < (d.day + 1)::timestamp AT TIME ZONE 'UTC' AND r.record_table = 'commission'
          -- Of all days: known when PostgreSQL plans, so that it opens no other months.
          AND r.changed_at >= (p.today - 2 * p.history::integer)::timestamp AT TIME ZONE 'UTC'
          AND r.changed_at < (p.today + 1)::timestamp AT TIME ZONE 'UTC'
          AND r.operation = 'update' AND c.grain = 'lifetime' AND c.stream = ANY (f.streams)
          AND (r.after ->> 'amount')::numeric > (r.before ->> 'amount')::numeric
        LIMIT 1)
  ) g
  WHERE g.day > g.last - p.history::integer
) h
CROSS JOIN LATERAL (
  -- A row that came since is new commission, whatever its day; what a broker tells late is not late yet.
  SELECT (max(c.first_seen_at) AT TIME ZONE 'UTC')::date AS day FROM affsync.commission c
  WHERE c.source_id = s.source_id
    AND affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) BETWEEN h.last_day - 7 AND p.today
    AND c.amount > 0 AND c.grain IS DISTINCT FROM 'lifetime'
    -- Looked for only where the days alone would be a silence.
    AND h.gaps >= ($1::jsonb ->> 'gaps')::integer AND p.today - h.last_day > h.usual
) since
CROSS JOIN LATERAL (SELECT p.today - greatest(h.last_day, since.day) AS days) q
CROSS JOIN LATERAL (
  -- What is not read is told by other rules.
  SELECT EXISTS (SELECT FROM affsync.stream st
                 JOIN affsync.stream_state z ON z.source_id = st.source_id AND z.stream = st.stream
                 WHERE st.source_id = s.source_id AND st.record_table = 'commission' AND st.in_reports
                   AND z.last_success_at > $2::timestamptz - interval '2 days') AS is_read
) r
WHERE s.retired_at IS NULL
  AND CASE WHEN $3::jsonb -> 'skewed' ? s.name THEN true
           WHEN lately.earned THEN false
           WHEN h.gaps >= ($1::jsonb ->> 'gaps')::integer
           THEN q.days > h.usual + greatest(ceil(h.usual * ($1::jsonb ->> 'longer')::numeric / 100),
                                            ($1::jsonb ->> 'at_least')::numeric / 86400)
           ELSE coalesce(h.last_day < p.today - p.history::integer, true) END
