-- What a source is beside its name, who reads it, and what the program's role may do.
ALTER TABLE affsync.source ADD COLUMN hash_salt text;
ALTER TABLE affsync.source ADD COLUMN privacy text;
ALTER TABLE affsync.source ADD COLUMN instances text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN affsync.source.hash_salt IS 'What hashes of its personal fields and keys are made with, besides the value. It stays when the source gets another name, so that keys do.';
COMMENT ON COLUMN affsync.source.privacy IS 'The setting that its rows were last read under: drop, hash or keep. Null until affsync has met it.';
COMMENT ON COLUMN affsync.source.instances IS 'The daemons whose configuration names the source (see `instance` in the configuration). The last one to give it up retires it.';
COMMENT ON COLUMN affsync.source.account IS 'Eight digits of a hash of what tells the account from others at the same broker (such as its login name), so that a source that gets another name is known again, and another account under its name is refused. Null until affsync has met it.';
COMMENT ON COLUMN affsync.source.retired_at IS 'When the last configuration stopped naming it; null while one does. Its rows stay.';
-- Until now hashes were made with the name.
UPDATE affsync.source SET hash_salt = name;

ALTER TABLE affsync.stream ADD COLUMN instances text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN affsync.stream.instances IS 'The programs whose connector has the feed. One whose connector no longer has it retires it, if it had it before.';

ALTER TABLE affsync.stream_state ADD COLUMN full_wanted_after bigint;
COMMENT ON COLUMN affsync.stream_state.full_wanted_after IS 'Set when all rows have to be read again, whatever the schedule says (the privacy setting has changed): the latest run then. Null again once a full pass after that run has read to its end.';

-- Rows whose state the connector does not know have to be found at a glance. Indexes with the state
-- in their condition did it, and took from every change of a state the update that leaves all
-- indexes alone.
CREATE TABLE affsync.unknown_row (
  source_id     integer NOT NULL,
  record_table  text NOT NULL,
  stream        text COLLATE "C" NOT NULL,
  external_id   text COLLATE "C" NOT NULL,
  PRIMARY KEY (source_id, record_table, stream, external_id)
);
COMMENT ON TABLE affsync.unknown_row IS 'Keys of rows that were stored with the status unknown; see reporting.unknown_words. Gone when the row is stored with another one.';
COMMENT ON COLUMN affsync.unknown_row.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.unknown_row.record_table IS 'The record table that holds the row.';
COMMENT ON COLUMN affsync.unknown_row.stream IS 'The feed that the row came from.';
COMMENT ON COLUMN affsync.unknown_row.external_id IS 'The row''s key.';
INSERT INTO affsync.unknown_row
SELECT source_id, 'client', stream, external_id FROM affsync.client WHERE status = 'unknown';
INSERT INTO affsync.unknown_row
SELECT source_id, 'commission', stream, external_id FROM affsync.commission WHERE status = 'unknown';
INSERT INTO affsync.unknown_row
SELECT source_id, 'payout', stream, external_id FROM affsync.payout WHERE status = 'unknown';
INSERT INTO affsync.unknown_row
SELECT source_id, 'rebate', stream, external_id FROM affsync.rebate WHERE status = 'unknown';
DROP INDEX affsync.client_unknown_word;
DROP INDEX affsync.commission_unknown_word;
DROP INDEX affsync.payout_unknown_word;
DROP INDEX affsync.rebate_unknown_word;
-- Room in each page for such updates; so far the other tables had it.
ALTER TABLE affsync.commission SET (fillfactor = 85);

-- PostgreSQL looks at a table again when a fifth or a tenth of it has changed: of large ones never.
ALTER TABLE affsync.client SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE affsync.trading_account SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE affsync.rebate SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE affsync.commission SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE affsync.payout SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE affsync.record_change SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE affsync.quarantine SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE affsync.sync_run SET (autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
ALTER TABLE affsync.stream_state SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 500);

-- The history is added to and never changed; the list of migrations is their user's.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT DELETE ON affsync.unknown_row TO affsync_writer;
    REVOKE UPDATE ON affsync.record_change, affsync.reconciliation FROM affsync_writer;
    REVOKE INSERT, UPDATE ON affsync.schema_migration, affsync.currency_unit FROM affsync_writer;
  END IF;
END
$$;
