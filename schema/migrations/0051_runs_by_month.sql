-- Runs by month, so that old months are let go as tables, and what is asked of the last days reads
-- those days. A table that somebody has partitioned or distributed already stays as it is.
CREATE FUNCTION affsync.make_months(parent name, of_what text, settings text, ahead integer) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog SET timezone = 'UTC' AS $$
DECLARE
  whole regclass := format('affsync.%I', parent)::regclass;
  month date;
  last date := (date_trunc('month', now() AT TIME ZONE 'UTC') + least(ahead, 120) * interval '1 month')::date;
  part text;
  column_row record;
  made integer := 0;
BEGIN
  SELECT coalesce(max((regexp_match(pg_get_expr(c.relpartbound, c.oid), $x$TO \('(\d{4}-\d{2}-\d{2})$x$))[1]::date),
                  date_trunc('month', now() AT TIME ZONE 'UTC')::date)
  INTO month
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
  WHERE i.inhparent = whole;
  WHILE month <= last LOOP
    part := parent || '_' || to_char(month, 'YYYY_MM');
    BEGIN
      EXECUTE format('CREATE TABLE affsync.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', part, whole,
                     month::text || ' 00:00:00+00', (month + interval '1 month')::date::text || ' 00:00:00+00');
      EXECUTE format('COMMENT ON TABLE affsync.%I IS %L', part,
                     of_what || ' of ' || to_char(month, 'YYYY-MM') || '; see affsync.' || parent || '.');
      FOR column_row IN SELECT a.attname, col_description(a.attrelid, a.attnum) AS text
                        FROM pg_attribute a WHERE a.attrelid = whole AND a.attnum > 0 AND NOT a.attisdropped LOOP
        EXECUTE format('COMMENT ON COLUMN affsync.%I.%I IS %L', part, column_row.attname, column_row.text);
      END LOOP;
      EXECUTE format('ALTER TABLE affsync.%I SET (%s)', part, settings);
      IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON affsync.%I FROM affsync_writer', part);
      END IF;
      made := made + 1;
    EXCEPTION WHEN check_violation OR duplicate_table THEN
      NULL;  -- rows of that month, written by a wrong clock, are in the rest, and stay there
    END;
    month := (month + interval '1 month')::date;
  END LOOP;
  RETURN made;
END
$$;
COMMENT ON FUNCTION affsync.make_months(name, text, text, integer) IS 'Makes the partitions of a table up to so many months ahead; gives how many it has made.';
REVOKE ALL ON FUNCTION affsync.make_months(name, text, text, integer) FROM PUBLIC;

CREATE OR REPLACE FUNCTION affsync.make_change_months(ahead integer DEFAULT 24) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT affsync.make_months('record_change', 'Changes',
    'autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05', ahead);
$$;

CREATE FUNCTION affsync.keep_run_months(ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET timezone = 'UTC' SET lock_timeout = '1s' AS $$
DECLARE
  part record;
  filled boolean;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'affsync.sync_run'::regclass
                   AND inhrelid = to_regclass('affsync.sync_run_rest')) THEN
    RETURN 0;
  END IF;
  FOR part IN
    SELECT c.oid::regclass AS name
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'affsync.sync_run'::regclass
      AND (regexp_match(pg_get_expr(c.relpartbound, c.oid), $x$TO \('(\d{4}-\d{2}-\d{2})$x$))[1]::date
          < (now() AT TIME ZONE 'UTC')::date - 7
    ORDER BY 1
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %s)', part.name) INTO filled;
    CONTINUE WHEN filled;
    BEGIN
      LOCK TABLE ONLY affsync.sync_run IN ACCESS EXCLUSIVE MODE;  -- in the order of those who read runs
      EXECUTE format('SELECT EXISTS (SELECT FROM %s)', part.name) INTO filled;
      IF NOT filled THEN
        EXECUTE format('DROP TABLE %s', part.name);
      END IF;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      NULL;  -- somebody reads runs just now; tomorrow is early enough
    END;
  END LOOP;
  RETURN affsync.make_months('sync_run', 'Runs', 'fillfactor = 70, autovacuum_analyze_scale_factor = 0.02,'
    ' autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05', ahead);
END
$$;
COMMENT ON FUNCTION affsync.keep_run_months(integer) IS 'Drops partitions of affsync.sync_run of the past that have no rows any more, and makes those of so many months ahead; gives how many it has made. Called once a day by the daemon, and by affsync prune.';
REVOKE ALL ON FUNCTION affsync.keep_run_months(integer) FROM PUBLIC;

-- The bounds within which the runs of a stream are looked for.
ALTER TABLE affsync.stream_state
  ADD COLUMN runs_open_since timestamptz NOT NULL DEFAULT '-infinity',
  ADD COLUMN pass_started_at timestamptz;
COMMENT ON COLUMN affsync.stream_state.runs_open_since IS 'No run that began before it is still marked as running.';
COMMENT ON COLUMN affsync.stream_state.pass_started_at IS 'When the first run of the pass began; see pass_run_id.';
UPDATE affsync.stream_state z SET pass_started_at = r.started_at
FROM affsync.sync_run r WHERE r.source_id = z.source_id AND r.run_id = z.pass_run_id;

DO $$
DECLARE
  first_month text;
  last_id bigint;
  part text;
  row record;
BEGIN
  PERFORM set_config('timezone', 'UTC', true);
  IF EXISTS (SELECT FROM pg_class WHERE oid = 'affsync.sync_run'::regclass AND relkind <> 'r') THEN
    RETURN;
  END IF;
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
    EXECUTE $x$SELECT count(*) FROM pg_catalog.pg_dist_partition
               WHERE logicalrelid = 'affsync.sync_run'::regclass$x$ INTO last_id;
    IF last_id > 0 THEN
      ALTER TABLE affsync.sync_run DROP CONSTRAINT IF EXISTS sync_run_early_starts;
      RAISE WARNING 'affsync.sync_run is distributed already and stays one table; see docs/scaling.md';
      RETURN;
    END IF;
  END IF;
  CREATE TEMPORARY TABLE affsync_views ON COMMIT DROP AS
  SELECT DISTINCT v.oid::regclass::text AS view, pg_get_viewdef(v.oid) AS definition
  FROM pg_depend d
  JOIN pg_rewrite w ON w.oid = d.objid
  JOIN pg_class v ON v.oid = w.ev_class
  WHERE d.refobjid = 'affsync.sync_run'::regclass AND d.classid = 'pg_rewrite'::regclass
    AND v.relkind = 'v';
  SELECT (regexp_match(pg_get_constraintdef(oid), '\d{4}-\d{2}-\d{2}'))[1] INTO STRICT first_month
  FROM pg_constraint
  WHERE conrelid = 'affsync.sync_run'::regclass AND conname = 'sync_run_early_starts' AND convalidated;
  EXECUTE format('SELECT greatest(last_value, (SELECT max(run_id) FROM affsync.stream_state)) FROM %s',
                 pg_get_serial_sequence('affsync.sync_run', 'run_id')) INTO last_id;

  ALTER TABLE affsync.sync_run RENAME TO sync_run_early;
  ALTER TABLE affsync.sync_run_early ALTER run_id DROP IDENTITY;
  ALTER TABLE affsync.sync_run_early DROP CONSTRAINT sync_run_pkey;
  ALTER TABLE affsync.sync_run_early ADD CONSTRAINT sync_run_early_pkey PRIMARY KEY USING INDEX sync_run_by_start;
  ALTER TABLE affsync.sync_run_early RENAME CONSTRAINT sync_run_source_id_fkey TO sync_run_early_source_id_fkey;
  ALTER INDEX affsync.sync_run_by_stream RENAME TO sync_run_early_by_stream;
  ALTER INDEX affsync.sync_run_running RENAME TO sync_run_early_running;
  CREATE TABLE affsync.sync_run (
    LIKE affsync.sync_run_early INCLUDING DEFAULTS INCLUDING COMMENTS,
    PRIMARY KEY (source_id, run_id, started_at),
    FOREIGN KEY (source_id) REFERENCES affsync.source
  ) PARTITION BY RANGE (started_at);
  ALTER TABLE affsync.sync_run ALTER run_id ADD GENERATED BY DEFAULT AS IDENTITY;
  PERFORM setval(pg_get_serial_sequence('affsync.sync_run', 'run_id'), coalesce(last_id, 0) + 1, false);
  CREATE INDEX sync_run_by_stream ON affsync.sync_run (source_id, stream, run_id);
  CREATE INDEX sync_run_running ON affsync.sync_run (source_id, stream) WHERE status = 'running';
  EXECUTE format('ALTER TABLE affsync.sync_run ATTACH PARTITION affsync.sync_run_early'
                 ' FOR VALUES FROM (MINVALUE) TO (%L)', first_month || ' 00:00:00+00');
  ALTER TABLE affsync.sync_run_early DROP CONSTRAINT sync_run_early_starts;
  CREATE TABLE affsync.sync_run_rest PARTITION OF affsync.sync_run DEFAULT;
  COMMENT ON TABLE affsync.sync_run IS 'One pass over one stream of one source. By month of started_at; see affsync.keep_run_months.';
  COMMENT ON TABLE affsync.sync_run_early IS 'Runs of the time before they were kept by month; see affsync.sync_run.';
  COMMENT ON TABLE affsync.sync_run_rest IS 'Runs of months that have no partition of their own; see affsync.sync_run.';
  FOR row IN SELECT a.attname, col_description(a.attrelid, a.attnum) AS text
             FROM pg_attribute a WHERE a.attrelid = 'affsync.sync_run'::regclass AND a.attnum > 0 LOOP
    EXECUTE format('COMMENT ON COLUMN affsync.sync_run_rest.%I IS %L', row.attname, row.text);
  END LOOP;

  -- Views stay with the table they were made for, whatever it is called.
  FOR row IN SELECT * FROM affsync_views LOOP
    BEGIN
      EXECUTE format('CREATE OR REPLACE VIEW %s AS %s', row.view, row.definition);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE WARNING 'the view % reads the runs up to % only: its owner has to make it again', row.view, first_month;
    END;
  END LOOP;

  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    FOREACH part IN ARRAY ARRAY['sync_run_early', 'sync_run_rest'] LOOP
      EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON affsync.%I FROM affsync_writer', part);
    END LOOP;
    GRANT SELECT, INSERT, UPDATE, DELETE ON affsync.sync_run TO affsync_writer;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_reader') THEN
    GRANT SELECT ON affsync.sync_run TO affsync_reader;
  END IF;
END
$$;
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT EXECUTE ON FUNCTION affsync.keep_run_months(integer) TO affsync_writer;
  END IF;
END
$$;
SELECT affsync.keep_run_months();
