-- Status words of a broker that its connector does not know; their rows are stored with the status
-- `unknown`. affsync.unknown_row has their keys, so that this view need not read all rows.
CREATE OR REPLACE VIEW reporting.unknown_words AS
SELECT s.name AS source, s.connector, w.stream, w.record_table, w.word, count(*) AS rows,
       min(w.first_seen_at) AS first_seen_at, s.source_id
FROM (
  SELECT r.source_id, r.stream, 'client' AS record_table, r.broker_status AS word, r.first_seen_at
  FROM affsync.unknown_row u
  JOIN affsync.client r
    ON r.source_id = u.source_id AND r.stream = u.stream AND r.external_id = u.external_id
  WHERE u.record_table = 'client' AND r.status = 'unknown' AND r.deleted_at IS NULL
  UNION ALL
  SELECT r.source_id, r.stream, 'commission', r.broker_status, r.first_seen_at
  FROM affsync.unknown_row u
  JOIN affsync.commission r
    ON r.source_id = u.source_id AND r.stream = u.stream AND r.external_id = u.external_id
  WHERE u.record_table = 'commission' AND r.status = 'unknown' AND r.deleted_at IS NULL
  UNION ALL
  SELECT r.source_id, r.stream, 'payout', r.broker_status, r.first_seen_at
  FROM affsync.unknown_row u
  JOIN affsync.payout r
    ON r.source_id = u.source_id AND r.stream = u.stream AND r.external_id = u.external_id
  WHERE u.record_table = 'payout' AND r.status = 'unknown' AND r.deleted_at IS NULL
  UNION ALL
  SELECT r.source_id, r.stream, 'rebate', r.broker_status, r.first_seen_at
  FROM affsync.unknown_row u
  JOIN affsync.rebate r
    ON r.source_id = u.source_id AND r.stream = u.stream AND r.external_id = u.external_id
  WHERE u.record_table = 'rebate' AND r.status = 'unknown' AND r.deleted_at IS NULL
) w
JOIN affsync.source s ON s.source_id = w.source_id
JOIN affsync.stream st ON st.source_id = w.source_id AND st.stream = w.stream
WHERE s.retired_at IS NULL AND st.retired_at IS NULL
GROUP BY s.source_id, s.name, s.connector, w.stream, w.record_table, w.word;
COMMENT ON VIEW reporting.unknown_words IS 'Status words of the broker that the connector does not know: their rows have the status unknown until it does.';
COMMENT ON COLUMN reporting.unknown_words.source IS 'Name of the source.';
COMMENT ON COLUMN reporting.unknown_words.connector IS 'Connector of the source.';
COMMENT ON COLUMN reporting.unknown_words.stream IS 'The stream; see affsync.stream.';
COMMENT ON COLUMN reporting.unknown_words.record_table IS 'The record table that holds the rows.';
COMMENT ON COLUMN reporting.unknown_words.word IS 'The word, as in broker_status; null if the connector does not store it.';
COMMENT ON COLUMN reporting.unknown_words.rows IS 'Number of rows with this word that are not deleted.';
COMMENT ON COLUMN reporting.unknown_words.first_seen_at IS 'When affsync first stored one of them.';
COMMENT ON COLUMN reporting.unknown_words.source_id IS 'The source; see affsync.source.';
