-- What grows with time alone can be let go: runs that ended long ago, and rows of the quarantine that
-- were resolved. Money and its history stay.
CREATE TABLE affsync.upkeep (
  task     text PRIMARY KEY,
  done_at  timestamptz NOT NULL
);
COMMENT ON TABLE affsync.upkeep IS 'Work that is done once a day by one of the daemons that share the database.';
COMMENT ON COLUMN affsync.upkeep.task IS 'What is done; prune: what retention lets go.';
COMMENT ON COLUMN affsync.upkeep.done_at IS 'When one of them took it on last.';

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT SELECT, INSERT, UPDATE ON affsync.upkeep TO affsync_writer;
    GRANT DELETE ON affsync.sync_run, affsync.quarantine TO affsync_writer;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_reader') THEN
    GRANT SELECT ON affsync.upkeep TO affsync_reader;
  END IF;
END
$$;
