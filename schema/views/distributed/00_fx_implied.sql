-- As on a single server, where affsync.implied_rates() explains the conditions, but with rows read
-- each time: no marks say which days were written.
-- beside: c926bbbc0479
CREATE OR REPLACE VIEW affsync.fx_implied AS
SELECT
  r.currency,
  r.day AS on_date,
  r.usd_rate,
  'implied:' || s.name AS provider,
  r.source_id,
  r.rows
FROM (
  SELECT c.source_id, c.currency, c.day,
         percentile_disc(0.5) WITHIN GROUP (ORDER BY c.rate) AS usd_rate, count(*) AS rows
  FROM (
    SELECT source_id, currency, amount_usd / nullif(amount, 0) AS rate,
           affsync.earned_on(occurred_on, occurred_at, occurred_to) AS day
    FROM affsync.commission
    WHERE (occurred_on IS NOT NULL OR occurred_at IS NOT NULL)
      AND amount_usd IS NOT NULL AND abs(amount_usd) >= 1 AND amount <> 0 AND currency <> 'USD'
      AND deleted_at IS NULL AND grain IS DISTINCT FROM 'lifetime'
  ) c
  WHERE c.rate > 0
  GROUP BY c.source_id, c.currency, c.day
  HAVING count(*) >= 3
    AND percentile_disc(0.75) WITHIN GROUP (ORDER BY c.rate)
        <= 1.02 * percentile_disc(0.25) WITHIN GROUP (ORDER BY c.rate)
) r
JOIN affsync.source s ON s.source_id = r.source_id;
COMMENT ON VIEW affsync.fx_implied IS 'Exchange rates implied by brokers'' own conversions: the median (of an even number, the lower one of the two in the middle) of a day''s commission rows that have an amount and at least one US dollar. Requires at least three rows, of which the middle half agrees within 2 %. Views that convert use these rates only if there is no other.';
COMMENT ON COLUMN affsync.fx_implied.currency IS 'Currency of the commission.';
COMMENT ON COLUMN affsync.fx_implied.on_date IS 'The day of the rows.';
COMMENT ON COLUMN affsync.fx_implied.usd_rate IS 'US dollars for one unit.';
COMMENT ON COLUMN affsync.fx_implied.provider IS '"implied:" and the name of the source.';
COMMENT ON COLUMN affsync.fx_implied.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.fx_implied.rows IS 'Number of rows used for the median.';
