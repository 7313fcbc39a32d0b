-- Gathers PostgreSQL's statistics of tables that have rows and no statistics yet, as after a first load, or
-- that are three times as large as they were when somebody gathered them. Autovacuum would do it up to a minute
-- later, or never where it is off, and until then the plans of reports may read whole tables for each row. All
-- else is left to autovacuum.
--
-- It runs with its owner's rights, since only the owner of a table may do this.
CREATE OR REPLACE FUNCTION affsync.gather_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
-- A table that autovacuum works on is passed over, which needs no warning.
SET search_path = pg_catalog, pg_temp SET client_min_messages = error AS $$
DECLARE
  -- Of smaller ones PostgreSQL's guess is good enough.
  least_bytes constant bigint := 65536;
  unknown text;
BEGIN
  FOR unknown IN
    SELECT c.relname
    FROM pg_class c
    WHERE c.relnamespace = 'affsync'::regnamespace AND c.relkind = 'r'
      AND pg_relation_size(c.oid) >= least_bytes
      AND (pg_relation_size(c.oid) > 3 * current_setting('block_size')::bigint * c.relpages
           -- Of a table that was found empty, such as one of marks, there are none.
           OR c.reltuples <> 0 AND NOT EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = 'affsync'
                                               AND s.tablename = c.relname))
    ORDER BY c.relname
  LOOP
    EXECUTE format('ANALYZE (SKIP_LOCKED) affsync.%I', unknown);
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION affsync.gather_statistics() FROM PUBLIC;
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT EXECUTE ON FUNCTION affsync.gather_statistics() TO affsync_writer;
  END IF;
END
$$;
COMMENT ON FUNCTION affsync.gather_statistics() IS 'Gathers PostgreSQL''s statistics of tables of affsync that have rows and no statistics yet, or are three times as large as then. Called by affsync.fold_earnings().';
