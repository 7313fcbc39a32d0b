-- The same as affsync.fx_implied_by_day, for queries that hardly ever need it. To PostgreSQL a call costs
-- little, so it neither compiles a query (JIT, for seconds) nor reads more rows to save calls.
CREATE OR REPLACE FUNCTION affsync.implied_rates_by_day() RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
  RETURN (SELECT m.rates FROM affsync.fx_implied_by_day m);
END
$$;
COMMENT ON FUNCTION affsync.implied_rates_by_day() IS 'The document of affsync.fx_implied_by_day.';
