-- How the latest run of a stream ended stands beside its state: whoever asks how all streams do
-- reads one row for each, however many runs there have been.
ALTER TABLE affsync.stream_state
  ADD COLUMN running boolean NOT NULL DEFAULT false,
  ADD COLUMN last_started_at timestamptz,
  ADD COLUMN last_finished_at timestamptz,
  ADD COLUMN last_status text,
  ADD COLUMN last_error_code text,
  ADD COLUMN last_error text;
COMMENT ON COLUMN affsync.stream_state.running IS 'A run has begun and has not ended; after a crash until the next one ends.';
COMMENT ON COLUMN affsync.stream_state.last_started_at IS 'When the latest run that asked the broker began.';
COMMENT ON COLUMN affsync.stream_state.last_finished_at IS 'When the latest run that asked the broker and has ended did so.';
COMMENT ON COLUMN affsync.stream_state.last_status IS 'How that run ended; see affsync.sync_run.status.';
COMMENT ON COLUMN affsync.stream_state.last_error_code IS 'Stable word for what went wrong in it; null when nothing did.';
COMMENT ON COLUMN affsync.stream_state.last_error IS 'What went wrong in it, and what to do; null when nothing did.';

UPDATE affsync.stream_state z SET
  running = l.status = 'running',
  last_started_at = l.started_at,
  last_finished_at = e.finished_at,
  last_status = e.status,
  last_error_code = e.error_code,
  last_error = e.error
FROM affsync.stream_state y
CROSS JOIN LATERAL (
  SELECT r.status, r.started_at FROM affsync.sync_run r
  WHERE r.source_id = y.source_id AND r.stream = y.stream AND r.mode <> 'retry'
  ORDER BY r.run_id DESC LIMIT 1
) l
LEFT JOIN LATERAL (
  SELECT r.status, r.finished_at, r.error_code, r.error FROM affsync.sync_run r
  WHERE r.source_id = y.source_id AND r.stream = y.stream AND r.mode <> 'retry'
    AND r.status <> 'running'
  ORDER BY r.run_id DESC LIMIT 1
) e ON true
WHERE z.source_id = y.source_id AND z.stream = y.stream;
