-- Readings of a relative time ("3 weeks ago") that have nothing in common with what was read before:
-- one of the two was read, or answered, by a wrong clock.
CREATE TABLE affsync.contradiction (
  source_id      integer NOT NULL,
  record_table   text NOT NULL,
  stream         text COLLATE "C" NOT NULL,
  external_id    text COLLATE "C" NOT NULL,
  occurred_from  timestamptz,
  occurred_to    timestamptz,
  run_id         bigint NOT NULL,
  PRIMARY KEY (source_id, record_table, stream, external_id)
);
COMMENT ON TABLE affsync.contradiction IS 'Rows whose relative time, as it was read last, cannot be true together with the interval that is stored. When the next reading agrees with this one, the two replace what is stored.';
COMMENT ON COLUMN affsync.contradiction.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.contradiction.record_table IS 'The record table that holds the row.';
COMMENT ON COLUMN affsync.contradiction.stream IS 'The feed that the row came from.';
COMMENT ON COLUMN affsync.contradiction.external_id IS 'The row''s key.';
COMMENT ON COLUMN affsync.contradiction.occurred_from IS 'Earliest moment that the latest reading allows, exclusive.';
COMMENT ON COLUMN affsync.contradiction.occurred_to IS 'Latest moment that the latest reading allows, inclusive.';
COMMENT ON COLUMN affsync.contradiction.run_id IS 'The run that read it; see affsync.sync_run.';

COMMENT ON COLUMN affsync.commission.occurred_from IS 'Earliest moment that the relative times read so far allow, exclusive. It grows where that is worth a write, and is only replaced when two readings in a row contradict it and agree with each other.';
COMMENT ON COLUMN affsync.commission.occurred_to IS 'Latest moment that the relative times read so far allow, inclusive. It falls where that is worth a write, and is only replaced when two readings in a row contradict it and agree with each other.';

-- As in affsync.absence: what is settled goes.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT DELETE ON affsync.contradiction TO affsync_writer;
  END IF;
END
$$;
