-- Which programs read into the database, so that those with other sources, or of another version, leave
-- each other's sources and feeds alone.
CREATE TABLE affsync.program (
  instance    text COLLATE "C" NOT NULL,
  process     text COLLATE "C" NOT NULL,
  version     text NOT NULL,
  release     integer[] NOT NULL,
  sources     text[] NOT NULL,
  started_at  timestamptz NOT NULL,
  seen_at     timestamptz NOT NULL,
  ended_at    timestamptz,
  PRIMARY KEY (instance, process)
);
COMMENT ON TABLE affsync.program IS 'Daemons that read into this database, one row for each process, and for each configuration one row for commands such as `sync`.';
COMMENT ON COLUMN affsync.program.instance IS 'The configuration; see `instance` in the configuration.';
COMMENT ON COLUMN affsync.program.process IS 'Random, for each start of a daemon; empty for commands.';
COMMENT ON COLUMN affsync.program.version IS 'Version of affsync.';
COMMENT ON COLUMN affsync.program.release IS 'The same as numbers, and its newest migration: the larger one is the newer affsync.';
COMMENT ON COLUMN affsync.program.sources IS 'Names of all sources of its configuration.';
COMMENT ON COLUMN affsync.program.started_at IS 'When it was noted first.';
COMMENT ON COLUMN affsync.program.seen_at IS 'When it was noted last: a daemon once a minute. After five minutes it counts as dead.';
COMMENT ON COLUMN affsync.program.ended_at IS 'When the daemon stopped; null while it runs, and after a crash.';

COMMENT ON COLUMN affsync.source.instances IS 'The configurations that name the source (see `instance` in the configuration). The last one to give it up retires it. One that only commands such as `sync` use counts for eight days after its latest command.';

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON affsync.program TO affsync_writer;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_reader') THEN
    GRANT SELECT ON affsync.program TO affsync_reader;
  END IF;
END
$$;
