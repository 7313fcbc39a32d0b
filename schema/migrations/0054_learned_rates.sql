-- What brokers' refusals have shown of their limits, so that a process need not be refused to learn
-- it again.
ALTER TABLE affsync.source
  ADD COLUMN learned_requests_per_second numeric,
  ADD COLUMN learned_from_answers integer,
  ADD COLUMN learned_waits_are_told boolean,
  ADD COLUMN learned_at timestamptz;
COMMENT ON COLUMN affsync.source.learned_requests_per_second IS 'Requests a second that the broker was found to allow, with which the next process begins; null if it never refused one for their number. It grows again while nothing is refused. Set it to null to have it forgotten.';
COMMENT ON COLUMN affsync.source.learned_from_answers IS 'How many answers this was measured with.';
COMMENT ON COLUMN affsync.source.learned_waits_are_told IS 'Whether refusals said how long to wait, as Retry-After does.';
COMMENT ON COLUMN affsync.source.learned_at IS 'When it was stored.';
