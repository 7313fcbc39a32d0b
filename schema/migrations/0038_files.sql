-- Files that were read into streams, so that two that overlap can be told.
CREATE TABLE affsync.file_read (
  file_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id     integer NOT NULL REFERENCES affsync.source,
  stream        text COLLATE "C" NOT NULL,
  name          text NOT NULL,
  content_hash  uuid NOT NULL,
  first_day     date,
  last_day      date,
  rows          bigint NOT NULL,
  status        text NOT NULL,
  read_at       timestamptz NOT NULL
);
CREATE INDEX file_read_of_stream ON affsync.file_read (source_id, stream, read_at);
COMMENT ON TABLE affsync.file_read IS 'Files that were read into a stream, by `affsync import` or from the folder of a source. A file that is read again has a row for each reading.';
COMMENT ON COLUMN affsync.file_read.file_id IS 'Number of the reading.';
COMMENT ON COLUMN affsync.file_read.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.file_read.stream IS 'The feed that the file was read into.';
COMMENT ON COLUMN affsync.file_read.name IS 'Name of the file without its folder.';
COMMENT ON COLUMN affsync.file_read.content_hash IS 'Hash of its bytes: two readings with the same one are of the same file.';
COMMENT ON COLUMN affsync.file_read.first_day IS 'First day of the period that the file covers; null if it has no days.';
COMMENT ON COLUMN affsync.file_read.last_day IS 'Last day of that period.';
COMMENT ON COLUMN affsync.file_read.rows IS 'Rows in the file.';
COMMENT ON COLUMN affsync.file_read.status IS 'How the reading ended: succeeded or partial.';
COMMENT ON COLUMN affsync.file_read.read_at IS 'When the reading ended.';

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT SELECT, INSERT ON affsync.file_read TO affsync_writer;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_reader') THEN
    GRANT SELECT ON affsync.file_read TO affsync_reader;
  END IF;
END
$$;
