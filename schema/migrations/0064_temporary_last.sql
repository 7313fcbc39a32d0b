-- Functions that run with their owner's rights look for tables and types in the temporary schema of
-- the session last. Where the setting leaves it out, PostgreSQL looks there first, and whoever
-- writes could put a view of their own in the place of pg_roles and have the owner read it.
DO $$
DECLARE
  f regprocedure;
BEGIN
  FOR f IN SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'affsync'::regnamespace AND 'search_path=pg_catalog' = ANY (p.proconfig)
  LOOP
    EXECUTE format('ALTER ROUTINE %s SET search_path = pg_catalog, pg_temp', f);
  END LOOP;
END $$;
