-- Exchange rates implied by commissions that a broker gives both in their currency and in US
-- dollars. Rows below one dollar are omitted, because amounts rounded to cents give an inexact rate.
-- The median ignores single rows that were corrected in one currency only. If the middle half of the
-- rows does not agree within 2 %, the two columns are not the same money, and no rate is derived.
-- Rates of days that were not written since are kept in affsync.implied_rate.
CREATE OR REPLACE VIEW affsync.fx_implied AS
WITH marked AS MATERIALIZED (
  SELECT * FROM affsync.marked_days()
)
SELECT
  c.currency,
  c.on_date,
  c.usd_rate,
  'implied:' || s.name AS provider,
  c.source_id,
  c.rows
FROM (
  SELECT i.source_id, i.currency, i.on_date, i.usd_rate, i.rows
  FROM affsync.implied_rate i
  WHERE NOT EXISTS (SELECT FROM marked m
                    WHERE m.source_id = i.source_id AND i.on_date BETWEEN m.unit_from AND m.unit_to)
  UNION ALL
  SELECT m.source_id, r.currency, r.on_date, r.usd_rate, r.rows
  FROM marked m
  CROSS JOIN LATERAL affsync.implied_rates(m.source_id, m.unit_from, m.unit_to) r
) c
JOIN affsync.source s ON s.source_id = c.source_id;
COMMENT ON VIEW affsync.fx_implied IS 'Exchange rates implied by brokers'' own conversions: the median (of an even number, the lower one of the two in the middle) of a day''s commission rows that have an amount and at least one US dollar. Requires at least three rows, of which the middle half agrees within 2 %. Views that convert use these rates only if there is no other.';
COMMENT ON COLUMN affsync.fx_implied.currency IS 'Currency of the commission.';
COMMENT ON COLUMN affsync.fx_implied.on_date IS 'The day of the rows.';
COMMENT ON COLUMN affsync.fx_implied.usd_rate IS 'US dollars for one unit.';
COMMENT ON COLUMN affsync.fx_implied.provider IS '"implied:" and the name of the source.';
COMMENT ON COLUMN affsync.fx_implied.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.fx_implied.rows IS 'Number of rows used for the median.';
