-- Rates that a broker used itself, where it gives a commission in its currency and in US dollars.
-- Rows below a dollar are left out, since a figure rounded to cents tells a rate badly there. The
-- median is not moved by single rows that were corrected in one currency only; and where the middle
-- half of the rows does not agree within 2 %, the two columns are not the same money, and nothing is
-- taken from them.
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
    coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date) AS day
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
COMMENT ON VIEW affsync.fx_implied IS 'Rates that brokers used themselves: the median of a day''s commission rows that have an amount and a figure of at least one US dollar. At least three rows, of which the middle half agrees within 2 %. The last resort of the views that convert.';
COMMENT ON COLUMN affsync.fx_implied.currency IS 'Currency of the commission.';
COMMENT ON COLUMN affsync.fx_implied.on_date IS 'The day that the rows count for.';
COMMENT ON COLUMN affsync.fx_implied.usd_rate IS 'US dollars for one unit.';
COMMENT ON COLUMN affsync.fx_implied.provider IS '"implied:" and the name of the source.';
COMMENT ON COLUMN affsync.fx_implied.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.fx_implied.rows IS 'Rows behind the median.';
