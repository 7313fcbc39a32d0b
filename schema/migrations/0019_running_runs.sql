-- affsync: outside of a transaction
-- The begin of a run closes one that never ended, and must not read all that ever were to find it.
CREATE INDEX CONCURRENTLY IF NOT EXISTS sync_run_running ON affsync.sync_run (source_id, stream)
  WHERE status = 'running';
