-- Rows of tables that a stream no longer fills, and of mappings that were taken out of it. Whether there are
-- such rows of before, nobody knows yet: the next sound pass over all rows of a stream looks for them.
COMMENT ON COLUMN affsync.record_change.after IS 'The same columns, as they are now. Of a deletion perhaps also counted, what counts in its place, and ours, why affsync no longer takes a row that the broker may still list: key (it is there under another key), where, window (days are cut in another way), or table (no mapping of the stream makes it any more).';
ALTER TABLE affsync.stream_state ADD COLUMN unmade_after bigint;
COMMENT ON COLUMN affsync.stream_state.unmade_after IS 'Set when the connector''s mappings of the stream, their tables or their keys are others: the latest run then; 0: it was read by a version that did not look. Rows that no mapping makes any more are marked as deleted at the end of the first sound pass over all rows that begins after that; null again then.';
UPDATE affsync.stream_state SET unmade_after = 0;
