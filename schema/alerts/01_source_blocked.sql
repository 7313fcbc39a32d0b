-- Tells that a broker refused a login or a key, or asked to be left alone for long: nothing is read of it
-- meanwhile.
-- severity: urgent
-- setting: pause duration 1h A pause that the broker asked for is told if it is at least so long; a refused login is told at once.
SELECT
  b.source_id::text AS cause, b.source_id, s.name AS source, NULL::text AS stream,
  NULL::text AS subject, 'source:' || b.source_id AS event,
  CASE WHEN b.code = 'throttled' THEN 'warning' ELSE 'urgent' END AS severity,
  b.since AS happened_at, NULL::text AS currency, NULL::numeric AS amount,
  NULL::numeric AS amount_usd, NULL::numeric AS weight,
  jsonb_build_object('code', b.code, 'refusals', b.refusals, 'until', b.until) AS figures,
  CASE WHEN b.code = 'throttled' THEN s.name || ' asked for a long pause'
       ELSE s.name || ' refuses the login' END AS title,
  CASE WHEN b.code = 'throttled'
       THEN 'No requests are sent until ' || affsync.time_text(b.until) || '. Nothing new is read meanwhile.'
       ELSE 'Refused ' || affsync.counted(b.refusals, 'time', 'times') || ' since '
            || affsync.time_text(b.since) || '. Nothing is read until it works. It is tried again '
            || CASE WHEN b.until > $2::timestamptz THEN 'at ' || affsync.time_text(b.until)
                    ELSE 'now' END || '.' END AS text,
  CASE WHEN b.code = 'throttled' THEN 'Nothing to do, unless it asks again: then read it less often.'
       ELSE 'Correct the password or key, then reload the daemon: systemctl reload affsync'
  END AS remedy,
  format('SELECT * FROM affsync.source_block WHERE source_id = %s', b.source_id) AS shown_by
FROM affsync.source_block b
JOIN affsync.source s ON s.source_id = b.source_id
WHERE s.retired_at IS NULL
  AND (b.code <> 'throttled'
       OR b.until > $2::timestamptz
          AND b.until - b.since >= make_interval(secs => ($1::jsonb ->> 'pause')::float8))
  AND $3::jsonb IS NOT NULL
