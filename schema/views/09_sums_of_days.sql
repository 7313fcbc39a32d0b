-- The rows of affsync.earnings_by_row of one source and some days. A view cannot keep a large query from
-- being compiled (JIT), which takes seconds whether or not there is a day to add up; a function can.
CREATE OR REPLACE FUNCTION affsync.sums_of_days(of_source integer, first date, last date)
RETURNS TABLE (
  source text, connector text, day date, kind text, status text, currency text, amount numeric,
  amount_usd numeric, volume_lots numeric, clients bigint, rows bigint, usd_origin text,
  rows_without_usd bigint, source_id integer, counts boolean, since timestamptz,
  known_usd numeric
)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY
    SELECT
      b.source,
      b.connector,
      b.day,
      b.kind,
      b.status,
      b.currency,
      sum(b.amount) AS amount,
      CASE WHEN bool_and(b.amount_usd IS NOT NULL OR b.amount IS NULL) THEN sum(b.amount_usd) END
        AS amount_usd,
      sum(b.volume_lots) AS volume_lots,
      count(DISTINCT b.client_ref) AS clients,
      count(*) AS rows,
      CASE WHEN min(b.usd_origin) = max(b.usd_origin) THEN min(b.usd_origin)
           WHEN min(b.usd_origin) IS NOT NULL THEN 'mixed' END AS usd_origin,
      count(*) FILTER (WHERE b.amount_usd IS NULL AND b.amount IS NOT NULL) AS rows_without_usd,
      b.source_id,
      b.counts,
      min(b.since) AS since,
      sum(b.amount_usd) AS known_usd
    FROM (
      SELECT source_id, source, connector, day, kind, status, currency, amount, amount_usd,
             volume_lots, client_ref, usd_origin, counts, NULL::timestamptz AS since
      FROM affsync.commission_books
      WHERE grain IS DISTINCT FROM 'lifetime'
        AND source_id = of_source AND day BETWEEN first AND last
      UNION ALL
      SELECT source_id, source, connector, day, kind, status, currency, amount, amount_usd,
             volume_lots, client_ref, usd_origin, counts, NULL::timestamptz AS since
      FROM affsync.commission_books
      WHERE grain IS DISTINCT FROM 'lifetime'
        AND source_id = of_source AND day IS NULL AND first = '-infinity'
      UNION ALL
      SELECT source_id, source, connector, day, kind, status, currency, amount, amount_usd,
             volume_lots, client_ref, usd_origin, counts, since
      FROM affsync.commission_steps
      WHERE source_id = of_source AND day BETWEEN first AND last
        -- The same days, as the times that changes are found by.
        AND until >= first::timestamp AT TIME ZONE 'UTC'
        AND until < CASE WHEN isfinite(last) THEN last + 1 ELSE last END::timestamp AT TIME ZONE 'UTC'
    ) b
    GROUP BY b.source_id, b.source, b.connector, b.day, b.kind, b.status, b.currency, b.counts;
END
$$;
COMMENT ON FUNCTION affsync.sums_of_days(integer, date, date) IS 'Commission by day of one source and some days, added up from its rows; the columns of reporting.earnings_daily.';
