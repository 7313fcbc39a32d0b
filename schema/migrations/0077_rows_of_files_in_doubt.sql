-- A file that lacks too many rows leaves them as they are. Nothing asks for them again, so the stream is told
-- to be in doubt until the file is read once more.
ALTER TABLE affsync.file_rows ADD COLUMN in_doubt bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN affsync.file_rows.in_doubt IS 'Rows by which the file had become fewer at its last reading, and that still count because that was more than mass_drop allows; 0: none.';
