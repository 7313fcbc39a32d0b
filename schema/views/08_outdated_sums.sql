-- A converted amount is rounded row by row, to 8 digits. If amounts and rate have no more, the sum may
-- be converted as a whole, with any rate; otherwise the kept figure is right for its own rate only.
CREATE OR REPLACE VIEW affsync.outdated_sums AS
SELECT DISTINCT d.source_id, d.unit
FROM affsync.earned_day d
JOIN affsync.rates_of_sums r ON r.currency = d.currency AND r.unit = d.unit
WHERE d.open_rows > 0 AND d.currency <> 'USD' AND d.open_scale + scale(r.usd_rate) > 8
  AND (d.usd_rate IS DISTINCT FROM r.usd_rate OR scale(d.usd_rate) <> scale(r.usd_rate));
COMMENT ON VIEW affsync.outdated_sums IS 'Days with a sum in affsync.earned_day whose rate has changed since, and that cannot be converted without its rows.';
COMMENT ON COLUMN affsync.outdated_sums.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.outdated_sums.unit IS 'The day; -infinity for rows without one.';
