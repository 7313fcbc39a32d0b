CREATE OR REPLACE FUNCTION affsync.days_are_marked() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT count(*) = 4 AND affsync.changes_are_marked()
  FROM pg_catalog.pg_trigger t
  WHERE t.tgrelid = pg_catalog.to_regclass('affsync.commission') AND t.tgenabled IN ('O', 'A')
    AND t.tgname IN ('earned_inserted', 'earned_updated', 'earned_deleted', 'earned_truncated')
$$;
COMMENT ON FUNCTION affsync.days_are_marked() IS 'Whether writes to affsync.commission mark their days; false: the daily sums are not used.';
