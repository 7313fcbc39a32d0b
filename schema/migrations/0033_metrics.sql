-- Counts by partner link and day, and the rate that the broker states for a client or a commission.
ALTER TABLE affsync.client ADD COLUMN partner_rate numeric;
COMMENT ON COLUMN affsync.client.partner_rate IS 'The partner''s part of what the broker earns from the client, in percent, if the broker states it.';
ALTER TABLE affsync.commission ADD COLUMN partner_rate numeric;
COMMENT ON COLUMN affsync.commission.partner_rate IS 'The rate by which this commission was computed, in percent, if the broker states it.';

CREATE TABLE affsync.metric (
  source_id         integer NOT NULL,
  stream            text COLLATE "C" NOT NULL,
  external_id       text COLLATE "C" NOT NULL,
  content_hash      uuid NOT NULL,
  first_seen_at     timestamptz NOT NULL,
  changed_at        timestamptz NOT NULL,
  deleted_at        timestamptz,
  revision          integer NOT NULL,
  run_id            bigint NOT NULL,
  grain             text,
  occurred_on       date,
  link_code         text,
  campaign          text,
  client_ref        text,
  country           text,
  impressions       bigint,
  clicks            bigint,
  unique_clicks     bigint,
  leads             bigint,
  registrations     bigint,
  first_deposits    bigint,
  deposits          bigint,
  qualified         bigint,
  active_clients    bigint,
  orders_count      bigint,
  volume_lots       numeric,
  volume_usd        numeric,
  raw               jsonb NOT NULL,
  PRIMARY KEY (source_id, stream, external_id)
) WITH (fillfactor = 85, autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
CREATE INDEX metric_by_day ON affsync.metric (source_id, occurred_on);
COMMENT ON TABLE affsync.metric IS 'Counts that a broker gives for a day or another period: clicks, registrations, first deposits, by partner link, campaign or client. Never money: what was earned is in affsync.commission.';
COMMENT ON COLUMN affsync.metric.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.metric.stream IS 'The feed that the row came from; see affsync.stream.';
COMMENT ON COLUMN affsync.metric.external_id IS 'The broker''s own id, or the key that the connector builds.';
COMMENT ON COLUMN affsync.metric.content_hash IS 'Hash of the row''s content; tells an unchanged row without reading it.';
COMMENT ON COLUMN affsync.metric.first_seen_at IS 'When affsync first stored the row.';
COMMENT ON COLUMN affsync.metric.changed_at IS 'When affsync last changed the row.';
COMMENT ON COLUMN affsync.metric.deleted_at IS 'When a sweep no longer found the row; null while it is there. Rows are never removed.';
COMMENT ON COLUMN affsync.metric.revision IS '1, then one more with each change.';
COMMENT ON COLUMN affsync.metric.run_id IS 'The run that wrote it last; see affsync.sync_run.';
COMMENT ON COLUMN affsync.metric.grain IS 'What one row is about: day, week, month, or lifetime for a running total.';
COMMENT ON COLUMN affsync.metric.occurred_on IS 'The day, or the first day of the period, in the broker''s calendar.';
COMMENT ON COLUMN affsync.metric.link_code IS 'The partner link or tracker.';
COMMENT ON COLUMN affsync.metric.campaign IS 'The campaign or offer.';
COMMENT ON COLUMN affsync.metric.client_ref IS 'The client, if the counts are about one.';
COMMENT ON COLUMN affsync.metric.country IS 'Country, if the counts are about one.';
COMMENT ON COLUMN affsync.metric.impressions IS 'How often an advertisement was shown.';
COMMENT ON COLUMN affsync.metric.clicks IS 'Clicks on the link.';
COMMENT ON COLUMN affsync.metric.unique_clicks IS 'Visitors who clicked, each counted once, as the broker counts them.';
COMMENT ON COLUMN affsync.metric.leads IS 'Leads: what the broker counts before a registration.';
COMMENT ON COLUMN affsync.metric.registrations IS 'Registrations.';
COMMENT ON COLUMN affsync.metric.first_deposits IS 'Clients who deposited for the first time.';
COMMENT ON COLUMN affsync.metric.deposits IS 'Number of deposits, not their amount.';
COMMENT ON COLUMN affsync.metric.qualified IS 'Clients who reached what a CPA is paid for.';
COMMENT ON COLUMN affsync.metric.active_clients IS 'Clients who traded or played in the period.';
COMMENT ON COLUMN affsync.metric.orders_count IS 'Number of trades.';
COMMENT ON COLUMN affsync.metric.volume_lots IS 'Traded volume in lots.';
COMMENT ON COLUMN affsync.metric.volume_usd IS 'Traded volume in US dollars.';
COMMENT ON COLUMN affsync.metric.raw IS 'The broker''s row as received, privacy applied.';
