-- A source that the configuration calls otherwise, and a feed that its connector calls otherwise,
-- must not count twice in reports.
ALTER TABLE affsync.source ADD COLUMN account text;
COMMENT ON COLUMN affsync.source.account IS 'Eight digits of a hash of what tells the account from others at the same broker (such as its login name), so that a source that gets another name is known again. Null until affsync has met it.';
COMMENT ON COLUMN affsync.source.name IS 'Its name in the configuration; follows it when the same account gets another name there.';

ALTER TABLE affsync.stream ADD COLUMN retired_at timestamptz;
COMMENT ON COLUMN affsync.stream.retired_at IS 'When the connector stopped having this feed; null while it does. Its rows stay, but views do not add them: another feed may bring the same ones.';
COMMENT ON COLUMN affsync.stream.in_reports IS 'False when the feed repeats the money of another one (trades beside daily rewards), or is retired: its rows are kept, but views do not add them.';
