-- What running totals grew, found once from their changes and kept: a step is as immutable as the change
-- that it comes from. Whatever writes a change of a running total marks it, in the same transaction; a
-- marked change is compared with those before it by whoever reads, until affsync.fold_growth() has kept its
-- step. So affsync.commission_steps and affsync.rebate_steps have at every moment the steps that
-- affsync.commission_steps_by_row and affsync.rebate_steps_by_row find in all changes ever.
CREATE TABLE affsync.growth (
  source_id       integer NOT NULL,
  record_table    text NOT NULL,
  stream          text COLLATE "C" NOT NULL,
  external_id     text COLLATE "C" NOT NULL,
  change_id       bigint NOT NULL,
  day             date NOT NULL,
  since           timestamptz,
  until           timestamptz NOT NULL,
  step            numeric NOT NULL,
  step_usd        numeric,
  step_lots       numeric,
  currency        text,
  own_currency    boolean NOT NULL,
  needs_currency  boolean NOT NULL,
  has_usd         boolean,
  PRIMARY KEY (source_id, record_table, stream, external_id, change_id)
);
CREATE INDEX growth_by_day ON affsync.growth (record_table, day, source_id);
COMMENT ON TABLE affsync.growth IS 'Steps of running totals, from affsync.record_change. True for rows without a change in affsync.growth_mark; the views affsync.commission_steps and affsync.rebate_steps find those of the others in their changes.';
COMMENT ON COLUMN affsync.growth.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.growth.record_table IS 'commission or rebate.';
COMMENT ON COLUMN affsync.growth.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN affsync.growth.external_id IS 'The row''s key in the record table.';
COMMENT ON COLUMN affsync.growth.change_id IS 'The change in affsync.record_change.';
COMMENT ON COLUMN affsync.growth.day IS 'UTC day of the change.';
COMMENT ON COLUMN affsync.growth.since IS 'The last reading that still found the old total; null: none is known.';
COMMENT ON COLUMN affsync.growth.until IS 'Time of the change.';
COMMENT ON COLUMN affsync.growth.step IS 'What the total grew.';
COMMENT ON COLUMN affsync.growth.step_usd IS 'The same by the broker''s own figures in US dollars; null: unknown.';
COMMENT ON COLUMN affsync.growth.step_lots IS 'What the volume in lots grew.';
COMMENT ON COLUMN affsync.growth.currency IS 'Currency at that time, unless own_currency.';
COMMENT ON COLUMN affsync.growth.own_currency IS 'The currency has not changed since: it is that of the row.';
COMMENT ON COLUMN affsync.growth.needs_currency IS 'No step if the row has no currency.';
COMMENT ON COLUMN affsync.growth.has_usd IS 'Whether the broker gave an amount in US dollars then; null: as it does now.';

