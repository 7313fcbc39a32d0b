-- A file that is imported into a stream of an API says nothing of an API that fails, nor does it
-- fail in the API's place.
ALTER TABLE affsync.stream_state ADD COLUMN state_of_file boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN affsync.stream_state.state_of_file IS 'last_status and last_error are those of a file that was read beside an API. As long as the API''s own last run did not succeed, they remain the API''s.';
