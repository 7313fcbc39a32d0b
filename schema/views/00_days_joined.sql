-- Overlapping spans of days would be added up twice. At most 40 spans of a source are left: beyond that
-- the shortest gaps are closed, since whoever reads compares each day with each span.
CREATE OR REPLACE FUNCTION affsync.joined_days(
  sources integer[], firsts date[], lasts date[]
) RETURNS TABLE (source_id integer, unit_from date, unit_to date)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 1 AS $$
  SELECT n.source_id, min(n.unit_from), max(n.unit_to)
  FROM (
    SELECT g.*, count(*) FILTER (WHERE g.gap IS NULL OR g.gap > 1 AND g.place < 40)
                  OVER (PARTITION BY g.source_id ORDER BY g.unit_from, g.unit_to) AS island
    FROM (
      SELECT r.*, row_number() OVER (PARTITION BY r.source_id ORDER BY r.gap DESC NULLS LAST) AS place
      FROM (
        SELECT s.source_id, s.unit_from, s.unit_to,
               CASE WHEN s.unit_from <= s.reached THEN 0
                    WHEN isfinite(s.unit_from) AND isfinite(s.reached) THEN s.unit_from - s.reached
                    WHEN s.reached IS NOT NULL THEN 2147483647 END AS gap
        FROM (
          SELECT DISTINCT d.source_id, d.unit_from, d.unit_to,
                 max(d.unit_to) OVER (PARTITION BY d.source_id ORDER BY d.unit_from, d.unit_to
                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
          FROM unnest($1, $2, $3) d (source_id, unit_from, unit_to)
        ) s
      ) r
    ) g
  ) n
  GROUP BY n.source_id, n.island
$$;
COMMENT ON FUNCTION affsync.joined_days(integer[], date[], date[]) IS 'Spans of days of sources, joined where they touch, so that none overlap; at most 40 for a source.';
