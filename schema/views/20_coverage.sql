-- Merges adjacent spans of affsync.coverage with the same state. Days that have not come yet, wherever
-- the broker is, were noted by a clock that was wrong.
CREATE OR REPLACE VIEW reporting.coverage AS
WITH past AS (
  SELECT c.source_id, c.stream, c.day_from, least(c.day_to, (now() AT TIME ZONE 'UTC')::date + 1) AS day_to,
    c.state, c.noted_at
  FROM affsync.coverage c
  WHERE c.day_from <= (now() AT TIME ZONE 'UTC')::date + 1
), marked AS (
  SELECT c.*,
    c.day_from - 1 IS DISTINCT FROM lag(c.day_to) OVER w
      OR c.state IS DISTINCT FROM lag(c.state) OVER w AS begins
  FROM past c
  WINDOW w AS (PARTITION BY c.source_id, c.stream ORDER BY c.day_from)
), numbered AS (
  SELECT m.*,
    count(*) FILTER (WHERE m.begins)
      OVER (PARTITION BY m.source_id, m.stream ORDER BY m.day_from) AS span
  FROM marked m
)
SELECT
  n.source_id,
  s.name AS source,
  s.connector,
  n.stream,
  min(n.day_from) AS day_from,
  max(n.day_to) AS day_to,
  max(n.day_to) - min(n.day_from) + 1 AS days,
  n.state,
  max(n.noted_at) AS noted_at
FROM numbered n
JOIN affsync.source s ON s.source_id = n.source_id
LEFT JOIN affsync.stream st ON st.source_id = n.source_id AND st.stream = n.stream
WHERE s.retired_at IS NULL AND st.retired_at IS NULL
GROUP BY n.source_id, s.name, s.connector, n.stream, n.state, n.span;
COMMENT ON VIEW reporting.coverage IS 'Which days of a stream that is read by days are proven, in doubt or lost. Days in no row were not read yet.';
COMMENT ON COLUMN reporting.coverage.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.coverage.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.coverage.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.coverage.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN reporting.coverage.day_from IS 'First day, in the time zone of the stream''s window.';
COMMENT ON COLUMN reporting.coverage.day_to IS 'Last day.';
COMMENT ON COLUMN reporting.coverage.days IS 'Number of days.';
COMMENT ON COLUMN reporting.coverage.state IS 'proven (read completely), doubtful (read, but not verified, or totals differ: read again) or lost (the broker no longer provides these days).';
COMMENT ON COLUMN reporting.coverage.noted_at IS 'When this state was last recorded for any of these days.';
