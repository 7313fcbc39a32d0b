-- What stands against a running daemon, so that `affsync status`, another process, can say it.
ALTER TABLE affsync.program
  ADD COLUMN reload_error text,
  ADD COLUMN reload_failed_at timestamptz,
  ADD COLUMN needs_restart text[];
COMMENT ON COLUMN affsync.program.reload_error IS 'Why the configuration read last is not in use, with its place in the file; null if it is.';
COMMENT ON COLUMN affsync.program.reload_failed_at IS 'When reading it failed; null if it is in use.';
COMMENT ON COLUMN affsync.program.needs_restart IS 'Settings that were changed and are taken at a restart only, each with its place in the file; null if there are none.';
