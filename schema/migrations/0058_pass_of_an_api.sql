-- A file that is imported into a stream of an API is a pass of its own. An interrupted pass of the
-- API goes on afterwards as if there had been no file.
ALTER TABLE affsync.stream_state ADD COLUMN api_pass jsonb;
COMMENT ON COLUMN affsync.stream_state.api_pass IS 'While the latest runs have read files beside an API: what the API''s own pass has in the columns pass_*. Null otherwise.';
