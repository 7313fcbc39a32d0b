-- A stream with for_each is requested once for each of several values. When a value is no longer
-- asked for, nobody has looked for its rows, so that they are not missed.
CREATE TABLE affsync.row_item (
  source_id     integer NOT NULL,
  stream        text COLLATE "C" NOT NULL,
  external_id   text COLLATE "C" NOT NULL,
  item          text COLLATE "C" NOT NULL,
  PRIMARY KEY (source_id, stream, external_id)
);
COMMENT ON TABLE affsync.row_item IS 'For which value of for_each a row was listed last. A row that a pass does not find has vanished only if the pass asked for its value.';
COMMENT ON COLUMN affsync.row_item.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.row_item.stream IS 'The feed that the row came from.';
COMMENT ON COLUMN affsync.row_item.external_id IS 'The row''s key in the record table of the feed.';
COMMENT ON COLUMN affsync.row_item.item IS 'A hash of the value; those of several values of one request are joined with commas.';

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT SELECT, INSERT, UPDATE ON affsync.row_item TO affsync_writer;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_reader') THEN
    GRANT SELECT ON affsync.row_item TO affsync_reader;
  END IF;
END
$$;
