-- Money that left the broker, and what stands there.
CREATE TABLE affsync.payout (
  source_id         integer NOT NULL,
  stream            text COLLATE "C" NOT NULL,
  external_id       text COLLATE "C" NOT NULL,
  content_hash      uuid NOT NULL,
  first_seen_at     timestamptz NOT NULL,
  changed_at        timestamptz NOT NULL,
  deleted_at        timestamptz,
  revision          integer NOT NULL,
  run_id            bigint NOT NULL,
  status            text,
  broker_status     text,
  amount            numeric,
  currency          text,
  amount_usd        numeric,
  method            text,
  wallet_ref        text,
  transaction_ref   text,
  requested_at      timestamptz,
  approved_at       timestamptz,
  rejected_at       timestamptz,
  paid_at           timestamptz,
  reject_reason     text,
  raw               jsonb NOT NULL,
  PRIMARY KEY (source_id, stream, external_id)
) WITH (fillfactor = 85);
COMMENT ON TABLE affsync.payout IS 'Money that left the broker for the partner.';
COMMENT ON COLUMN affsync.payout.status IS 'requested, approved, processing, paid, rejected, failed, cancelled or unknown.';
COMMENT ON COLUMN affsync.payout.broker_status IS 'The broker''s own word for the status.';
COMMENT ON COLUMN affsync.payout.amount IS 'Amount paid out.';
COMMENT ON COLUMN affsync.payout.currency IS 'Currency of the amounts, upper-case code as the broker uses it.';
COMMENT ON COLUMN affsync.payout.amount_usd IS 'The broker''s own figure in US dollars; null where it gives none.';
COMMENT ON COLUMN affsync.payout.method IS 'Way of payment, in the broker''s words.';
COMMENT ON COLUMN affsync.payout.wallet_ref IS 'Where it goes.';
COMMENT ON COLUMN affsync.payout.transaction_ref IS 'The payment''s own reference.';
COMMENT ON COLUMN affsync.payout.requested_at IS 'When it was asked for.';
COMMENT ON COLUMN affsync.payout.approved_at IS 'When the broker approved it.';
COMMENT ON COLUMN affsync.payout.rejected_at IS 'When the broker refused it.';
COMMENT ON COLUMN affsync.payout.paid_at IS 'When it was paid.';
COMMENT ON COLUMN affsync.payout.reject_reason IS 'Why it was refused.';

CREATE TABLE affsync.balance (
  source_id         integer NOT NULL,
  stream            text COLLATE "C" NOT NULL,
  external_id       text COLLATE "C" NOT NULL,
  content_hash      uuid NOT NULL,
  first_seen_at     timestamptz NOT NULL,
  changed_at        timestamptz NOT NULL,
  deleted_at        timestamptz,
  revision          integer NOT NULL,
  run_id            bigint NOT NULL,
  metric            text,
  account           text,
  currency          text,
  amount            numeric,
  reserved          numeric,
  observed_at       timestamptz,
  raw               jsonb NOT NULL,
  PRIMARY KEY (source_id, stream, external_id)
) WITH (fillfactor = 70);
COMMENT ON TABLE affsync.balance IS 'What stands at the broker. A changed amount changes the row; earlier ones are in affsync.record_change.';
COMMENT ON COLUMN affsync.balance.metric IS 'What is counted: balance, available and the like.';
COMMENT ON COLUMN affsync.balance.account IS 'Wallet or account.';
COMMENT ON COLUMN affsync.balance.currency IS 'Currency of the amounts, upper-case code as the broker uses it.';
COMMENT ON COLUMN affsync.balance.amount IS 'The amount.';
COMMENT ON COLUMN affsync.balance.reserved IS 'Part of it that is bound.';
COMMENT ON COLUMN affsync.balance.observed_at IS 'When the amount was first read as it is.';
