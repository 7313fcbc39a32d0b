-- Whether a stream has rows put aside that are not resolved, accepted ones too, is asked with each
-- page that is stored: without an index all that were ever put aside would be read for it.
CREATE INDEX quarantine_unresolved ON affsync.quarantine (source_id, stream)
  WHERE resolved_at IS NULL;
COMMENT ON COLUMN affsync.sync_run.mode IS 'incremental, full, or retry: rows put aside were mapped again, without asking the broker.';
