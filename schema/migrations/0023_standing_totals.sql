-- Of the comparisons with the broker's totals only those that still say something are kept: the
-- latest of each window, until later ones have covered its days. So asking how the books stand
-- reads as much after years as on the first day.
ALTER TABLE affsync.reconciliation ADD COLUMN differs_since timestamptz;
ALTER TABLE affsync.reconciliation ADD COLUMN open_days datemultirange;
COMMENT ON TABLE affsync.reconciliation IS 'The broker''s own totals beside the same figure of our rows, as they stand: one line for each total and window, replaced by each new comparison of it and removed once later ones have covered its days.';
COMMENT ON COLUMN affsync.reconciliation.differs_since IS 'When this difference was first met, without a match since; null when it matches.';
COMMENT ON COLUMN affsync.reconciliation.open_days IS 'Days of the window that no later comparison has covered; null: all rows of the stream were compared.';

CREATE TEMPORARY TABLE affsync_standing ON COMMIT DROP AS
SELECT c.*
FROM (
  SELECT r.source_id, r.reconciliation_id, r.run_id, r.stream, r.metric, r.window_from, r.window_to,
         r.broker_value, r.our_value, r.difference, r.matched, r.compared_at,
         min(r.compared_at) FILTER (WHERE r.reconciliation_id > coalesce(r.last_match, 0)) OVER w
           AS differs_since,
         r.latest
  FROM (
    SELECT q.*,
           max(q.reconciliation_id) FILTER (WHERE q.matched) OVER v AS last_match,
           max(q.reconciliation_id) OVER v = q.reconciliation_id AS latest
    FROM affsync.reconciliation q
    WINDOW v AS (PARTITION BY q.source_id, q.stream, q.metric, q.window_from, q.window_to)
  ) r
  WINDOW w AS (PARTITION BY r.source_id, r.stream, r.metric, r.window_from, r.window_to)
) c
WHERE c.latest;
TRUNCATE affsync.reconciliation;

CREATE FUNCTION affsync.replace_total() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
DECLARE
  days daterange := daterange(NEW.window_from, NEW.window_to, '[]');
  whole boolean := NEW.window_from IS NULL AND NEW.window_to IS NULL;
  stood_since timestamptz;
BEGIN
  NEW.open_days := CASE WHEN NOT whole THEN datemultirange(days) END;
  DELETE FROM affsync.reconciliation c
  WHERE c.source_id = NEW.source_id AND c.stream = NEW.stream AND c.metric = NEW.metric
    AND c.window_from IS NOT DISTINCT FROM NEW.window_from
    AND c.window_to IS NOT DISTINCT FROM NEW.window_to
  RETURNING c.differs_since INTO stood_since;
  IF NEW.matched THEN
    NEW.differs_since := NULL;
  ELSE
    NEW.differs_since := coalesce(NEW.differs_since, stood_since, NEW.compared_at);
  END IF;
  -- What all rows say covers every window.
  IF whole THEN
    DELETE FROM affsync.reconciliation c
    WHERE c.source_id = NEW.source_id AND c.stream = NEW.stream AND c.metric = NEW.metric;
    RETURN NEW;
  END IF;
  -- Of one that agreed a rest of less than half of its days says little; windows that move on day
  -- by day would leave one each.
  DELETE FROM affsync.reconciliation c
  WHERE c.source_id = NEW.source_id AND c.stream = NEW.stream AND c.metric = NEW.metric
    AND c.open_days && days
    AND (isempty(c.open_days - datemultirange(days))
         OR c.matched
            AND 2 * (SELECT sum(upper(d) - lower(d)) FROM unnest(c.open_days - datemultirange(days)) d)
                < c.window_to - c.window_from + 1);
  UPDATE affsync.reconciliation c SET open_days = c.open_days - datemultirange(days)
  WHERE c.source_id = NEW.source_id AND c.stream = NEW.stream AND c.metric = NEW.metric
    AND c.open_days && days;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION affsync.replace_total() IS 'Removes the comparisons that a new one of affsync.reconciliation takes the place of.';
CREATE TRIGGER replace_total BEFORE INSERT ON affsync.reconciliation
  FOR EACH ROW EXECUTE FUNCTION affsync.replace_total();
COMMENT ON TRIGGER replace_total ON affsync.reconciliation IS 'Keeps the standing comparisons only.';

INSERT INTO affsync.reconciliation
  (source_id, reconciliation_id, run_id, stream, metric, window_from, window_to, broker_value,
   our_value, difference, matched, compared_at, differs_since)
SELECT source_id, reconciliation_id, run_id, stream, metric, window_from, window_to, broker_value,
       our_value, difference, matched, compared_at, differs_since
FROM affsync_standing
ORDER BY source_id, stream, metric, reconciliation_id;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'affsync_writer') THEN
    GRANT UPDATE, DELETE ON affsync.reconciliation TO affsync_writer;
  END IF;
END
$$;
