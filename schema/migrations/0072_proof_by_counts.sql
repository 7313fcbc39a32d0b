-- A count of the broker's proves a list only if no row can have moved between two of its pages.
COMMENT ON TABLE affsync.absence IS 'Rows that the latest pass over them did not find. At the end of a whole pass those are marked as deleted that a sweep which the broker''s count proves missed, or two passes in a row; the others wait.';
COMMENT ON COLUMN affsync.absence.proven IS 'Whether the broker''s own count proves the last of them: its list came in one page, its pages share a row, or each is asked for by a row of the one before it.';
