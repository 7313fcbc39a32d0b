-- Returns the rate of a currency on a day, for all views that convert. PostgreSQL inlines the
-- function.
CREATE OR REPLACE FUNCTION affsync.usd_rate(
  currency text, day date, wanted boolean, whole text, factor numeric
) RETURNS TABLE (usd_rate numeric, origin text) LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT
    CASE
      WHEN coalesce($4, $1) = 'USD' THEN coalesce($5, 1)
      WHEN $3 THEN coalesce($5, 1) * coalesce(f.usd_rate, i.usd_rate)
    END,
    CASE
      WHEN $1 = 'USD' THEN 'same currency'
      WHEN $4 = 'USD' THEN 'fixed rate'
      WHEN f.usd_rate IS NOT NULL THEN 'fx_rate'
      WHEN i.usd_rate IS NOT NULL THEN 'implied'
    END
  FROM (
    SELECT CASE WHEN $3 AND coalesce($4, $1) <> 'USD' THEN
      (SELECT x.usd_rate
       FROM affsync.fx_rate x
       WHERE x.currency = coalesce($4, $1) AND x.on_date BETWEEN $2 - 7 AND $2
       ORDER BY x.on_date DESC, x.source_id, x.stream
       LIMIT 1) END AS usd_rate
  ) f
  CROSS JOIN LATERAL (  -- evaluated once, when the first row needs it
    SELECT ((SELECT affsync.implied_rates_by_day())
            ->> (coalesce($4, $1) || ' ' || $2))::numeric AS usd_rate
  ) i
$$;
COMMENT ON FUNCTION affsync.usd_rate(text, date, boolean, text, numeric) IS 'US dollars for one unit of a currency on a day, and the origin of the rate: same currency, fixed rate (affsync.currency_unit), fx_rate (of that day, or the latest of the seven days before) or implied (affsync.fx_implied). `wanted`: false if the broker gives its own amount in US dollars. `whole`, `factor`: the row of affsync.currency_unit, if there is one.';
