-- What was compared with the broker's own totals, as it stands now. Windows move on from day to day,
-- so a comparison counts until later ones have covered all of its days.
CREATE OR REPLACE VIEW reporting.reconciliations AS
WITH latest AS (
  SELECT DISTINCT ON (source_id, stream, metric, window_from, window_to) *
  FROM affsync.reconciliation
  ORDER BY source_id, stream, metric, window_from, window_to, reconciliation_id DESC
)
SELECT
  s.name AS source,
  s.connector,
  l.stream,
  l.metric,
  l.window_from,
  l.window_to,
  l.broker_value,
  l.our_value,
  l.difference,
  l.matched,
  l.compared_at,
  CASE WHEN NOT l.matched THEN
    (SELECT min(c.compared_at)
     FROM affsync.reconciliation c
     WHERE c.source_id = l.source_id AND c.stream = l.stream AND c.metric = l.metric
       AND c.window_from IS NOT DISTINCT FROM l.window_from
       AND c.window_to IS NOT DISTINCT FROM l.window_to
       AND c.reconciliation_id > coalesce(
         (SELECT max(g.reconciliation_id)
          FROM affsync.reconciliation g
          WHERE g.source_id = l.source_id AND g.stream = l.stream AND g.metric = l.metric
            AND g.window_from IS NOT DISTINCT FROM l.window_from
            AND g.window_to IS NOT DISTINCT FROM l.window_to AND g.matched), 0))
  END AS differs_since,
  l.source_id
FROM latest l
JOIN affsync.source s ON s.source_id = l.source_id
LEFT JOIN affsync.stream st ON st.source_id = l.source_id AND st.stream = l.stream
WHERE s.retired_at IS NULL AND st.retired_at IS NULL
  AND NOT coalesce(
    (SELECT range_agg(daterange(c.window_from, c.window_to, '[]'))
            @> daterange(l.window_from, l.window_to, '[]')
     FROM affsync.reconciliation c
     WHERE c.source_id = l.source_id AND c.stream = l.stream AND c.metric = l.metric
       AND c.reconciliation_id > l.reconciliation_id
       AND (l.window_from IS NULL OR c.window_from IS NULL
            OR daterange(c.window_from, c.window_to, '[]')
               && daterange(l.window_from, l.window_to, '[]'))), false);
COMMENT ON VIEW reporting.reconciliations IS 'Our rows against the broker''s own totals: the latest comparison of each, without those whose days later ones have covered.';
COMMENT ON COLUMN reporting.reconciliations.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.reconciliations.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.reconciliations.stream IS 'The feed.';
COMMENT ON COLUMN reporting.reconciliations.metric IS 'What was compared: rows, or the sum of a column.';
COMMENT ON COLUMN reporting.reconciliations.window_from IS 'First day of the rows compared; null: all rows of the stream.';
COMMENT ON COLUMN reporting.reconciliations.window_to IS 'Last day of the rows compared; null: all rows of the stream.';
COMMENT ON COLUMN reporting.reconciliations.broker_value IS 'What the broker says.';
COMMENT ON COLUMN reporting.reconciliations.our_value IS 'The same of our rows that are not deleted.';
COMMENT ON COLUMN reporting.reconciliations.difference IS 'our_value minus broker_value.';
COMMENT ON COLUMN reporting.reconciliations.matched IS 'Whether the difference is within the connector''s tolerance.';
COMMENT ON COLUMN reporting.reconciliations.compared_at IS 'When it was compared.';
COMMENT ON COLUMN reporting.reconciliations.differs_since IS 'When this difference was first met, without a match since; null when it matches.';
COMMENT ON COLUMN reporting.reconciliations.source_id IS 'The source; see affsync.source.';
