-- Whether the triggers are there that mark changes of running totals: all of them, and switched on.
CREATE OR REPLACE FUNCTION affsync.changes_are_marked() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT count(*) = 12
  FROM pg_catalog.pg_trigger t
  WHERE t.tgrelid IN (pg_catalog.to_regclass('affsync.commission'), pg_catalog.to_regclass('affsync.rebate'),
                      pg_catalog.to_regclass('affsync.record_change'))
    AND t.tgenabled IN ('O', 'A')
    AND t.tgname IN ('growth_inserted', 'growth_updated', 'growth_deleted', 'growth_truncated')
$$;
COMMENT ON FUNCTION affsync.changes_are_marked() IS 'Whether changes of running totals are marked; false: affsync.growth is not used.';
