CREATE OR REPLACE VIEW reporting.source_health AS
SELECT
  s.name AS source,
  s.connector,
  st.stream,
  z.last_success_at,
  extract(epoch FROM now() - z.last_success_at) AS lag_seconds,
  CASE WHEN z.running THEN 'running' ELSE z.last_status END AS last_status,
  z.last_error,
  coalesce(z.live_rows, 0) AS rows,
  (SELECT count(*) FROM affsync.quarantine q
   WHERE q.source_id = st.source_id AND q.stream = st.stream AND q.resolved_at IS NULL
     AND q.accepted_at IS NULL)
    AS quarantined,
  coalesce(c.unreconciled, 0) AS unreconciled,
  st.record_table,
  z.last_error_code,
  z.next_run_at,
  coalesce(z.consecutive_failures, 0) AS consecutive_failures,
  z.last_started_at,
  coalesce(c.compared, 0) AS compared,
  c.differs_since,
  s.source_id,
  z.last_status AS ended_status,
  z.last_finished_at,
  (SELECT count(*) FROM affsync.quarantine q
   WHERE q.source_id = st.source_id AND q.stream = st.stream AND q.resolved_at IS NULL
     AND q.accepted_at IS NOT NULL)
    AS accepted,
  b.until AS blocked_until,
  b.code AS blocked_code,
  b.reason AS blocked_reason,
  coalesce(d.proven_days, 0) AS proven_days,
  coalesce(d.doubtful_days, 0) AS doubtful_days,
  coalesce(d.lost_days, 0) AS lost_days,
  d.proven_from,
  d.proven_to,
  z.clock_skew_seconds
FROM affsync.source s
JOIN affsync.stream st ON st.source_id = s.source_id
LEFT JOIN affsync.stream_state z ON z.source_id = st.source_id AND z.stream = st.stream
LEFT JOIN affsync.source_block b ON b.source_id = st.source_id AND b.until > now()
LEFT JOIN LATERAL (
  SELECT sum(g.day_to - g.day_from + 1) FILTER (WHERE g.state = 'proven') AS proven_days,
         sum(g.day_to - g.day_from + 1) FILTER (WHERE g.state = 'doubtful') AS doubtful_days,
         sum(g.day_to - g.day_from + 1) FILTER (WHERE g.state = 'lost') AS lost_days,
         min(g.day_from) FILTER (WHERE g.state = 'proven') AS proven_from,
         max(g.day_to) FILTER (WHERE g.state = 'proven') AS proven_to
  FROM affsync.coverage g
  WHERE g.source_id = st.source_id AND g.stream = st.stream
) d ON true
LEFT JOIN (
  SELECT source_id, stream, count(*) AS compared, count(*) FILTER (WHERE NOT matched) AS unreconciled,
         min(differs_since) AS differs_since
  FROM reporting.reconciliations
  GROUP BY source_id, stream
) c ON c.source_id = st.source_id AND c.stream = st.stream
WHERE s.retired_at IS NULL AND st.retired_at IS NULL;
COMMENT ON VIEW reporting.source_health IS 'Health of each stream of the configured sources.';
COMMENT ON COLUMN reporting.source_health.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.source_health.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.source_health.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN reporting.source_health.last_success_at IS 'End of the last run that succeeded and read up to the present, not only chosen days of the past; null: none yet.';
COMMENT ON COLUMN reporting.source_health.lag_seconds IS 'Seconds since last_success_at.';
COMMENT ON COLUMN reporting.source_health.last_status IS 'Status of the latest run that sent requests to the broker; running while it runs.';
COMMENT ON COLUMN reporting.source_health.last_error IS 'Error of the latest run that has ended; null: no error.';
COMMENT ON COLUMN reporting.source_health.rows IS 'Rows of the stream that are not deleted.';
COMMENT ON COLUMN reporting.source_health.quarantined IS 'Quarantined rows that are neither stored meanwhile nor accepted by a user.';
COMMENT ON COLUMN reporting.source_health.unreconciled IS 'Number of the broker''s totals that differ from our rows in their latest comparison.';
COMMENT ON COLUMN reporting.source_health.record_table IS 'The record table of the rows.';
COMMENT ON COLUMN reporting.source_health.last_error_code IS 'Stable error code of last_error.';
COMMENT ON COLUMN reporting.source_health.next_run_at IS 'When the next run is due.';
COMMENT ON COLUMN reporting.source_health.consecutive_failures IS 'Failed runs since the last success.';
COMMENT ON COLUMN reporting.source_health.last_started_at IS 'When the latest run began.';
COMMENT ON COLUMN reporting.source_health.compared IS 'Number of the broker''s totals that our rows were compared with; see reporting.reconciliations.';
COMMENT ON COLUMN reporting.source_health.differs_since IS 'Since when any of them has differed; null if all match.';
COMMENT ON COLUMN reporting.source_health.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN reporting.source_health.ended_status IS 'Status of the latest run that has ended, even while the next one runs.';
COMMENT ON COLUMN reporting.source_health.last_finished_at IS 'When that run ended.';
COMMENT ON COLUMN reporting.source_health.accepted IS 'Quarantined rows that a user has accepted as known.';
COMMENT ON COLUMN reporting.source_health.blocked_until IS 'Until when no request is sent to the source, because the broker refused its login or key, or asked for a long pause; null: not blocked.';
COMMENT ON COLUMN reporting.source_health.blocked_code IS 'Stable error code of the reason.';
COMMENT ON COLUMN reporting.source_health.blocked_reason IS 'What the broker said.';
COMMENT ON COLUMN reporting.source_health.proven_days IS 'Number of days that were read completely; see affsync.coverage.';
COMMENT ON COLUMN reporting.source_health.doubtful_days IS 'Number of days that were read, but incompletely or with doubts; they are read again.';
COMMENT ON COLUMN reporting.source_health.lost_days IS 'Number of days that the broker no longer provides and that were never read completely.';
COMMENT ON COLUMN reporting.source_health.proven_from IS 'First proven day.';
COMMENT ON COLUMN reporting.source_health.proven_to IS 'Last proven day.';
COMMENT ON COLUMN reporting.source_health.clock_skew_seconds IS 'Clock of the machine of the latest run minus the broker''s clock; if they differ by minutes, one of them is wrong. Null if the broker sends no time.';
