-- Exchange rates implied by commissions that a broker gives both in their currency and in US
-- dollars. Rows below one dollar are omitted, because amounts rounded to cents give an inexact rate.
-- The median ignores single rows that were corrected in one currency only. If the middle half of the
-- rows does not agree within 2 %, the two columns are not the same money, and no rate is derived.
CREATE OR REPLACE VIEW affsync.fx_implied AS
SELECT
  c.currency,
  c.day AS on_date,
  percentile_disc(0.5) WITHIN GROUP (ORDER BY c.rate) AS usd_rate,
  'implied:' || s.name AS provider,
  c.source_id,
  count(*) AS rows
FROM (
  SELECT
    source_id, currency, amount_usd / nullif(amount, 0) AS rate,
    affsync.earned_on(occurred_on, occurred_at, NULL) AS day
  FROM affsync.commission
  WHERE amount_usd IS NOT NULL AND abs(amount_usd) >= 1 AND amount <> 0 AND currency <> 'USD'
    AND deleted_at IS NULL AND grain IS DISTINCT FROM 'lifetime'
) c
JOIN affsync.source s ON s.source_id = c.source_id
WHERE c.day IS NOT NULL AND c.rate > 0
GROUP BY c.source_id, s.name, c.currency, c.day
HAVING count(*) >= 3
  AND percentile_disc(0.75) WITHIN GROUP (ORDER BY c.rate)
      <= 1.02 * percentile_disc(0.25) WITHIN GROUP (ORDER BY c.rate);
COMMENT ON VIEW affsync.fx_implied IS 'Exchange rates implied by brokers'' own conversions: the median of a day''s commission rows that have an amount and at least one US dollar. Requires at least three rows, of which the middle half agrees within 2 %. Views that convert use these rates only if there is no other.';
COMMENT ON COLUMN affsync.fx_implied.currency IS 'Currency of the commission.';
COMMENT ON COLUMN affsync.fx_implied.on_date IS 'The day of the rows.';
COMMENT ON COLUMN affsync.fx_implied.usd_rate IS 'US dollars for one unit.';
COMMENT ON COLUMN affsync.fx_implied.provider IS '"implied:" and the name of the source.';
COMMENT ON COLUMN affsync.fx_implied.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.fx_implied.rows IS 'Number of rows used for the median.';