CREATE TABLE affsync.growth_state (
  source_id      integer NOT NULL,
  record_table   text NOT NULL,
  stream         text COLLATE "C" NOT NULL,
  external_id    text COLLATE "C" NOT NULL,
  last_change    bigint NOT NULL,
  changes        bigint NOT NULL,
  last_at        timestamptz NOT NULL,
  era            bigint NOT NULL,
  last_currency  text[],
  last_usd       text[],
  known          numeric[],
  known_usd      numeric[],
  known_lots     numeric[],
  grew_at        bigint,
  known_to_run   bigint,
  known_to       timestamptz,
  known_from     timestamptz,
  PRIMARY KEY (source_id, record_table, stream, external_id)
) WITH (fillfactor = 70);
COMMENT ON TABLE affsync.growth_state IS 'What is known of a running total after the last change whose step is in affsync.growth, so that the next one is found without those before.';
COMMENT ON COLUMN affsync.growth_state.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.growth_state.record_table IS 'commission or rebate.';
COMMENT ON COLUMN affsync.growth_state.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN affsync.growth_state.external_id IS 'The row''s key in the record table.';
COMMENT ON COLUMN affsync.growth_state.last_change IS 'The last change that was looked at.';
COMMENT ON COLUMN affsync.growth_state.changes IS 'Number of changes that were looked at.';
COMMENT ON COLUMN affsync.growth_state.last_at IS 'Time of the last change.';
COMMENT ON COLUMN affsync.growth_state.era IS 'How often the currency has changed.';
COMMENT ON COLUMN affsync.growth_state.last_currency IS 'The last change that names a currency, and the one before it.';
COMMENT ON COLUMN affsync.growth_state.last_usd IS 'The last change of the amount in US dollars, and the new amount.';
COMMENT ON COLUMN affsync.growth_state.known IS 'The last amount known before a change: the change, the era of its currency, the amount.';
COMMENT ON COLUMN affsync.growth_state.known_usd IS 'The same in US dollars: the change, the amount.';
COMMENT ON COLUMN affsync.growth_state.known_lots IS 'The same of the volume in lots.';
COMMENT ON COLUMN affsync.growth_state.grew_at IS 'The last change to a known amount.';
COMMENT ON COLUMN affsync.growth_state.known_to_run IS 'The last run that changed a known amount.';
COMMENT ON COLUMN affsync.growth_state.known_to IS 'The last time at which a known amount changed.';
COMMENT ON COLUMN affsync.growth_state.known_from IS 'The latest change before one of a known amount.';

CREATE TABLE affsync.growth_stream (
  source_id     integer NOT NULL,
  record_table  text NOT NULL,
  stream        text COLLATE "C" NOT NULL,
  had_removals  boolean NOT NULL DEFAULT false,
  last_change   bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (source_id, record_table, stream)
);
COMMENT ON TABLE affsync.growth_stream IS 'Streams that have or had running totals: their changes are marked.';
COMMENT ON COLUMN affsync.growth_stream.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.growth_stream.record_table IS 'commission or rebate.';
COMMENT ON COLUMN affsync.growth_stream.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN affsync.growth_stream.had_removals IS 'Somebody has removed rows of the stream, so that a new row may have a history.';
COMMENT ON COLUMN affsync.growth_stream.last_change IS 'The last change that was looked at: earlier ones come late.';

CREATE TABLE affsync.growth_mark (
  source_id     integer NOT NULL,
  record_table  text NOT NULL,
  stream        text COLLATE "C" NOT NULL,
  mark_id       bigint GENERATED BY DEFAULT AS IDENTITY,
  first_change  bigint,
  last_change   bigint,
  first_at      timestamptz,
  last_at       timestamptz,
  after_key     text COLLATE "C",
  PRIMARY KEY (source_id, record_table, stream, mark_id)
);
COMMENT ON TABLE affsync.growth_mark IS 'Changes of running totals whose steps are not in affsync.growth yet. To have those of a stream found anew: insert its source_id, record_table and stream.';
COMMENT ON COLUMN affsync.growth_mark.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.growth_mark.record_table IS 'commission or rebate.';
COMMENT ON COLUMN affsync.growth_mark.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN affsync.growth_mark.mark_id IS 'Number of the mark. Each transaction adds its own, so that none waits for another.';
COMMENT ON COLUMN affsync.growth_mark.first_change IS 'The first change in affsync.record_change; null: all changes of the stream.';
COMMENT ON COLUMN affsync.growth_mark.last_change IS 'The last one.';
COMMENT ON COLUMN affsync.growth_mark.first_at IS 'Time of the earliest of them.';
COMMENT ON COLUMN affsync.growth_mark.last_at IS 'Time of the latest of them.';
COMMENT ON COLUMN affsync.growth_mark.after_key IS 'Of all changes of the stream: those of rows after this key are left; null: of all rows.';

