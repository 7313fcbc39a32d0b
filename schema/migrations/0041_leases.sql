-- Which process reads a stream is a row with a time, so that it depends on no session. The token tells
-- whether another one had the stream in between. A run has one too, since a promoted standby may give
-- out the number of a run again.
CREATE TABLE affsync.lease (
  source_id    integer NOT NULL,
  stream       text COLLATE "C" NOT NULL,
  token        uuid NOT NULL,
  taken_at     timestamptz NOT NULL,
  renewed_at   timestamptz NOT NULL,
  until        timestamptz NOT NULL,
  host         text NOT NULL,
  process_id   integer NOT NULL,
  process_key  text,
  PRIMARY KEY (source_id, stream)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 500);
COMMENT ON TABLE affsync.lease IS 'Which process reads a stream, or logs in to a broker: the stream (login). A row whose time has passed is free.';
COMMENT ON COLUMN affsync.lease.source_id IS 'The source; see affsync.source. Negative for the login of a source that is not registered.';
COMMENT ON COLUMN affsync.lease.stream IS 'The feed; see affsync.stream.';
COMMENT ON COLUMN affsync.lease.token IS 'Random; another one with each taking.';
COMMENT ON COLUMN affsync.lease.taken_at IS 'When the process took it.';
COMMENT ON COLUMN affsync.lease.renewed_at IS 'When the process renewed it last.';
COMMENT ON COLUMN affsync.lease.until IS 'When it ends unless it is renewed, or has ended.';
COMMENT ON COLUMN affsync.lease.host IS 'The machine of the process.';
COMMENT ON COLUMN affsync.lease.process_id IS 'Number of the process on its machine.';
COMMENT ON COLUMN affsync.lease.process_key IS 'Boot of the machine, namespace and start of the process, by which another process of the same machine can tell that it has ended. Null if it does not know them.';

ALTER TABLE affsync.stream_state ADD COLUMN run_token uuid;
COMMENT ON COLUMN affsync.stream_state.run_token IS 'Random; tells the latest run from another with the same number.';

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT SELECT, INSERT, UPDATE ON affsync.lease TO affsync_writer;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_reader') THEN
    GRANT SELECT ON affsync.lease TO affsync_reader;
  END IF;
END
$$;
