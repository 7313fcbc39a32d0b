-- What speaks against the rows of a stream, or against the machine that reads it, is in the database,
-- where every program finds it.

-- Rows that were read under another mapping are not what the connector says any more.
ALTER TABLE affsync.stream ADD COLUMN mapping text;
COMMENT ON COLUMN affsync.stream.mapping IS 'Hash of what of the connector decides how a row of the broker becomes columns. When it changes, all rows are read once more. Null until affsync has met it.';
COMMENT ON COLUMN affsync.stream_state.full_wanted_after IS 'Set when all rows have to be read again, whatever the schedule says (the privacy setting, the address or the mapping of the connector has changed): the latest run then. Null again once a full pass after that run has read to its end.';

-- A wrong clock of ours shows beside the brokers'.
ALTER TABLE affsync.stream_state ADD COLUMN clock_skew_seconds bigint;
COMMENT ON COLUMN affsync.stream_state.clock_skew_seconds IS 'Clock of the machine that made the latest run less the broker''s, by its answers; null where the broker tells no time.';
