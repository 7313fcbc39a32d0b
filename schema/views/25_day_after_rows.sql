-- Rows are read in the order of their days, from the first one on, whatever the statistics say.
CREATE OR REPLACE FUNCTION affsync.day_after_rows(
  of_table text, of_source integer, first date, last date, skipped bigint
) RETURNS date LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET jit = off SET enable_bitmapscan = off SET enable_seqscan = off AS $$
BEGIN
  IF of_table = 'rebate' THEN
    RETURN (SELECT (r.occurred_at AT TIME ZONE 'UTC')::date
            FROM affsync.rebate r
            WHERE r.source_id = of_source AND (r.occurred_at AT TIME ZONE 'UTC')::date BETWEEN first AND last
            ORDER BY (r.occurred_at AT TIME ZONE 'UTC')::date
            OFFSET skipped LIMIT 1);
  END IF;
  RETURN (SELECT affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to)
          FROM affsync.commission c
          WHERE c.source_id = of_source
            AND affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to) BETWEEN first AND last
          ORDER BY affsync.earned_on(c.occurred_on, c.occurred_at, c.occurred_to)
          OFFSET skipped LIMIT 1);
END
$$;
COMMENT ON FUNCTION affsync.day_after_rows(text, integer, date, date, bigint) IS 'The day of the row that follows after so many, of one source and some days of commission or rebate; null: there are no more rows.';
