-- The triggers that say which sums by client are out of date, beside those of affsync.days_are_marked().
CREATE OR REPLACE FUNCTION affsync.clients_are_marked() RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT count(*) = 11
  FROM pg_catalog.pg_trigger t
  WHERE t.tgenabled IN ('O', 'A')
    AND (t.tgrelid = pg_catalog.to_regclass('affsync.rebate')
           AND t.tgname IN ('passed_on_inserted', 'passed_on_updated', 'passed_on_deleted',
                            'passed_on_truncated')
         OR t.tgrelid = pg_catalog.to_regclass('affsync.fx_rate')
           AND t.tgname IN ('rates_inserted', 'rates_updated', 'rates_deleted', 'rates_truncated')
         OR t.tgrelid = pg_catalog.to_regclass('affsync.commission')
           AND t.tgname = 'earned_truncated_for_clients'
         OR t.tgrelid = pg_catalog.to_regclass('affsync.source') AND t.tgname = 'sources_deleted'
         OR t.tgrelid = pg_catalog.to_regclass('affsync.currency_unit') AND t.tgname = 'units_changed')
$$;
COMMENT ON FUNCTION affsync.clients_are_marked() IS 'Whether writes of rebates and exchange rates, and the removal of a source, mark their days; false: the sums by client are not used.';
