-- Spans that affsync.earned_day is not true for. A table without the triggers (a copy that was made
-- instead of it, for example) marks nothing, so that all of its days count as marked.
-- The row estimate of 1, and no JIT within, keep a query of few rows from being compiled for seconds.
CREATE OR REPLACE FUNCTION affsync.marked_days()
RETURNS TABLE (source_id integer, unit_from date, unit_to date)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
BEGIN
  IF affsync.days_are_marked() THEN
    RETURN QUERY
      SELECT j.* FROM (SELECT array_agg(source_id) AS sources, array_agg(unit_from) AS firsts,
                              array_agg(unit_to) AS lasts
                       FROM affsync.earned_mark) m
      CROSS JOIN LATERAL affsync.joined_days(m.sources, m.firsts, m.lasts) j;
  ELSE
    RETURN QUERY SELECT s.source_id, '-infinity'::date, 'infinity'::date FROM affsync.source s;
  END IF;
END
$$;
COMMENT ON FUNCTION affsync.marked_days() IS 'Days whose sums in affsync.earned_day may be out of date; see affsync.earned_mark.';
