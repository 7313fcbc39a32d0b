-- Roles for the daemon and for BI tools, where the migration's user may make them. They belong to
-- the whole server, so they may be there already; without them access works by ownership.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['affsync_writer', 'affsync_reader'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      END IF;
    EXCEPTION
      WHEN duplicate_object OR unique_violation THEN
        NULL;  -- another database's migration made it a moment ago
      WHEN insufficient_privilege THEN
        RAISE NOTICE 'the role % was not made: this user may not; a superuser can make it and grant on the schemas affsync and reporting', role_name;
    END;
  END LOOP;

  -- The writer adds and changes rows; it neither removes nor drops anything.
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT USAGE ON SCHEMA affsync, reporting TO affsync_writer;
    GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA affsync TO affsync_writer;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA affsync TO affsync_writer;
    GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO affsync_writer;
    ALTER DEFAULT PRIVILEGES IN SCHEMA affsync
      GRANT SELECT, INSERT, UPDATE ON TABLES TO affsync_writer;
    ALTER DEFAULT PRIVILEGES IN SCHEMA affsync GRANT USAGE ON SEQUENCES TO affsync_writer;
    ALTER DEFAULT PRIVILEGES IN SCHEMA reporting GRANT SELECT ON TABLES TO affsync_writer;
  END IF;

  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_reader') THEN
    GRANT USAGE ON SCHEMA affsync, reporting TO affsync_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA affsync, reporting TO affsync_reader;
    ALTER DEFAULT PRIVILEGES IN SCHEMA affsync, reporting GRANT SELECT ON TABLES TO affsync_reader;
  END IF;
END
$$;
