-- A converted amount is rounded row by row, to 8 digits. If amounts and rate have no more, the sum may
-- be converted as a whole, with any rate; otherwise the kept figure is right for its own rate only.
--
-- Sums that are kept with the rate of now are found in a hash table, whatever PostgreSQL knows of the table. A
-- join would look up all rates for each sum as long as it expects one: 20 s for 4,700 sums.
CREATE OR REPLACE VIEW affsync.outdated_sums AS
SELECT DISTINCT d.source_id, d.unit
FROM affsync.earned_day d
LEFT JOIN affsync.currency_unit u ON u.currency = d.currency
CROSS JOIN LATERAL affsync.usd_rate(d.currency, d.unit, true, u.whole, u.factor) r
WHERE d.open_rows > 0 AND d.currency <> 'USD'
  AND (d.currency, d.unit, coalesce(d.usd_rate, -1), coalesce(scale(d.usd_rate), -1)) NOT IN
      (SELECT n.currency, n.unit, coalesce(n.usd_rate, -1), coalesce(scale(n.usd_rate), -1)
       FROM affsync.rates_of_sums n
       WHERE n.currency IS NOT NULL AND n.unit IS NOT NULL)
  AND d.open_scale + scale(r.usd_rate) > 8
  AND (d.usd_rate IS DISTINCT FROM r.usd_rate OR scale(d.usd_rate) <> scale(r.usd_rate));
COMMENT ON VIEW affsync.outdated_sums IS 'Days with a sum in affsync.earned_day whose rate has changed since, and that cannot be converted without its rows.';
COMMENT ON COLUMN affsync.outdated_sums.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.outdated_sums.unit IS 'The day; -infinity for rows without one.';
