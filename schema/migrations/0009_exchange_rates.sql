-- Rates of exchange come from sources too, so that a rate is known by the source and feed it came
-- from. Rates that were put in by hand stay; they belong to no source.
ALTER TABLE affsync.fx_rate
  ADD COLUMN source_id integer NOT NULL DEFAULT 0,
  ADD COLUMN stream text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN run_id bigint,
  ADD CHECK (usd_rate NOT IN ('NaN', 'Infinity')),
  ALTER COLUMN provider SET DEFAULT 'by hand',
  DROP CONSTRAINT fx_rate_pkey,
  ADD PRIMARY KEY (source_id, stream, currency, on_date);
CREATE INDEX fx_rate_by_day ON affsync.fx_rate (currency, on_date DESC, source_id, stream)
  INCLUDE (usd_rate, provider);
COMMENT ON TABLE affsync.fx_rate IS 'US dollars for one unit of a currency on a day, by provider. Views use them where the broker gives no figure in US dollars: the latest day within the week before, of that day the lowest source_id. Rates put in by hand (source_id 0) go first.';
COMMENT ON COLUMN affsync.fx_rate.provider IS 'Who says so: the name of the source that it was read from.';
COMMENT ON COLUMN affsync.fx_rate.source_id IS 'The source; see affsync.source. 0: put in by hand.';
COMMENT ON COLUMN affsync.fx_rate.stream IS 'The feed that the rate came from; empty: put in by hand.';
COMMENT ON COLUMN affsync.fx_rate.changed_at IS 'When the rate was stored or last changed.';
COMMENT ON COLUMN affsync.fx_rate.run_id IS 'The run that wrote it last; see affsync.sync_run. Null: put in by hand.';
COMMENT ON COLUMN affsync.stream.record_table IS 'The table that its rows go to: a record table, or fx_rate; null until the first row.';

CREATE TABLE affsync.currency_unit (
  currency  text PRIMARY KEY,
  whole     text NOT NULL,
  factor    numeric NOT NULL CHECK (factor > 0 AND factor NOT IN ('NaN', 'Infinity')),
  CHECK (currency <> 'USD' AND currency <> whole)
);
COMMENT ON TABLE affsync.currency_unit IS 'Currencies that are a fixed part of another one, such as the cents that cent accounts are kept in. A row of your own may say that a stable coin counts as US dollars: by itself none does.';
COMMENT ON COLUMN affsync.currency_unit.currency IS 'The code that rows have.';
COMMENT ON COLUMN affsync.currency_unit.whole IS 'The currency that has rates, or USD.';
COMMENT ON COLUMN affsync.currency_unit.factor IS 'Units of whole for one unit of currency.';
INSERT INTO affsync.currency_unit (currency, whole, factor) VALUES
  ('USC', 'USD', 0.01),
  ('EUC', 'EUR', 0.01),
  ('GBX', 'GBP', 0.01),
  ('ZAC', 'ZAR', 0.01);
