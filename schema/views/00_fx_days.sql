-- Returns the rates that the rows of some days imply; see affsync.fx_implied, which explains the
-- conditions. PostgreSQL inlines the function.
CREATE OR REPLACE FUNCTION affsync.implied_rates(source_id integer, first date, last date)
RETURNS TABLE (currency text, on_date date, usd_rate numeric, rows bigint)
LANGUAGE sql STABLE AS $$
  SELECT
    c.currency,
    c.day,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY c.rate),
    count(*)
  FROM (
    SELECT currency, amount_usd / nullif(amount, 0) AS rate,
           affsync.earned_on(occurred_on, occurred_at, occurred_to) AS day
    FROM affsync.commission
    WHERE commission.source_id = $1
      AND affsync.earned_on(occurred_on, occurred_at, occurred_to) BETWEEN $2 AND $3
      -- Rows with nothing but a relative time imply nothing.
      AND (occurred_on IS NOT NULL OR occurred_at IS NOT NULL)
      AND amount_usd IS NOT NULL AND abs(amount_usd) >= 1 AND amount <> 0 AND currency <> 'USD'
      AND deleted_at IS NULL AND grain IS DISTINCT FROM 'lifetime'
  ) c
  WHERE c.rate > 0
  GROUP BY c.currency, c.day
  HAVING count(*) >= 3
    AND percentile_disc(0.75) WITHIN GROUP (ORDER BY c.rate)
        <= 1.02 * percentile_disc(0.25) WITHIN GROUP (ORDER BY c.rate)
$$;
COMMENT ON FUNCTION affsync.implied_rates(integer, date, date) IS 'Exchange rates that the commissions of a source imply on some days; see affsync.fx_implied.';
