-- Whom the partner brought: clients and their trading accounts.
CREATE TABLE affsync.client (
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
  status            text,
  broker_status     text,
  country           text,
  registered_at     timestamptz,
  first_deposit_at  timestamptz,
  first_trade_at    timestamptz,
  last_activity_at  timestamptz,
  kyc_status        text,
  has_deposit       boolean,
  has_traded        boolean,
  link_code         text,
  campaign          text,
  parent_ref        text,
  currency          text,
  volume_lots       numeric,
  volume_usd        numeric,
  earned_usd        numeric,
  rebate_usd        numeric,
  deposits          numeric,
  withdrawals       numeric,
  name              text,
  email             text,
  phone             text,
  raw               jsonb NOT NULL,
  PRIMARY KEY (source_id, stream, external_id)
) WITH (fillfactor = 85);
COMMENT ON TABLE affsync.client IS 'People that the partner brought, one row a client.';
COMMENT ON COLUMN affsync.client.client_ref IS 'The client, in the one form that all tables of a source share.';
COMMENT ON COLUMN affsync.client.status IS 'active, inactive, left, pending, blocked or unknown.';
COMMENT ON COLUMN affsync.client.broker_status IS 'The broker''s own word for the status.';
COMMENT ON COLUMN affsync.client.country IS 'Country code, as the broker gives it.';
COMMENT ON COLUMN affsync.client.registered_at IS 'When the client registered.';
COMMENT ON COLUMN affsync.client.first_deposit_at IS 'First deposit.';
COMMENT ON COLUMN affsync.client.first_trade_at IS 'First trade.';
COMMENT ON COLUMN affsync.client.last_activity_at IS 'Last sign of life that the broker reports.';
COMMENT ON COLUMN affsync.client.kyc_status IS 'State of the identity check, in the broker''s words.';
COMMENT ON COLUMN affsync.client.has_deposit IS 'Whether the client ever deposited.';
COMMENT ON COLUMN affsync.client.has_traded IS 'Whether the client ever traded.';
COMMENT ON COLUMN affsync.client.link_code IS 'The partner link that brought it.';
COMMENT ON COLUMN affsync.client.campaign IS 'The campaign that brought the client.';
COMMENT ON COLUMN affsync.client.parent_ref IS 'The client or partner above this one.';
COMMENT ON COLUMN affsync.client.currency IS 'Currency of deposits, withdrawals and the like, as the broker uses it.';
COMMENT ON COLUMN affsync.client.volume_lots IS 'Volume traded so far, in lots.';
COMMENT ON COLUMN affsync.client.volume_usd IS 'Volume traded so far, in US dollars.';
COMMENT ON COLUMN affsync.client.earned_usd IS 'What the partner earned with the client so far, in US dollars; a running total of the broker.';
COMMENT ON COLUMN affsync.client.rebate_usd IS 'What was passed on to the client so far, in US dollars; a running total of the broker.';
COMMENT ON COLUMN affsync.client.deposits IS 'Deposits so far.';
COMMENT ON COLUMN affsync.client.withdrawals IS 'Withdrawals so far.';
COMMENT ON COLUMN affsync.client.name IS 'Name; null unless privacy is keep or hash.';
COMMENT ON COLUMN affsync.client.email IS 'E-mail; null unless privacy is keep or hash.';
COMMENT ON COLUMN affsync.client.phone IS 'Phone; null unless privacy is keep or hash.';

CREATE TABLE affsync.trading_account (
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
  account_type      text,
  platform          text,
  currency          text,
  country           text,
  opened_at         timestamptz,
  last_trade_at     timestamptz,
  link_code         text,
  partner_account   text,
  is_demo           boolean,
  volume_lots       numeric,
  volume_usd        numeric,
  reward            numeric,
  reward_usd        numeric,
  raw               jsonb NOT NULL,
  PRIMARY KEY (source_id, stream, external_id)
) WITH (fillfactor = 85);
COMMENT ON TABLE affsync.trading_account IS 'Trading accounts of the clients.';
COMMENT ON COLUMN affsync.trading_account.client_ref IS 'The client, in the one form that all tables of a source share.';
COMMENT ON COLUMN affsync.trading_account.account IS 'Account number.';
COMMENT ON COLUMN affsync.trading_account.account_type IS 'The broker''s name of the type.';
COMMENT ON COLUMN affsync.trading_account.platform IS 'Trading platform.';
COMMENT ON COLUMN affsync.trading_account.currency IS 'Currency of the account.';
COMMENT ON COLUMN affsync.trading_account.country IS 'Country code, as the broker gives it.';
COMMENT ON COLUMN affsync.trading_account.opened_at IS 'When it was opened.';
COMMENT ON COLUMN affsync.trading_account.last_trade_at IS 'Last trade.';
COMMENT ON COLUMN affsync.trading_account.link_code IS 'The partner link that brought it.';
COMMENT ON COLUMN affsync.trading_account.partner_account IS 'The partner''s own account that it counts for.';
COMMENT ON COLUMN affsync.trading_account.is_demo IS 'Whether it is a demo account.';
COMMENT ON COLUMN affsync.trading_account.volume_lots IS 'Volume traded so far, in lots.';
COMMENT ON COLUMN affsync.trading_account.volume_usd IS 'Volume traded so far, in US dollars.';
COMMENT ON COLUMN affsync.trading_account.reward IS 'Earned with it so far, in the partner''s currency; a running total of the broker.';
COMMENT ON COLUMN affsync.trading_account.reward_usd IS 'Earned with it so far, in US dollars; a running total of the broker.';
