-- Where reporting.client_performance finds the dated rows of each day: spans whose sums are true, because none
-- of their rows and rates has been written since (`settled`), and the days between and after them.
-- It runs with the rights of its owner, as a view does: whoever may read reporting.client_performance need
-- not be allowed to read what it is made from.
CREATE OR REPLACE FUNCTION affsync.client_days()
RETURNS TABLE (source_id integer, record_table text, unit_from date, unit_to date, settled boolean)
LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
  kept boolean := affsync.days_are_marked() AND affsync.clients_are_marked();
BEGIN
  RETURN QUERY
    WITH marked AS MATERIALIZED (
      SELECT * FROM affsync.marked_days() m WHERE m.unit_to > '-infinity'
    ), spans AS MATERIALIZED (
      SELECT c.source_id, c.record_table, c.span_from, c.span_to,
             lag(c.span_to) OVER (PARTITION BY c.source_id, c.record_table ORDER BY c.span_from) AS before
      FROM affsync.client_span c
      WHERE kept AND NOT c.stale
        AND (c.record_table <> 'commission'
             OR NOT EXISTS (SELECT FROM marked m
                            WHERE m.source_id = c.source_id
                              AND m.unit_from <= c.span_to AND m.unit_to >= c.span_from))
        -- The rows of any source may imply a rate, for their day and the seven days after it.
        AND (NOT c.implied
             OR NOT EXISTS (SELECT FROM marked m
                            WHERE m.unit_from <= c.span_to AND m.unit_to >= c.span_from - 7))
        AND NOT EXISTS (SELECT FROM affsync.client_mark r
                        WHERE r.source_id = c.source_id
                          AND (r.record_table IS NULL OR r.record_table = c.record_table)
                          AND r.unit_from <= c.span_to AND r.unit_to >= c.span_from)
        AND NOT EXISTS (SELECT FROM affsync.client_mark r
                        WHERE r.source_id IS NULL
                          AND (r.record_table IS NULL OR r.record_table = c.record_table)
                          AND (r.currency IS NULL OR r.currency = ANY (c.converted))
                          AND r.unit_from <= c.span_to AND r.unit_to >= c.span_from)
    )
    SELECT p.source_id, p.record_table, p.span_from, p.span_to, true
    FROM spans p
    UNION ALL
    SELECT p.source_id, p.record_table, coalesce(p.before + 1, '-infinity'), p.span_from - 1, false
    FROM spans p
    WHERE p.span_from > coalesce(p.before + 1, '-infinity')
    UNION ALL
    SELECT s.source_id, t.record_table, coalesce(max(p.span_to) + 1, '-infinity'), 'infinity', false
    FROM affsync.source s
    CROSS JOIN (VALUES ('commission'), ('rebate')) t (record_table)
    LEFT JOIN spans p ON p.source_id = s.source_id AND p.record_table = t.record_table
    GROUP BY s.source_id, t.record_table;
END
$$;
COMMENT ON FUNCTION affsync.client_days() IS 'Days of each source and table (commission, rebate): those of a span of affsync.client_span whose sums by client are those of the rows at this moment (settled), and those whose rows have to be read.';
