-- Steps of running totals that are not in affsync.growth yet, or no longer right there: of each row that is
-- found anew (`anew`) also a line without a step. Without the triggers those are all rows. It runs with the
-- rights of its owner, as a view does: whoever may read a report need not be allowed to read what it is made
-- from.
CREATE OR REPLACE FUNCTION affsync.growth_pending(of_table text)
RETURNS TABLE (
  source_id integer, stream text, external_id text, change_id bigint, day date, since timestamptz,
  until timestamptz, step numeric, step_usd numeric, step_lots numeric, currency text, own_currency boolean,
  needs_currency boolean, has_usd boolean, anew boolean
)
LANGUAGE plpgsql STABLE ROWS 1000 SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  sources integer[];
  streams text[];
  keys text[];
  after_changes bigint[];
  kept boolean := affsync.changes_are_marked();
BEGIN
  IF kept AND NOT EXISTS (SELECT FROM affsync.growth_mark m WHERE m.record_table = of_table) THEN
    RETURN;
  END IF;
  SELECT array_agg(p.source_id), array_agg(p.stream), array_agg(p.external_id), array_agg(p.after_change)
  INTO sources, streams, keys, after_changes
  FROM (
    SELECT a.source_id, a.stream, a.external_id, min(a.after_change) AS after_change
    FROM (
      SELECT r.source_id, r.stream, r.external_id, r.after_change
      FROM affsync.growth_rows(of_table, NULL, NULL) r
      UNION ALL
      SELECT c.source_id, c.stream, c.external_id, 0
      FROM affsync.growth_mark m
      JOIN affsync.commission c ON c.source_id = m.source_id AND c.stream = m.stream AND c.grain = 'lifetime'
        AND (m.after_key IS NULL OR c.external_id > m.after_key)
      WHERE of_table = 'commission' AND m.record_table = of_table AND m.first_change IS NULL
      UNION ALL
      SELECT c.source_id, c.stream, c.external_id, 0
      FROM affsync.growth_mark m
      JOIN affsync.rebate c ON c.source_id = m.source_id AND c.stream = m.stream AND c.grain = 'lifetime'
        AND (m.after_key IS NULL OR c.external_id > m.after_key)
      WHERE of_table = 'rebate' AND m.record_table = of_table AND m.first_change IS NULL
      UNION ALL
      SELECT c.source_id, c.stream, c.external_id, 0
      FROM affsync.commission c
      WHERE of_table = 'commission' AND NOT kept AND c.grain = 'lifetime'
      UNION ALL
      SELECT c.source_id, c.stream, c.external_id, 0
      FROM affsync.rebate c
      WHERE of_table = 'rebate' AND NOT kept AND c.grain = 'lifetime'
    ) a
    GROUP BY a.source_id, a.stream, a.external_id
  ) p;
  RETURN QUERY
    SELECT w.source_id, w.stream, w.external_id, NULL::bigint, NULL::date, NULL::timestamptz,
           NULL::timestamptz, NULL::numeric, NULL::numeric, NULL::numeric, NULL::text, NULL::boolean,
           NULL::boolean, NULL::boolean, true
    FROM unnest(sources, streams, keys, after_changes) w (source_id, stream, external_id, after_change)
    WHERE w.after_change = 0;
  RETURN QUERY
    SELECT f.source_id, f.stream, f.external_id, f.change_id, f.day, f.since, f.until, f.step, f.step_usd,
           f.step_lots, f.currency, f.own_currency, f.needs_currency, f.has_usd, false
    FROM affsync.growth_of_rows(of_table, sources, streams, keys, after_changes) f
    WHERE f.is_step;
END
$$;
COMMENT ON FUNCTION affsync.growth_pending(text) IS 'Steps of running totals of a table (commission, rebate) whose changes are marked; see affsync.growth_mark.';
