-- Spans whose sums are true: none of their rows and rates has been written since.
-- It runs with the rights of its owner, as a view does: whoever may read reporting.client_performance need
-- not be allowed to read what it is made from.
CREATE OR REPLACE FUNCTION affsync.settled_spans()
RETURNS TABLE (source_id integer, record_table text, span_from date, span_to date)
LANGUAGE plpgsql STABLE ROWS 1 SECURITY DEFINER
SET search_path = pg_catalog SET jit = off AS $$
#variable_conflict use_column
BEGIN
  IF NOT affsync.days_are_marked() OR NOT affsync.clients_are_marked() THEN
    RETURN;
  END IF;
  RETURN QUERY
    WITH marked AS MATERIALIZED (
      SELECT * FROM affsync.marked_days() m WHERE m.unit_to > '-infinity'
    )
    SELECT c.source_id, c.record_table, c.span_from, c.span_to
    FROM affsync.client_span c
    WHERE NOT c.stale
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
                        AND r.unit_from <= c.span_to AND r.unit_to >= c.span_from);
END
$$;
COMMENT ON FUNCTION affsync.settled_spans() IS 'Spans of affsync.client_span whose sums by client are those of the rows at this moment.';
