CREATE OR REPLACE VIEW reporting.source_health AS
SELECT
  s.name AS source,
  s.connector,
  st.stream,
  z.last_success_at,
  extract(epoch FROM now() - z.last_success_at) AS lag_seconds,
  r.status AS last_status,
  r.error AS last_error,
  coalesce(z.live_rows, 0) AS rows,
  (SELECT count(*) FROM affsync.quarantine q
   WHERE q.source_id = st.source_id AND q.stream = st.stream AND q.resolved_at IS NULL
     AND q.accepted_at IS NULL)
    AS quarantined,
  coalesce(c.unreconciled, 0) AS unreconciled,
  st.record_table,
  r.error_code AS last_error_code,
  z.next_run_at,
  coalesce(z.consecutive_failures, 0) AS consecutive_failures,
  r.started_at AS last_started_at,
  coalesce(c.compared, 0) AS compared,
  c.differs_since,
  s.source_id
FROM affsync.source s
JOIN affsync.stream st ON st.source_id = s.source_id
LEFT JOIN affsync.stream_state z ON z.source_id = st.source_id AND z.stream = st.stream
LEFT JOIN LATERAL (
  SELECT r.status, r.error, r.error_code, r.started_at
  FROM affsync.sync_run r
  WHERE r.source_id = st.source_id AND r.stream = st.stream AND r.mode <> 'retry'
  ORDER BY r.run_id DESC
  LIMIT 1
) r ON true
LEFT JOIN (
  SELECT source, stream, count(*) AS compared, count(*) FILTER (WHERE NOT matched) AS unreconciled,
         min(differs_since) AS differs_since
  FROM reporting.reconciliations
  GROUP BY source, stream
) c ON c.source = s.name AND c.stream = st.stream
WHERE s.retired_at IS NULL AND st.retired_at IS NULL;
COMMENT ON VIEW reporting.source_health IS 'How each stream of the configured sources is doing.';
COMMENT ON COLUMN reporting.source_health.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.source_health.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.source_health.stream IS 'The feed.';
COMMENT ON COLUMN reporting.source_health.last_success_at IS 'End of the last run that succeeded; null: none yet.';
COMMENT ON COLUMN reporting.source_health.lag_seconds IS 'Seconds since then.';
COMMENT ON COLUMN reporting.source_health.last_status IS 'Status of the latest run that asked the broker.';
COMMENT ON COLUMN reporting.source_health.last_error IS 'What went wrong in the latest run; null when nothing did.';
COMMENT ON COLUMN reporting.source_health.rows IS 'Rows of the stream that are not deleted.';
COMMENT ON COLUMN reporting.source_health.quarantined IS 'Rows put aside, neither stored since nor accepted as known.';
COMMENT ON COLUMN reporting.source_health.unreconciled IS 'Totals of the broker that differ from our rows in their latest comparison.';
COMMENT ON COLUMN reporting.source_health.record_table IS 'The record table that the rows go to.';
COMMENT ON COLUMN reporting.source_health.last_error_code IS 'Stable word for what went wrong in the latest run.';
COMMENT ON COLUMN reporting.source_health.next_run_at IS 'When it is due again.';
COMMENT ON COLUMN reporting.source_health.consecutive_failures IS 'Failed runs since the last success.';
COMMENT ON COLUMN reporting.source_health.last_started_at IS 'When the latest run began.';
COMMENT ON COLUMN reporting.source_health.compared IS 'Totals of the broker that our rows were compared with; see reporting.reconciliations.';
COMMENT ON COLUMN reporting.source_health.differs_since IS 'Since when one of them differs; null when all agree.';
COMMENT ON COLUMN reporting.source_health.source_id IS 'The source; see affsync.source.';
