-- affsync: outside of a transaction
-- What the next step needs to put the runs that there are below a table by month without reading them
-- while everybody waits.
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS sync_run_by_start ON affsync.sync_run
  (source_id, run_id, started_at);
DO $$
DECLARE
  first_month date;
BEGIN
  PERFORM set_config('timezone', 'UTC', true);
  IF EXISTS (SELECT FROM pg_class WHERE oid = 'affsync.sync_run'::regclass AND relkind <> 'r')
     OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'affsync.sync_run'::regclass
                  AND conname = 'sync_run_early_starts') THEN
    RETURN;
  END IF;
  -- A month in which the version before may go on writing.
  SELECT greatest(date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months',
                  date_trunc('month', max(started_at) AT TIME ZONE 'UTC') + interval '1 month')::date
  INTO first_month FROM affsync.sync_run;
  EXECUTE format('ALTER TABLE affsync.sync_run ADD CONSTRAINT sync_run_early_starts'
                 ' CHECK (started_at < %L::timestamptz) NOT VALID', first_month::text || ' 00:00:00+00');
END
$$;
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_constraint WHERE conrelid = 'affsync.sync_run'::regclass
               AND conname = 'sync_run_early_starts') THEN
    ALTER TABLE affsync.sync_run VALIDATE CONSTRAINT sync_run_early_starts;
  END IF;
END
$$;
