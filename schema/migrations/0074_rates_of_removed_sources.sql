-- Rates of sources that no longer exist stay, but those of sources that are read go before them.
UPDATE affsync.fx_rate f SET source_id = 2147483647 - f.source_id
WHERE f.source_id > 0 AND NOT EXISTS (SELECT FROM affsync.source s WHERE s.source_id = f.source_id);
COMMENT ON COLUMN affsync.fx_rate.source_id IS 'The source; see affsync.source. 0: put in by hand. Of a source that was removed with its data: 2147483647 less its number, so that its rates come last.';
