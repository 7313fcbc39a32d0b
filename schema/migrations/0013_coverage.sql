-- Which days of a stream are proven, which are in doubt, and which can no longer be had.
CREATE TABLE affsync.coverage (
  source_id  integer NOT NULL,
  stream     text COLLATE "C" NOT NULL,
  day_from   date NOT NULL,
  day_to     date NOT NULL,
  state      text NOT NULL CHECK (state IN ('proven', 'doubtful', 'lost')),
  run_id     bigint NOT NULL,
  noted_at   timestamptz NOT NULL,
  PRIMARY KEY (source_id, stream, day_from),
  CHECK (day_from <= day_to)
);
COMMENT ON TABLE affsync.coverage IS 'Spans of days of a stream that takes windows, and what is known of them. Spans of one stream do not overlap; days in none were not read yet.';
COMMENT ON COLUMN affsync.coverage.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.coverage.stream IS 'The feed.';
COMMENT ON COLUMN affsync.coverage.day_from IS 'First day of the span, in the zone of the stream''s window.';
COMMENT ON COLUMN affsync.coverage.day_to IS 'Last day of the span.';
COMMENT ON COLUMN affsync.coverage.state IS 'proven (read to the end), doubtful (read, but not whole: asked for again by the next pass) or lost (the broker no longer gives these days).';
COMMENT ON COLUMN affsync.coverage.run_id IS 'The run that said so last; see affsync.sync_run.';
COMMENT ON COLUMN affsync.coverage.noted_at IS 'When it was said.';

-- Spans grow together, so rows go.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT DELETE ON affsync.coverage TO affsync_writer;
  END IF;
END
$$;
