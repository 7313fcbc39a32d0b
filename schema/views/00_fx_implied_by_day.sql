-- All rates as one JSON document, so that a view looks up a rate by its key and does not read all
-- rates for each row.
CREATE OR REPLACE VIEW affsync.fx_implied_by_day AS
SELECT jsonb_object_agg(d.currency || ' ' || d.day, d.usd_rate) AS rates
FROM (
  SELECT DISTINCT ON (i.currency, i.on_date + n) i.currency, i.on_date + n AS day, i.usd_rate
  FROM affsync.fx_implied i, generate_series(0, 7) n
  ORDER BY i.currency, i.on_date + n, n, i.source_id
) d;
COMMENT ON VIEW affsync.fx_implied_by_day IS 'The rates of affsync.fx_implied in one row, each for its day and for the seven days after it unless there is a later rate. Of several sources, the one with the lowest source_id.';
COMMENT ON COLUMN affsync.fx_implied_by_day.rates IS '{"EUR 2026-01-31": rate, …}; null if there are no rates.';
