-- Keeps steps of marked changes of one stream, of all of them or, where the whole stream is marked, of about
-- `most`. Returns false if there is nothing to do.
--
-- Marks are chosen before the changes are read, so that what is committed in between has a mark that stays.
CREATE OR REPLACE FUNCTION affsync.fold_growth(most integer) RETURNS boolean LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_bitmapscan = off SET enable_seqscan = off AS $$
DECLARE
  of_source integer;
  of_table text;
  of_stream text;
  marks bigint[];
  whole boolean;
  start text;
  key text;
  total bigint := 0;
  sources integer[];
  streams text[];
  keys text[] := '{}';
  after_changes bigint[];
  anew text[];
BEGIN
  -- A mark of all rows first; of several the one that has most left.
  SELECT m.source_id, m.record_table, m.stream, bool_or(m.first_change IS NULL),
         CASE WHEN NOT bool_or(m.first_change IS NULL AND m.after_key IS NULL) THEN min(m.after_key) END,
         CASE WHEN bool_or(m.first_change IS NULL)
              THEN array_agg(m.mark_id) FILTER (WHERE m.first_change IS NULL) ELSE array_agg(m.mark_id) END
  INTO of_source, of_table, of_stream, whole, start, marks
  FROM affsync.growth_mark m
  GROUP BY m.source_id, m.record_table, m.stream
  ORDER BY 1, 2, 3
  LIMIT 1;
  IF NOT FOUND OR NOT affsync.changes_are_marked() THEN
    RETURN false;
  END IF;

  IF whole THEN
    FOR key IN EXECUTE format(
      'SELECT external_id FROM affsync.%I WHERE source_id = $1 AND stream = $2 AND grain = ''lifetime'''
      ' AND ($3 IS NULL OR external_id > $3) ORDER BY external_id', of_table) USING of_source, of_stream, start
    LOOP
      keys := keys || key;
      total := total + 10
        + (SELECT count(*) FROM affsync.record_change h WHERE h.source_id = of_source AND h.external_id = key);
      EXIT WHEN total >= most;
    END LOOP;
    IF total >= most THEN
      -- Of several marks one is enough.
      DELETE FROM affsync.growth_mark m
      WHERE m.source_id = of_source AND m.record_table = of_table AND m.stream = of_stream
        AND m.mark_id = ANY (marks[2:]);
      UPDATE affsync.growth_mark m SET after_key = key
      WHERE m.source_id = of_source AND m.record_table = of_table AND m.stream = of_stream
        AND m.mark_id = marks[1];
    END IF;
    sources := array_fill(of_source, ARRAY[cardinality(keys)]);
    streams := array_fill(of_stream, ARRAY[cardinality(keys)]);
    after_changes := array_fill(0::bigint, ARRAY[cardinality(keys)]);
  ELSE
    SELECT array_agg(r.source_id), array_agg(r.stream), array_agg(r.external_id), array_agg(r.after_change)
    INTO sources, streams, keys, after_changes
    FROM affsync.growth_rows(of_table, of_source, of_stream) r;
  END IF;
  IF NOT whole OR total < most THEN
    DELETE FROM affsync.growth_mark m
    WHERE m.source_id = of_source AND m.record_table = of_table AND m.stream = of_stream
      AND m.mark_id = ANY (marks);
  END IF;

  -- By their keys, also while the plan is from a time when the tables were empty.
  anew := ARRAY(SELECT w.external_id FROM unnest(keys, after_changes) w (external_id, after_change)
                WHERE w.after_change = 0);
  DELETE FROM affsync.growth g
  WHERE g.source_id = of_source AND g.record_table = of_table AND g.stream = of_stream
    AND g.external_id = ANY (anew);
  DELETE FROM affsync.growth_state z
  WHERE z.source_id = of_source AND z.record_table = of_table AND z.stream = of_stream
    AND z.external_id = ANY (anew);
  WITH found AS MATERIALIZED (
    SELECT * FROM affsync.growth_of_rows(of_table, sources, streams, keys, after_changes)
  ), steps AS (
    INSERT INTO affsync.growth
      (source_id, record_table, stream, external_id, change_id, day, since, until, step, step_usd, step_lots,
       currency, own_currency, needs_currency, has_usd)
    SELECT f.source_id, of_table, f.stream, f.external_id, f.change_id, f.day, f.since, f.until, f.step,
           f.step_usd, f.step_lots, f.currency, f.own_currency, f.needs_currency, f.has_usd
    FROM found f
    WHERE f.is_step
  )
  INSERT INTO affsync.growth_state
    (source_id, record_table, stream, external_id, last_change, changes, last_at, era, last_currency,
     last_usd, known, known_usd, known_lots, grew_at, known_to_run, known_to, known_from)
  SELECT f.source_id, of_table, f.stream, f.external_id, f.change_id, f.changes, f.until, f.era,
         f.last_currency, f.last_usd, f.known, f.known_usd, f.known_lots, f.grew_at, f.known_to_run,
         f.known_to, f.known_from
  FROM found f
  WHERE f.is_last
  ON CONFLICT (source_id, record_table, stream, external_id) DO UPDATE SET
    last_change = excluded.last_change, changes = excluded.changes, last_at = excluded.last_at,
    era = excluded.era, last_currency = excluded.last_currency, last_usd = excluded.last_usd,
    known = excluded.known, known_usd = excluded.known_usd, known_lots = excluded.known_lots,
    grew_at = excluded.grew_at, known_to_run = excluded.known_to_run, known_to = excluded.known_to,
    known_from = excluded.known_from;
  UPDATE affsync.growth_stream s SET last_change = f.last_change
  FROM (SELECT max(z.last_change) AS last_change
        FROM affsync.growth_state z
        WHERE z.source_id = of_source AND z.record_table = of_table AND z.stream = of_stream
          AND z.external_id = ANY (keys)) f
  WHERE s.source_id = of_source AND s.record_table = of_table AND s.stream = of_stream
    AND f.last_change > s.last_change;
  RETURN true;
END
$$;
COMMENT ON FUNCTION affsync.fold_growth(integer) IS 'Part of affsync.fold_earnings(), which holds the lock that it needs.';
