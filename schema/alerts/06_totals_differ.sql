-- Tells that a total of the broker's is not the sum of the rows that it lists.
-- severity: warning
-- setting: after duration 2h For so long without a match, at least: sums of a running day differ for a while.
SELECT
  r.source_id || '/' || r.stream AS cause, r.source_id, r.source, r.stream,
  NULL::text AS subject, NULL::text AS event, 'warning' AS severity, r.differs_since AS happened_at,
  NULL::text AS currency, NULL::numeric AS amount, NULL::numeric AS amount_usd,
  abs(r.difference) AS weight,
  jsonb_build_object('metric', r.metric, 'broker', r.broker_value::text, 'ours', r.our_value::text,
                     'difference', r.difference::text, 'totals', r.totals) AS figures,
  r.source || '/' || r.stream || ': the broker''s total differs' AS title,
  'By the broker, ' || r.metric || CASE WHEN r.window_from IS NULL THEN ''
      ELSE ' of ' || affsync.days_text(r.window_from, r.window_to) END
    || ' is ' || trim_scale(r.broker_value) || '; the rows that it lists give ' || trim_scale(r.our_value)
    || ', ' || trim_scale(abs(r.difference)) || CASE WHEN r.difference < 0 THEN ' less' ELSE ' more' END
    || '. It has been so since ' || affsync.time_text(r.differs_since) || '.'
    || CASE WHEN r.totals > 1 THEN ' So do ' || r.totals - 1 || ' more of its totals.' ELSE '' END AS text,
  CASE WHEN EXISTS (SELECT FROM affsync.source s WHERE s.source_id = r.source_id AND s.base_url LIKE 'file:%')
       THEN 'Export these days again, then: affsync import FILE --source ' || r.source || ' --stream ' || r.stream
       ELSE 'affsync sync --source ' || r.source || ' --stream ' || r.stream
         || ' --full; if it stays so, ask the broker' END AS remedy,
  format('SELECT * FROM reporting.reconciliations WHERE source_id = %s AND stream = %L AND NOT matched',
         r.source_id, r.stream) AS shown_by
FROM (
  SELECT *, count(*) OVER w AS totals, row_number() OVER w2 AS place
  FROM reporting.reconciliations
  WHERE NOT matched
    AND differs_since <= $2::timestamptz - make_interval(secs => ($1::jsonb ->> 'after')::float8)
  WINDOW w AS (PARTITION BY source_id, stream),
         w2 AS (PARTITION BY source_id, stream ORDER BY abs(difference) DESC, metric, window_from)
) r
WHERE r.place = 1 AND $3::jsonb IS NOT NULL
