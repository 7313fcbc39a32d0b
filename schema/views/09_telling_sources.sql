CREATE OR REPLACE VIEW affsync.telling_sources AS
SELECT s.source_id
FROM affsync.source s
WHERE (SELECT true
       FROM affsync.commission c
       LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
       WHERE c.source_id = s.source_id AND c.deleted_at IS NULL AND coalesce(st.in_reports, true)
       LIMIT 1);
COMMENT ON VIEW affsync.telling_sources IS 'Sources that have commission rows in reports.';
COMMENT ON COLUMN affsync.telling_sources.source_id IS 'The source; see affsync.source.';
