-- When all rows of a stream were read again because of us (another mapping, privacy setting or address):
-- what changes in them then is no doing of the broker's.
ALTER TABLE affsync.stream_state
  ADD COLUMN read_again_from timestamptz,
  ADD COLUMN read_again_until timestamptz;
COMMENT ON COLUMN affsync.stream_state.read_again_from IS 'When it was wanted last that all rows are read again (see full_wanted_after); null: never.';
COMMENT ON COLUMN affsync.stream_state.read_again_until IS 'When they had been; null while they have not.';

CREATE FUNCTION affsync.note_reading_again() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.full_wanted_after IS NULL THEN
    NEW.read_again_until := clock_timestamp();
  ELSE
    -- What was wanted before and has not been read yet goes on.
    IF OLD.full_wanted_after IS NULL OR NEW.read_again_from IS NULL THEN
      NEW.read_again_from := clock_timestamp();
    END IF;
    NEW.read_again_until := NULL;
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION affsync.note_reading_again() IS 'Notes when all rows of a stream are wanted again, and when they have been read.';
CREATE TRIGGER note_reading_again BEFORE UPDATE ON affsync.stream_state
  FOR EACH ROW WHEN (OLD.full_wanted_after IS DISTINCT FROM NEW.full_wanted_after)
  EXECUTE FUNCTION affsync.note_reading_again();
COMMENT ON TRIGGER note_reading_again ON affsync.stream_state IS 'Tells changes that are due to us from those of the broker.';
