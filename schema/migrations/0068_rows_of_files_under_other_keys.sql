-- Rows of files that were read beside an API stay under their old keys when an API's pass has brought all of its
-- own rows under the new ones.
COMMENT ON COLUMN affsync.stream.keys IS 'Hash of what of the connector makes the keys of the stream''s rows, and, each behind a blank, of what decides which rows are taken, and of which parts of the keys are stored as hashes. Null, or without the latter, until affsync has met it.';
ALTER TABLE affsync.stream_state
  ADD COLUMN files_rekeyed_since bigint,
  ADD COLUMN files_rekeyed_after bigint;
COMMENT ON COLUMN affsync.stream_state.files_rekeyed_since IS 'What rekeyed_since was when a full pass of an API had read to its end, for files that are imported beside it.';
COMMENT ON COLUMN affsync.stream_state.files_rekeyed_after IS 'The same of rekeyed_after. Rows of files are under their old keys until their file is read again. Null: none is known to be.';
