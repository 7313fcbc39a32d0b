-- Money earned, and money passed on to clients.
CREATE TABLE affsync.commission (
  source_id         integer NOT NULL,
  stream            text COLLATE "C" NOT NULL,
  external_id       text COLLATE "C" NOT NULL,
  content_hash      uuid NOT NULL,
  first_seen_at     timestamptz NOT NULL,
  changed_at        timestamptz NOT NULL,
  deleted_at        timestamptz,
  revision          integer NOT NULL,
  run_id            bigint NOT NULL,
  client_ref        text,
  account           text,
  kind              text,
  broker_kind       text,
  event             text,
  status            text,
  broker_status     text,
  amount            numeric,
  original_amount   numeric,
  currency          text,
  amount_usd        numeric,
  volume_lots       numeric,
  volume_usd        numeric,
  orders_count      bigint,
  symbol            text,
  order_ref         text,
  link_code         text,
  partner_account   text,
  grain             text,
  occurred_on       date,
  occurred_at       timestamptz,
  occurred_from     timestamptz,
  occurred_to       timestamptz,
  paid_at           timestamptz,
  raw               jsonb NOT NULL,
  PRIMARY KEY (source_id, stream, external_id)
);
CREATE INDEX commission_by_day ON affsync.commission (source_id, stream, occurred_on);
COMMENT ON TABLE affsync.commission IS 'Money earned by the partner.';
COMMENT ON COLUMN affsync.commission.client_ref IS 'The client, in the one form that all tables of a source share.';
COMMENT ON COLUMN affsync.commission.account IS 'The client''s trading account.';
COMMENT ON COLUMN affsync.commission.kind IS 'cpa, cpl, revshare, spread_share, lot, fee_share, sub_affiliate, exchange, bonus, adjustment or other.';
COMMENT ON COLUMN affsync.commission.broker_kind IS 'The broker''s own word for the kind.';
COMMENT ON COLUMN affsync.commission.event IS 'What it was earned for, in the broker''s words.';
COMMENT ON COLUMN affsync.commission.status IS 'accrued, pending, approved, held, paid, rejected, reversed or unknown.';
COMMENT ON COLUMN affsync.commission.broker_status IS 'The broker''s own word for the status.';
COMMENT ON COLUMN affsync.commission.amount IS 'What counts today: the corrected amount where the broker gives one.';
COMMENT ON COLUMN affsync.commission.original_amount IS 'The first amount, where the broker corrected it.';
COMMENT ON COLUMN affsync.commission.currency IS 'Currency of the amounts, upper-case code as the broker uses it.';
COMMENT ON COLUMN affsync.commission.amount_usd IS 'The broker''s own figure in US dollars; null where it gives none.';
COMMENT ON COLUMN affsync.commission.volume_lots IS 'Volume traded for it, in lots.';
COMMENT ON COLUMN affsync.commission.volume_usd IS 'Volume traded for it, in US dollars.';
COMMENT ON COLUMN affsync.commission.orders_count IS 'Orders that it sums up.';
COMMENT ON COLUMN affsync.commission.symbol IS 'Instrument traded.';
COMMENT ON COLUMN affsync.commission.order_ref IS 'The order that earned it.';
COMMENT ON COLUMN affsync.commission.link_code IS 'The partner link that brought it.';
COMMENT ON COLUMN affsync.commission.partner_account IS 'The partner''s own account that was credited.';
COMMENT ON COLUMN affsync.commission.grain IS 'What the row sums up: trade, order, event, day, week, month, or lifetime (a running total, never added to dated rows).';
COMMENT ON COLUMN affsync.commission.occurred_on IS 'The day it counts for, in the broker''s calendar.';
COMMENT ON COLUMN affsync.commission.occurred_at IS 'The moment it was earned; null where the broker gives only a day.';
COMMENT ON COLUMN affsync.commission.occurred_from IS 'Earliest moment that all relative times read so far allow, exclusive; only ever grows.';
COMMENT ON COLUMN affsync.commission.occurred_to IS 'Latest moment that all relative times read so far allow, inclusive; only ever falls.';
COMMENT ON COLUMN affsync.commission.paid_at IS 'When the broker paid it.';

