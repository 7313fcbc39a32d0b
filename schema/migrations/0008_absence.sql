-- Rows that one sweep did not find, where the broker gives no count to check the sweep against.
CREATE TABLE affsync.absence (
  source_id     integer NOT NULL,
  record_table  text NOT NULL,
  stream        text COLLATE "C" NOT NULL,
  external_id   text COLLATE "C" NOT NULL,
  run_id        bigint NOT NULL,
  PRIMARY KEY (source_id, record_table, stream, external_id)
);
COMMENT ON TABLE affsync.absence IS 'Rows that the latest sweep of their stream did not find, where the broker gives no count that would prove the sweep complete. Missed once more they are marked as deleted.';
COMMENT ON COLUMN affsync.absence.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.absence.record_table IS 'The record table that holds the row.';
COMMENT ON COLUMN affsync.absence.stream IS 'The feed that the row came from.';
COMMENT ON COLUMN affsync.absence.external_id IS 'The row''s key.';
COMMENT ON COLUMN affsync.absence.run_id IS 'The run that missed it; see affsync.sync_run.';

-- The one table whose rows go: a row that is seen again, or given up, is no longer missed.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT DELETE ON affsync.absence TO affsync_writer;
  END IF;
END
$$;
