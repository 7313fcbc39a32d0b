-- A connector that makes the keys of a stream's rows in another way brings each of them again under
-- another key. What is stored under the old one is then the same row twice.
ALTER TABLE affsync.stream ADD COLUMN keys text;
COMMENT ON COLUMN affsync.stream.keys IS 'Hash of what of the connector makes the keys of the stream''s rows. Null until affsync has met it.';
ALTER TABLE affsync.stream_state
  ADD COLUMN rekeyed_after bigint,
  ADD COLUMN rekeyed_by bigint;
COMMENT ON COLUMN affsync.stream_state.rekeyed_after IS 'Set when the keys of the rows are made in another way: the latest run then. Rows that it or a run before stored are marked as deleted as soon as a later run brings the same row under another key. Null again once a full pass after that run has read to its end.';
COMMENT ON COLUMN affsync.stream_state.rekeyed_by IS 'The latest run that marked rows for that: these have not vanished, and are not counted as such.';
