-- Sources that are left alone because the broker refused their login or key.
CREATE TABLE affsync.source_block (
  source_id        integer PRIMARY KEY,
  code             text NOT NULL,
  reason           text NOT NULL,
  since            timestamptz NOT NULL,
  until            timestamptz NOT NULL,
  refusals         integer NOT NULL,
  credential_hash  text NOT NULL
);
COMMENT ON TABLE affsync.source_block IS 'A source whose login or key was refused, and until when it is left alone. Gone once a login succeeds.';
COMMENT ON COLUMN affsync.source_block.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.source_block.code IS 'Stable word for the refusal, as in affsync.sync_run.error_code.';
COMMENT ON COLUMN affsync.source_block.reason IS 'What the broker said, without credentials.';
COMMENT ON COLUMN affsync.source_block.since IS 'When the first of these refusals came.';
COMMENT ON COLUMN affsync.source_block.until IS 'When the login is tried again by itself; the pause grows with each refusal.';
COMMENT ON COLUMN affsync.source_block.refusals IS 'Refusals in a row.';
COMMENT ON COLUMN affsync.source_block.credential_hash IS 'Salted slow hash of the credentials that were refused, so that other ones are tried at once. The credentials cannot be had from it.';

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT DELETE ON affsync.source_block TO affsync_writer;
  END IF;
END
$$;