CREATE TABLE affsync.rebate_group (
  source_id         integer NOT NULL,
  stream            text COLLATE "C" NOT NULL,
  external_id       text COLLATE "C" NOT NULL,
  content_hash      uuid NOT NULL,
  first_seen_at     timestamptz NOT NULL,
  changed_at        timestamptz NOT NULL,
  deleted_at        timestamptz,
  revision          integer NOT NULL,
  run_id            bigint NOT NULL,
  title             text,
  group_type        text,
  rebate_percent    numeric,
  period            text,
  period_value      bigint,
  period_start      text,
  period_end        text,
  clients_count     bigint,
  is_default        boolean,
  link_code         text,
  size_min          numeric,
  size_max          numeric,
  created_at        timestamptz,
  raw               jsonb NOT NULL,
  PRIMARY KEY (source_id, stream, external_id)
) WITH (fillfactor = 85);
COMMENT ON TABLE affsync.rebate_group IS 'Rules by which the partner passes money on to clients.';
COMMENT ON COLUMN affsync.rebate_group.title IS 'Its name.';
COMMENT ON COLUMN affsync.rebate_group.group_type IS 'The broker''s name of the type.';
COMMENT ON COLUMN affsync.rebate_group.rebate_percent IS 'Part that is passed on, in percent.';
COMMENT ON COLUMN affsync.rebate_group.period IS 'How often it is paid: the broker''s word.';
COMMENT ON COLUMN affsync.rebate_group.period_value IS 'Day of the period on which it is paid.';
COMMENT ON COLUMN affsync.rebate_group.period_start IS 'Begin of the running period, as the broker writes it.';
COMMENT ON COLUMN affsync.rebate_group.period_end IS 'End of the running period, as the broker writes it.';
COMMENT ON COLUMN affsync.rebate_group.clients_count IS 'Clients in the group.';
COMMENT ON COLUMN affsync.rebate_group.is_default IS 'Whether new clients fall into it.';
COMMENT ON COLUMN affsync.rebate_group.link_code IS 'The partner link that brought it.';
COMMENT ON COLUMN affsync.rebate_group.size_min IS 'Lower bound of the rebate.';
COMMENT ON COLUMN affsync.rebate_group.size_max IS 'Upper bound of the rebate.';
COMMENT ON COLUMN affsync.rebate_group.created_at IS 'When the partner made it.';

CREATE TABLE affsync.rebate (
  source_id         integer NOT NULL,
  stream            text COLLATE "C" NOT NULL,
  external_id       text COLLATE "C" NOT NULL,
  content_hash      uuid NOT NULL,
  first_seen_at     timestamptz NOT NULL,
  changed_at        timestamptz NOT NULL,
  deleted_at        timestamptz,
  revision          integer NOT NULL,
  run_id            bigint NOT NULL,
  client_ref        text,
  account           text,
  rebate_group_id   text,
  rebate_percent    numeric,
  amount            numeric,
  currency          text,
  amount_usd        numeric,
  basis_amount      numeric,
  basis_amount_usd  numeric,
  volume_lots       numeric,
  volume_usd        numeric,
  destination_account text,
  status            text,
  broker_status     text,
  grain             text,
  occurred_at       timestamptz,
  registered_at     timestamptz,
  raw               jsonb NOT NULL,
  PRIMARY KEY (source_id, stream, external_id)
) WITH (fillfactor = 85);
COMMENT ON TABLE affsync.rebate IS 'Money passed on to clients.';
COMMENT ON COLUMN affsync.rebate.client_ref IS 'The client, in the one form that all tables of a source share.';
COMMENT ON COLUMN affsync.rebate.account IS 'The client''s trading account.';
COMMENT ON COLUMN affsync.rebate.rebate_group_id IS 'external_id of the rule in affsync.rebate_group.';
COMMENT ON COLUMN affsync.rebate.rebate_percent IS 'Part that is passed on, in percent.';
COMMENT ON COLUMN affsync.rebate.amount IS 'Passed on.';
COMMENT ON COLUMN affsync.rebate.currency IS 'Currency of the amounts, upper-case code as the broker uses it.';
COMMENT ON COLUMN affsync.rebate.amount_usd IS 'The broker''s own figure in US dollars; null where it gives none.';
COMMENT ON COLUMN affsync.rebate.basis_amount IS 'The earning that it is a part of.';
COMMENT ON COLUMN affsync.rebate.basis_amount_usd IS 'The earning that it is a part of, in US dollars.';
COMMENT ON COLUMN affsync.rebate.volume_lots IS 'Volume traded for it, in lots.';
COMMENT ON COLUMN affsync.rebate.volume_usd IS 'Volume traded for it, in US dollars.';
COMMENT ON COLUMN affsync.rebate.destination_account IS 'Account that it is paid to.';
COMMENT ON COLUMN affsync.rebate.status IS 'accrued, pending, approved, held, paid, rejected, reversed or unknown.';
COMMENT ON COLUMN affsync.rebate.broker_status IS 'The broker''s own word for the status.';
COMMENT ON COLUMN affsync.rebate.grain IS 'What the row sums up: trade, order, event, day, week, month, or lifetime (a running total, never added to dated rows).';
COMMENT ON COLUMN affsync.rebate.occurred_at IS 'When it was passed on; null for running totals.';
COMMENT ON COLUMN affsync.rebate.registered_at IS 'When the client registered.';
