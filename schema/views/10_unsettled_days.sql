CREATE OR REPLACE FUNCTION affsync.unsettled_days(of_table text)
RETURNS TABLE (source_id integer, unit_from date, unit_to date)
LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER
SET search_path = pg_catalog SET jit = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    WITH spans AS (
      SELECT p.source_id, p.span_from, p.span_to,
             lag(p.span_to) OVER (PARTITION BY p.source_id ORDER BY p.span_from) AS before
      FROM affsync.settled_spans() p
      WHERE p.record_table = of_table
    )
    SELECT p.source_id, coalesce(p.before + 1, '-infinity'), p.span_from - 1
    FROM spans p
    WHERE p.span_from > coalesce(p.before + 1, '-infinity')
    UNION ALL
    SELECT s.source_id, coalesce(max(p.span_to) + 1, '-infinity'), 'infinity'
    FROM affsync.source s
    LEFT JOIN spans p ON p.source_id = s.source_id
    GROUP BY s.source_id;
END
$$;
COMMENT ON FUNCTION affsync.unsettled_days(text) IS 'Days whose dated rows of a table (commission or rebate) reporting.client_performance reads: those that are in no span of affsync.settled_spans().';
