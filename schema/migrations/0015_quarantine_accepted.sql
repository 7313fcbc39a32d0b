-- A row in quarantine that somebody knows of and leaves out no longer makes runs partial.
ALTER TABLE affsync.quarantine ADD COLUMN first_received_at timestamptz;
ALTER TABLE affsync.quarantine ADD COLUMN accepted_at timestamptz;
ALTER TABLE affsync.quarantine ADD COLUMN accepted_by text;
ALTER TABLE affsync.quarantine ADD COLUMN accepted_because text;
COMMENT ON COLUMN affsync.quarantine.first_received_at IS 'When it was read first; null for rows that were there before this was kept.';
COMMENT ON COLUMN affsync.quarantine.accepted_at IS 'When somebody accepted that the row is left out; null while nobody has.';
COMMENT ON COLUMN affsync.quarantine.accepted_by IS 'The database user and the operating system''s user that accepted it.';
COMMENT ON COLUMN affsync.quarantine.accepted_because IS 'The reason given with it.';

DROP INDEX affsync.quarantine_open;
CREATE INDEX quarantine_open ON affsync.quarantine (source_id, stream)
  WHERE resolved_at IS NULL AND accepted_at IS NULL;
