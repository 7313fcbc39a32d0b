-- Each currency and day once, so that a rate is not looked up for each sum.
CREATE OR REPLACE VIEW affsync.rates_of_sums AS
SELECT d.currency, d.unit, r.usd_rate, r.origin
FROM (SELECT DISTINCT currency, unit FROM affsync.earned_day WHERE open_rows > 0) d
LEFT JOIN affsync.currency_unit u ON u.currency = d.currency
CROSS JOIN LATERAL affsync.usd_rate(d.currency, d.unit, true, u.whole, u.factor) r
OFFSET 0;  -- looks up each rate once, not once for each reference to it
COMMENT ON VIEW affsync.rates_of_sums IS 'Rates that the sums of affsync.earned_day are converted with now.';
COMMENT ON COLUMN affsync.rates_of_sums.currency IS 'Currency of the sum.';
COMMENT ON COLUMN affsync.rates_of_sums.unit IS 'The day.';
COMMENT ON COLUMN affsync.rates_of_sums.usd_rate IS 'US dollars for one unit; null: unknown.';
COMMENT ON COLUMN affsync.rates_of_sums.origin IS 'Origin of the rate, as in affsync.commission_books.usd_origin.';
