-- Tells of days that the broker no longer gives, although they were never read to the end.
-- severity: warning
-- window: 7d
-- setting: days count 1 So many days, at least.
SELECT
  g.source_id || '/' || g.stream AS cause, g.source_id, s.name AS source, g.stream,
  NULL::text AS subject, NULL::text AS event, 'warning' AS severity, g.noted_at AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd,
  g.days::numeric AS weight,
  jsonb_build_object('days', g.days, 'from', g.day_from, 'to', g.day_to) AS figures,
  s.name || '/' || g.stream || ': ' || affsync.counted(g.days, 'day is', 'days are') || ' missing' AS title,
  affsync.days_text(g.day_from, g.day_to) || ': the broker no longer gives '
    || CASE WHEN g.days = 1 THEN 'this day' ELSE 'these days' END
    || ', and they were never read to the end.' AS text,
  'Ask the broker for a file of these days, then: affsync import FILE --source ' || s.name AS remedy,
  format('SELECT * FROM reporting.coverage WHERE source_id = %s AND stream = %L AND state = %L',
         g.source_id, g.stream, 'lost') AS shown_by
FROM (
  SELECT c.source_id, c.stream,
         sum(least(c.day_to, ($2::timestamptz AT TIME ZONE 'UTC')::date) - c.day_from + 1)::bigint AS days,
         min(c.day_from) AS day_from, max(least(c.day_to, ($2::timestamptz AT TIME ZONE 'UTC')::date)) AS day_to,
         max(c.noted_at) AS noted_at
  FROM affsync.coverage c
  -- Days that have not come yet were noted by a clock that was wrong.
  WHERE c.day_from <= ($2::timestamptz AT TIME ZONE 'UTC')::date AND c.state = 'lost' AND c.noted_at > $2::timestamptz - interval '7 days'
    -- What a broker never gave, before all that was read, is not missing.
    AND EXISTS (SELECT FROM affsync.coverage e WHERE e.source_id = c.source_id AND e.stream = c.stream
                AND e.state = 'proven' AND e.day_from < c.day_from)
  GROUP BY c.source_id, c.stream
) g
JOIN affsync.source s ON s.source_id = g.source_id
JOIN affsync.stream st ON st.source_id = g.source_id AND st.stream = g.stream
WHERE s.retired_at IS NULL AND st.retired_at IS NULL AND g.days >= ($1::jsonb ->> 'days')::bigint
  AND $3::jsonb IS NOT NULL
