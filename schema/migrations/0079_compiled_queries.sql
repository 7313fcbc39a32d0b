-- PostgreSQL compiles a query (JIT) whose plan it takes for dear. A report over years of changes has thousands of
-- expressions, a few for each month: to compile them takes many times as long as to read the rows. So new
-- sessions of a database do without, if it is affsync's alone and nobody has set it otherwise.
DO $$
DECLARE
  is_owner boolean;
  is_set boolean;
BEGIN
  SELECT pg_has_role(d.datdba, 'USAGE'),
    EXISTS (SELECT FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS c(setting)
            WHERE s.setdatabase = d.oid AND s.setrole = 0 AND c.setting LIKE 'jit=%')
  INTO is_owner, is_set
  FROM pg_database d WHERE d.datname = current_database();
  IF NOT is_owner OR is_set OR current_database() = 'postgres'
     -- What a session has without its own SET.
     OR NOT EXISTS (SELECT FROM pg_settings g WHERE g.name = 'jit' AND g.reset_val = 'on')
     OR EXISTS (
       SELECT FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p', 'm', 'f')
         AND n.nspname NOT IN ('affsync', 'reporting', 'pg_catalog', 'information_schema')
         AND n.nspname NOT LIKE 'pg\_t%'
         AND NOT EXISTS (SELECT FROM pg_depend p WHERE p.classid = 'pg_class'::regclass AND p.objid = c.oid
                           AND p.deptype = 'e'))
  THEN
    RETURN;
  END IF;
  EXECUTE format('ALTER DATABASE %I SET jit = off', current_database());
  RAISE LOG 'affsync: new sessions of the database % do not compile queries (jit = off); ALTER DATABASE % RESET jit'
    ' takes that back', current_database(), quote_ident(current_database());
EXCEPTION
  -- A provider may keep its owners from it.
  WHEN insufficient_privilege THEN NULL;
END
$$;
