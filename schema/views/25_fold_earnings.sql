-- Gathers statistics where there are none (affsync.gather_statistics()) and keeps new steps of running totals
-- (affsync.fold_growth()). Then it adds up some of the days that affsync.live_days() names, about `most` rows of
-- one source, and takes away their marks; if there is none, a span of days by client (affsync.fold_clients()),
-- five times as many rows, since a longer span has fewer sums. Returns false if there is nothing to do. Call it
-- again until then; each call is short, and reads what was committed before it.
--
-- A mark goes before its rows are read, so rows that are committed in between are in the sum and keep
-- their mark. Only one transaction at a time does this; writers of rows wait for none.
CREATE OR REPLACE FUNCTION affsync.fold_earnings(most integer DEFAULT 20000) RETURNS boolean
LANGUAGE plpgsql
-- Days are read in their order, from the first one on, whatever the statistics say.
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_bitmapscan = off SET enable_seqscan = off
SET work_mem = '32MB' AS $$
DECLARE
  of_source integer;
  first date;
  last date;
  until date;
  days integer := 1;
  added bigint;
  total bigint := 0;
  marked boolean := true;
BEGIN
  IF NOT affsync.days_are_marked() OR NOT pg_try_advisory_xact_lock(5318008172902) THEN
    RETURN false;
  END IF;
  -- Not of a role that was given the rights on single tables alone.
  IF has_function_privilege('affsync.gather_statistics()', 'EXECUTE') THEN
    PERFORM affsync.gather_statistics();
  END IF;
  IF affsync.fold_growth(most) THEN
    RETURN true;
  END IF;
  SELECT m.source_id, m.unit_from, m.unit_to INTO of_source, first, last
  FROM affsync.marked_days() m
  ORDER BY m.source_id, m.unit_from
  LIMIT 1;
  IF NOT FOUND THEN
    marked := false;
    SELECT o.source_id, o.unit, o.unit INTO of_source, first, last
    FROM affsync.outdated_sums o
    LIMIT 1;
    IF NOT FOUND THEN
      RETURN affsync.fold_clients(5 * most);
    END IF;
  END IF;
  LOOP
    -- Twice as many days each time, from the next one that has rows.
    IF first > '-infinity' THEN
      until := least(
        (SELECT affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to)
         FROM affsync.commission c
         WHERE c.source_id = of_source
           AND affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) BETWEEN first AND last
         ORDER BY affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to)
         LIMIT 1),
        (SELECT min(g.day)
         FROM affsync.growth g
         WHERE g.record_table = 'commission' AND g.source_id = of_source AND g.day BETWEEN first AND last));
      until := coalesce(least(until + days - 1, last), last);
    ELSE
      until := first;
    END IF;
    added := affsync.fold_days(of_source, first, until, marked);
    total := total + added;
    EXIT WHEN until = last OR total >= most;
    first := CASE WHEN until = '-infinity' THEN '4714-11-24 BC'::date ELSE until + 1 END;
    days := days * 2;
  END LOOP;
  RETURN true;
END
$$;
COMMENT ON FUNCTION affsync.fold_earnings(integer) IS 'Adds up days that were marked, about so many rows, in affsync.earned_day, then spans of days by client in affsync.client_sum; false: there is nothing to do. The daemon calls it after runs.';