ALTER TABLE affsync.earned_day ADD COLUMN since timestamptz;
COMMENT ON COLUMN affsync.earned_day.since IS 'Of the growth of running totals in the sum: the earliest time at which it may have grown; null: there is none.';
COMMENT ON TABLE affsync.earned_day IS 'Dated commission of the streams in reports and the growth of running totals, added up by source, day, kind, status and currency. True for days without a line in affsync.earned_mark; reporting.earnings_daily adds up the others from their rows.';
COMMENT ON COLUMN affsync.earned_day.rows IS 'Number of rows, and of steps of running totals, in the sum.';

-- Days on which totals grew are found by their rows: only where what they were added up by has changed.
CREATE FUNCTION affsync.mark_growth_days(sources integer[], streams text[], keys text[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off SET jit = off AS $$
BEGIN
  INSERT INTO affsync.earned_mark (source_id, unit_from, unit_to)
  SELECT DISTINCT w.source_id, h.day, h.day
  FROM unnest(sources, streams, keys) w (source_id, stream, external_id)
  CROSS JOIN LATERAL (
    SELECT (n.changed_at AT TIME ZONE 'UTC')::date AS day
    FROM affsync.record_change n
    WHERE n.source_id = w.source_id AND n.external_id = w.external_id AND n.stream = w.stream
      AND n.record_table = 'commission' AND n.before ?| ARRAY['amount', 'amount_usd', 'volume_lots']
    OFFSET 0
  ) h;
END
$$;
COMMENT ON FUNCTION affsync.mark_growth_days(integer[], text[], text[]) IS 'Marks the days on which running totals of commission grew; see affsync.earned_mark.';

CREATE FUNCTION affsync.mark_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  reaches_back boolean;
  sources integer[];
  streams text[];
  keys text[];
BEGIN
  -- Most changes are of streams without running totals.
  IF NOT EXISTS (SELECT FROM affsync.growth_stream s
                 WHERE EXISTS (SELECT FROM written w WHERE w.source_id = s.source_id
                                 AND w.record_table = s.record_table AND w.stream = s.stream)) THEN
    RETURN NULL;
  END IF;
  WITH changes AS MATERIALIZED (
    SELECT n.*, n.names_one OR n.first_change <= s.last_change AS reaches_back
    FROM (SELECT w.source_id, w.record_table, w.stream, min(w.change_id) AS first_change,
                 max(w.change_id) AS last_change, min(w.changed_at) AS first_at, max(w.changed_at) AS last_at,
                 bool_or(w.before ?| ARRAY['amount', 'amount_usd', 'volume_lots']) AS grows,
                 bool_or(w.before ?| ARRAY['currency', 'amount_usd']) AS names_one
          FROM written w
          GROUP BY w.source_id, w.record_table, w.stream) n
    JOIN affsync.growth_stream s
      ON s.source_id = n.source_id AND s.record_table = n.record_table AND s.stream = n.stream
  ), marks AS (
    INSERT INTO affsync.growth_mark
      (source_id, record_table, stream, first_change, last_change, first_at, last_at)
    SELECT c.source_id, c.record_table, c.stream, c.first_change, c.last_change, c.first_at, c.last_at
    FROM changes c
  ), days AS (
    INSERT INTO affsync.earned_mark (source_id, unit_from, unit_to)
    SELECT c.source_id, (c.first_at AT TIME ZONE 'UTC')::date, (c.last_at AT TIME ZONE 'UTC')::date
    FROM changes c
    WHERE c.record_table = 'commission' AND c.grows
  )
  SELECT bool_or(c.reaches_back) INTO reaches_back FROM changes c WHERE c.record_table = 'commission';
  IF NOT coalesce(reaches_back, false) THEN
    RETURN NULL;
  END IF;
  -- The steps before the change of a currency have another one now, and those before the first change of
  -- the broker's dollars have such or not. A change that comes late changes the steps after it.
  SELECT array_agg(w.source_id), array_agg(w.stream), array_agg(w.external_id)
  INTO sources, streams, keys
  FROM written w
  JOIN affsync.growth_stream s USING (source_id, record_table, stream)
  LEFT JOIN affsync.growth_state z USING (source_id, record_table, stream, external_id)
  WHERE w.record_table = 'commission'
    AND (w.before ? 'currency' OR w.before ? 'amount_usd' AND z.last_usd IS NULL OR w.change_id <= z.last_change);
  IF sources IS NOT NULL THEN
    PERFORM affsync.mark_growth_days(sources, streams, keys);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affsync.mark_changes() IS 'Marks new changes of running totals; see affsync.growth_mark.';

-- Affsync changes and removes no history; its owner may.
CREATE FUNCTION affsync.mark_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO affsync.growth_mark (source_id, record_table, stream)
  SELECT s.source_id, s.record_table, s.stream
  FROM affsync.growth_stream s
  WHERE EXISTS (SELECT FROM was_there w
                WHERE w.source_id = s.source_id AND w.record_table = s.record_table AND w.stream = s.stream);
  INSERT INTO affsync.earned_mark (source_id, unit_from, unit_to)
  SELECT DISTINCT source_id, '-infinity'::date, 'infinity'::date FROM was_there WHERE record_table = 'commission';
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affsync.mark_history() IS 'Marks all changes of streams whose history was written over; see affsync.growth_mark.';

CREATE FUNCTION affsync.mark_all_growth() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO affsync.growth_mark (source_id, record_table, stream)
  SELECT source_id, record_table, stream FROM affsync.growth_stream;
  INSERT INTO affsync.earned_mark (source_id, unit_from, unit_to)
  SELECT DISTINCT source_id, '-infinity'::date, 'infinity'::date
  FROM affsync.growth_stream
  WHERE record_table = 'commission';
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affsync.mark_all_growth() IS 'Marks all changes of running totals; see affsync.growth_mark.';

-- Of a stream without running totals no change is looked at. When it has the first one, all are.
CREATE FUNCTION affsync.mark_new_totals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sources integer[];
  streams text[];
  keys text[];
BEGIN
  WITH first AS (
    INSERT INTO affsync.growth_stream (source_id, record_table, stream)
    SELECT t.source_id, TG_TABLE_NAME, t.stream
    FROM (SELECT DISTINCT source_id, stream FROM now_there WHERE grain = 'lifetime') t
    WHERE NOT EXISTS (SELECT FROM affsync.growth_stream s
                      WHERE s.source_id = t.source_id AND s.record_table = TG_TABLE_NAME AND s.stream = t.stream)
    ON CONFLICT DO NOTHING
    RETURNING source_id, stream
  )
  INSERT INTO affsync.growth_mark (source_id, record_table, stream)
  SELECT f.source_id, TG_TABLE_NAME, f.stream FROM first f;
  -- A row with a history was there before.
  SELECT array_agg(n.source_id), array_agg(n.stream), array_agg(n.external_id)
  INTO sources, streams, keys
  FROM now_there n
  JOIN affsync.growth_stream s
    ON s.source_id = n.source_id AND s.record_table = TG_TABLE_NAME AND s.stream = n.stream
  WHERE n.grain = 'lifetime' AND s.had_removals
    AND EXISTS (SELECT FROM affsync.record_change h
                WHERE h.source_id = n.source_id AND h.external_id = n.external_id
                  AND h.record_table = TG_TABLE_NAME AND h.stream = n.stream);
  IF sources IS NOT NULL THEN
    INSERT INTO affsync.growth_mark (source_id, record_table, stream)
    SELECT DISTINCT w.source_id, TG_TABLE_NAME, w.stream FROM unnest(sources, streams) w (source_id, stream);
    IF TG_TABLE_NAME = 'commission' THEN
      PERFORM affsync.mark_growth_days(sources, streams, keys);
    END IF;
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affsync.mark_new_totals() IS 'Notes streams that have running totals; see affsync.growth_stream.';

CREATE FUNCTION affsync.mark_changed_totals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sources integer[];
  streams text[];
  keys text[];
  new_ones boolean[];
BEGIN
  IF TG_TABLE_NAME = 'commission' THEN
    -- Also those that count elsewhere now: what all steps of a row are added up by.
    SELECT array_agg(coalesce(n.source_id, w.source_id)), array_agg(coalesce(n.stream, w.stream)),
           array_agg(coalesce(n.external_id, w.external_id)), array_agg(w.source_id IS NULL)
    INTO sources, streams, keys, new_ones
    FROM (SELECT * FROM now_there WHERE grain = 'lifetime') n
    FULL JOIN (SELECT * FROM was_there WHERE grain = 'lifetime') w
      ON w.source_id = n.source_id AND w.stream = n.stream AND w.external_id = n.external_id
    WHERE n.source_id IS NULL OR w.source_id IS NULL
      OR n.kind IS DISTINCT FROM w.kind OR n.status IS DISTINCT FROM w.status
      OR n.client_ref IS DISTINCT FROM w.client_ref OR n.currency IS DISTINCT FROM w.currency
      OR (n.amount_usd IS NULL) <> (w.amount_usd IS NULL) OR n.first_seen_at <> w.first_seen_at;
    IF sources IS NOT NULL THEN
      PERFORM affsync.mark_growth_days(sources, streams, keys);
    END IF;
  ELSE
    SELECT array_agg(n.source_id), array_agg(n.stream), array_agg(true)
    INTO sources, streams, new_ones
    FROM (SELECT * FROM now_there WHERE grain = 'lifetime') n
    LEFT JOIN (SELECT * FROM was_there WHERE grain = 'lifetime') w
      ON w.source_id = n.source_id AND w.stream = n.stream AND w.external_id = n.external_id
    WHERE w.source_id IS NULL;
  END IF;
  IF sources IS NULL THEN
    RETURN NULL;
  END IF;
  WITH there AS (
    SELECT DISTINCT w.source_id, w.stream
    FROM unnest(sources, streams, new_ones) w (source_id, stream, new_one)
    WHERE w.new_one
  ), noted AS (
    INSERT INTO affsync.growth_stream (source_id, record_table, stream)
    SELECT t.source_id, TG_TABLE_NAME, t.stream FROM there t
    ON CONFLICT DO NOTHING
  )
  INSERT INTO affsync.growth_mark (source_id, record_table, stream)
  SELECT t.source_id, TG_TABLE_NAME, t.stream FROM there t;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affsync.mark_changed_totals() IS 'Marks all changes of a stream one of whose rows has become a running total, and the days of totals that count elsewhere now; see affsync.growth_mark and affsync.earned_mark.';

-- Affsync removes no row; whoever else does may add it again.
CREATE FUNCTION affsync.mark_removed_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE affsync.growth_stream s SET had_removals = true
  WHERE s.record_table = TG_TABLE_NAME AND NOT s.had_removals
    AND (s.source_id, s.stream) IN (SELECT w.source_id, w.stream FROM was_there w);
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affsync.mark_removed_totals() IS 'Notes streams that rows were removed from; see affsync.growth_stream.';
CREATE FUNCTION affsync.mark_truncated_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE affsync.growth_stream s SET had_removals = true
  WHERE s.record_table = TG_TABLE_NAME AND NOT s.had_removals;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION affsync.mark_truncated_totals() IS 'Notes streams that all rows were removed from; see affsync.growth_stream.';

CREATE FUNCTION affsync.find_growth_anew() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO affsync.growth_stream (source_id, record_table, stream)
  SELECT DISTINCT source_id, 'commission', stream FROM affsync.commission WHERE grain = 'lifetime'
  UNION ALL
  SELECT DISTINCT source_id, 'rebate', stream FROM affsync.rebate WHERE grain = 'lifetime'
  ON CONFLICT DO NOTHING;
  INSERT INTO affsync.growth_mark (source_id, record_table, stream)
  SELECT source_id, record_table, stream FROM affsync.growth_stream;
  INSERT INTO affsync.earned_mark (source_id, unit_from, unit_to)
  SELECT DISTINCT source_id, '-infinity'::date, 'infinity'::date
  FROM affsync.growth_stream
  WHERE record_table = 'commission';
END
$$;
COMMENT ON FUNCTION affsync.find_growth_anew() IS 'Marks all changes of running totals, and all days of their sources. To be called if changes or rows were written while the triggers were off.';

-- Where Citus distributes the tables, no steps are kept: it runs no such triggers.
DO $$
DECLARE
  name text;
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
    IF EXISTS (SELECT FROM pg_catalog.pg_dist_partition WHERE logicalrelid = 'affsync.commission'::regclass) THEN
      RETURN;
    END IF;
  END IF;
  FOREACH name IN ARRAY ARRAY['commission', 'rebate'] LOOP
    EXECUTE format($sql$
      CREATE TRIGGER growth_inserted AFTER INSERT ON affsync.%1$I
        REFERENCING NEW TABLE AS now_there FOR EACH STATEMENT EXECUTE FUNCTION affsync.mark_new_totals();
      CREATE TRIGGER growth_updated AFTER UPDATE ON affsync.%1$I
        REFERENCING OLD TABLE AS was_there NEW TABLE AS now_there
        FOR EACH STATEMENT EXECUTE FUNCTION affsync.mark_changed_totals();
      CREATE TRIGGER growth_deleted AFTER DELETE ON affsync.%1$I
        REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION affsync.mark_removed_totals();
      CREATE TRIGGER growth_truncated AFTER TRUNCATE ON affsync.%1$I
        FOR EACH STATEMENT EXECUTE FUNCTION affsync.mark_truncated_totals();
      COMMENT ON TRIGGER growth_inserted ON affsync.%1$I IS 'Notes streams of running totals.';
      COMMENT ON TRIGGER growth_updated ON affsync.%1$I IS 'Marks streams with rows that become running totals.';
      COMMENT ON TRIGGER growth_deleted ON affsync.%1$I IS 'Notes streams that rows were removed from.';
      COMMENT ON TRIGGER growth_truncated ON affsync.%1$I IS 'Notes streams that rows were removed from.';
    $sql$, name);
  END LOOP;
  CREATE TRIGGER growth_inserted AFTER INSERT ON affsync.record_change
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION affsync.mark_changes();
  CREATE TRIGGER growth_updated AFTER UPDATE ON affsync.record_change
    REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION affsync.mark_history();
  CREATE TRIGGER growth_deleted AFTER DELETE ON affsync.record_change
    REFERENCING OLD TABLE AS was_there FOR EACH STATEMENT EXECUTE FUNCTION affsync.mark_history();
  CREATE TRIGGER growth_truncated AFTER TRUNCATE ON affsync.record_change
    FOR EACH STATEMENT EXECUTE FUNCTION affsync.mark_all_growth();
  COMMENT ON TRIGGER growth_inserted ON affsync.record_change IS 'Marks new changes of running totals.';
  COMMENT ON TRIGGER growth_updated ON affsync.record_change IS 'Marks all changes of the streams.';
  COMMENT ON TRIGGER growth_deleted ON affsync.record_change IS 'Marks all changes of the streams.';
  COMMENT ON TRIGGER growth_truncated ON affsync.record_change IS 'Marks all changes of running totals.';
  -- What is stored already is looked at later, a part at a time.
  PERFORM affsync.find_growth_anew();
END
$$;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT SELECT, INSERT, UPDATE, DELETE
      ON affsync.growth, affsync.growth_state, affsync.growth_mark TO affsync_writer;
    GRANT SELECT, INSERT, UPDATE ON affsync.growth_stream TO affsync_writer;
  END IF;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_reader') THEN
    GRANT SELECT
      ON affsync.growth, affsync.growth_state, affsync.growth_stream, affsync.growth_mark TO affsync_reader;
  END IF;
END
$$;
