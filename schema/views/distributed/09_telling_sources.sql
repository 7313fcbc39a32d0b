-- The rows of a source lie with its state, not with the row of affsync.source.
-- beside: 2f7d7d277cfc
CREATE OR REPLACE VIEW affsync.telling_sources AS
SELECT DISTINCT z.source_id
FROM affsync.stream_state z
WHERE (SELECT true
       FROM affsync.commission c
       LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
       WHERE c.source_id = z.source_id AND c.deleted_at IS NULL AND coalesce(st.in_reports, true)
       LIMIT 1);
COMMENT ON VIEW affsync.telling_sources IS 'Sources that have commission rows in reports.';
COMMENT ON COLUMN affsync.telling_sources.source_id IS 'The source; see affsync.source.';
