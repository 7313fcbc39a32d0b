-- Keys that change, and change once more before a pass has read all rows with them; `where` that changes; and
-- rows that have vanished and are not marked, because they are too many.
COMMENT ON COLUMN affsync.stream.keys IS 'Hash of what of the connector makes the keys of the stream''s rows, and, behind a blank, of what decides which rows are taken. Null, or without the latter, until affsync has met it.';
ALTER TABLE affsync.stream_state
  ADD COLUMN rekeyed_since bigint,
  ADD COLUMN retaken_after bigint,
  ADD COLUMN held_since bigint,
  ADD COLUMN held_rows bigint;
COMMENT ON COLUMN affsync.stream_state.rekeyed_since IS 'The same as rekeyed_after of the first such change, if there was another one before a full pass had read to its end.';
COMMENT ON COLUMN affsync.stream_state.rekeyed_after IS 'Set when the keys of the rows are made in another way: the latest run then. Rows that it or a run before stored are marked as deleted as soon as a later run has the same row under another key. Null again once a full pass after that run has read to its end.';
COMMENT ON COLUMN affsync.stream_state.retaken_after IS 'Set when the connector takes other rows (where): the latest run then. Stored rows that are not taken any more are marked as deleted at once, since they have not vanished. Null again once a full pass after that run has read to its end.';
COMMENT ON COLUMN affsync.stream_state.held_since IS 'The first run of the pass since which rows that have vanished are not marked as deleted, because they are too many (mass_drop). Null: there are none; they are null again once the rows are marked or listed again.';
COMMENT ON COLUMN affsync.stream_state.held_rows IS 'How many rows these are; all still count.';
COMMENT ON COLUMN affsync.record_change.after IS 'The same columns, as they are now. Of a deletion perhaps also counted, what counts in its place, and ours, why affsync no longer takes a row that the broker still lists: key (it is there under another key) or where.';
UPDATE affsync.stream_state SET held_since = coalesce(pass_run_id, run_id), held_rows = pass_missed
WHERE last_error_code = 'mass_drop' AND pass_missed > 0;
