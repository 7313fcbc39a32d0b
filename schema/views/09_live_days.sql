-- Beside marked days: those whose rate changed.
CREATE OR REPLACE FUNCTION affsync.live_days()
RETURNS TABLE (source_id integer, unit_from date, unit_to date)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT j.*
    FROM (
      SELECT array_agg(d.source_id) AS sources, array_agg(d.unit_from) AS firsts,
             array_agg(d.unit_to) AS lasts
      FROM (
        SELECT m.source_id, m.unit_from, m.unit_to FROM affsync.marked_days() m
        UNION ALL
        SELECT o.source_id, o.unit, o.unit FROM affsync.outdated_sums o
      ) d
    ) m
    CROSS JOIN LATERAL affsync.joined_days(m.sources, m.firsts, m.lasts) j;
END
$$;
COMMENT ON FUNCTION affsync.live_days() IS 'Days that reporting.earnings_daily adds up from their rows; it has the others in affsync.earned_day.';
