-- The current comparisons with the broker's own totals; affsync.reconciliation keeps only these.
CREATE OR REPLACE VIEW reporting.reconciliations AS
SELECT
  s.name AS source,
  s.connector,
  c.stream,
  c.metric,
  c.window_from,
  c.window_to,
  c.broker_value,
  c.our_value,
  c.difference,
  c.matched,
  c.compared_at,
  c.differs_since,
  c.source_id
FROM affsync.reconciliation c
JOIN affsync.source s ON s.source_id = c.source_id
LEFT JOIN affsync.stream st ON st.source_id = c.source_id AND st.stream = c.stream
WHERE s.retired_at IS NULL AND st.retired_at IS NULL;
COMMENT ON VIEW reporting.reconciliations IS 'Comparisons of our rows with the broker''s own totals: the latest one of each total, without those whose days are covered by later ones.';
COMMENT ON COLUMN reporting.reconciliations.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.reconciliations.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.reconciliations.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN reporting.reconciliations.metric IS 'What was compared: rows, or the sum of a column.';
COMMENT ON COLUMN reporting.reconciliations.window_from IS 'First day of the rows compared; null: all rows of the stream.';
COMMENT ON COLUMN reporting.reconciliations.window_to IS 'Last day of the rows compared; null: all rows of the stream.';
COMMENT ON COLUMN reporting.reconciliations.broker_value IS 'The broker''s total.';
COMMENT ON COLUMN reporting.reconciliations.our_value IS 'The same total of our rows that are not deleted.';
COMMENT ON COLUMN reporting.reconciliations.difference IS 'our_value minus broker_value.';
COMMENT ON COLUMN reporting.reconciliations.matched IS 'Whether the difference is within the connector''s tolerance.';
COMMENT ON COLUMN reporting.reconciliations.compared_at IS 'When it was compared.';
COMMENT ON COLUMN reporting.reconciliations.differs_since IS 'Since when the totals have differed without interruption; null if they match.';
COMMENT ON COLUMN reporting.reconciliations.source_id IS 'The source; see affsync.source.';
