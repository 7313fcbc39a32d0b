-- One row of a broker may go to several tables under one key. What one of them has stored is not
-- what another could not.
ALTER TABLE affsync.quarantine ADD COLUMN record_table text;
COMMENT ON COLUMN affsync.quarantine.record_table IS 'The table that the row is not stored in. Null if it was put aside before affsync noted this.';
