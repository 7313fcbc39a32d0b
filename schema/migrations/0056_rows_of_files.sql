-- Which rows the files of a stream hold, so that a file replaces what it said itself and no row of
-- another file.
CREATE TABLE affsync.file_rows (
  source_id  integer NOT NULL REFERENCES affsync.source,
  stream     text COLLATE "C" NOT NULL,
  name       text NOT NULL,
  first_day  date NOT NULL,
  last_day   date NOT NULL,
  row_keys   bytea NOT NULL,
  noted_at   timestamptz NOT NULL,
  PRIMARY KEY (source_id, stream, name)
);
COMMENT ON TABLE affsync.file_rows IS 'Rows that files hold which replace the rows of their days, one line for each name of a file. A file that repeats most of another one takes its rows over; a file that holds no row any more has no line.';
COMMENT ON COLUMN affsync.file_rows.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.file_rows.stream IS 'The feed that the file was read into.';
COMMENT ON COLUMN affsync.file_rows.name IS 'Name of the file without its folder.';
COMMENT ON COLUMN affsync.file_rows.first_day IS 'First day of the periods for which it holds rows.';
COMMENT ON COLUMN affsync.file_rows.last_day IS 'Last day of these periods.';
COMMENT ON COLUMN affsync.file_rows.row_keys IS 'A hash of 8 bytes of the external_id of each row, sorted.';
COMMENT ON COLUMN affsync.file_rows.noted_at IS 'When it was last changed.';

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE ON affsync.file_rows TO affsync_writer;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_reader') THEN
    GRANT SELECT ON affsync.file_rows TO affsync_reader;
  END IF;
END
$$;
