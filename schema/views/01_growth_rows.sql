-- Running totals with marked changes, of all streams or of one, and the change after which their steps are
-- to be found; 0: all steps are to be found anew, because what is kept of the row is not there yet or may
-- be wrong. A later change of the currency tells which one the steps before it have, and the first change
-- of the broker's dollars whether these steps have any.
CREATE OR REPLACE FUNCTION affsync.growth_rows(of_table text, of_source integer, of_stream text)
RETURNS TABLE (source_id integer, stream text, external_id text, after_change bigint)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT p.source_id, p.stream, p.external_id,
      CASE
        WHEN z.last_change IS NULL OR p.names_currency OR p.names_usd AND z.last_usd IS NULL THEN 0
        WHEN p.first_change > z.last_change THEN z.last_change
        -- Somebody else's mark was about these changes too, unless they have come late.
        WHEN z.changes = (SELECT count(*) FROM affsync.record_change h
                          WHERE h.source_id = p.source_id AND h.external_id = p.external_id
                            AND h.change_id <= z.last_change AND h.stream = p.stream
                            AND h.record_table = of_table) THEN z.last_change
        ELSE 0
      END
    FROM (
      SELECT m.source_id, m.stream, h.external_id, min(h.change_id) AS first_change,
             bool_or(h.before ? 'currency') AS names_currency, bool_or(h.before ? 'amount_usd') AS names_usd
      FROM affsync.growth_mark m
      CROSS JOIN LATERAL (
        SELECT n.external_id, n.change_id, n.before
        FROM affsync.record_change n
        WHERE n.source_id = m.source_id AND n.change_id BETWEEN m.first_change AND m.last_change
          AND n.changed_at BETWEEN m.first_at AND m.last_at AND n.stream = m.stream
          AND n.record_table = of_table
        OFFSET 0
      ) h
      WHERE m.record_table = of_table AND m.first_change IS NOT NULL
        AND (of_source IS NULL OR m.source_id = of_source AND m.stream = of_stream)
      GROUP BY m.source_id, m.stream, h.external_id
    ) p
    LEFT JOIN affsync.growth_state z
      ON z.source_id = p.source_id AND z.record_table = of_table AND z.stream = p.stream
      AND z.external_id = p.external_id;
END
$$;
COMMENT ON FUNCTION affsync.growth_rows(text, integer, text) IS 'Running totals with changes that are marked; see affsync.growth_mark.';
