-- A row that the broker sends as before, and that another mapping of ours reads differently, is no
-- change of the broker's.
COMMENT ON COLUMN affsync.record_change.operation IS 'update, remap (another mapping reads the same row of the broker differently), delete (a sweep no longer found the row) or restore (it came back).';
