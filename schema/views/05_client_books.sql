-- One row per client, merged from all rows and streams of its source: each column has the value that
-- changed last, and times of what happens once have the earliest, as in reporting.conversion_funnel. Running
-- figures of several rows of one stream, such as a client's accounts, are parts of one sum.
CREATE OR REPLACE VIEW affsync.client_books AS
SELECT
  c.source_id,
  c.client_ref,
  (array_agg(c.country ORDER BY c.changed_at DESC, c.stream, c.external_id)
     FILTER (WHERE c.country IS NOT NULL))[1] AS country,
  (array_agg(c.status ORDER BY c.changed_at DESC, c.stream, c.external_id)
     FILTER (WHERE c.status IS NOT NULL))[1] AS status,
  min(c.registered_at) AS registered_at,
  min(c.first_deposit_at) AS first_deposit_at,
  min(c.first_trade_at) AS first_trade_at,
  (array_agg(c.link_code ORDER BY c.changed_at DESC, c.stream, c.external_id)
     FILTER (WHERE c.link_code IS NOT NULL))[1] AS link_code,
  (array_agg(c.campaign ORDER BY c.changed_at DESC, c.stream, c.external_id)
     FILTER (WHERE c.campaign IS NOT NULL))[1] AS campaign,
  (array_agg(c.volume_lots ORDER BY c.changed_at DESC, c.stream, c.external_id)
     FILTER (WHERE c.volume_lots IS NOT NULL))[1] AS volume_lots,
  (array_agg(c.earned_usd ORDER BY c.changed_at DESC, c.stream, c.external_id)
     FILTER (WHERE c.earned_usd IS NOT NULL))[1] AS earned_usd,
  (array_agg(c.rebate_usd ORDER BY c.changed_at DESC, c.stream, c.external_id)
     FILTER (WHERE c.rebate_usd IS NOT NULL))[1] AS rebate_usd,
  max(c.last_activity_at) AS last_activity_at,
  bool_or(c.has_deposit) AS has_deposit
FROM (
  SELECT
    k.source_id, k.client_ref, k.stream, k.external_id, k.changed_at, k.country, k.status,
    k.registered_at, k.first_deposit_at, k.first_trade_at, k.link_code, k.campaign,
    k.last_activity_at, k.has_deposit,
    sum(k.volume_lots) OVER of_stream AS volume_lots,
    sum(k.earned_usd) OVER of_stream AS earned_usd,
    sum(k.rebate_usd) OVER of_stream AS rebate_usd
  FROM affsync.client k
  LEFT JOIN affsync.stream st ON st.source_id = k.source_id AND st.stream = k.stream
  WHERE k.deleted_at IS NULL AND k.client_ref IS NOT NULL
    AND coalesce(st.in_reports, true) AND st.retired_at IS NULL
  WINDOW of_stream AS (PARTITION BY k.source_id, k.client_ref, k.stream)
) c
GROUP BY c.source_id, c.client_ref;
COMMENT ON VIEW affsync.client_books IS 'The clients in reports, one row each: not deleted, and from streams that the connector still has. If several streams have the same client, the latest value counts; running figures of several rows of one stream are added.';
COMMENT ON COLUMN affsync.client_books.source_id IS 'The source; see affsync.source.';
COMMENT ON COLUMN affsync.client_books.client_ref IS 'The client.';
COMMENT ON COLUMN affsync.client_books.country IS 'Country code, as given by the broker.';
COMMENT ON COLUMN affsync.client_books.status IS 'Status of the client.';
COMMENT ON COLUMN affsync.client_books.registered_at IS 'When the client registered; the earliest of its rows.';
COMMENT ON COLUMN affsync.client_books.first_deposit_at IS 'First deposit; the earliest of its rows.';
COMMENT ON COLUMN affsync.client_books.first_trade_at IS 'First trade; the earliest of its rows.';
COMMENT ON COLUMN affsync.client_books.link_code IS 'The partner link that the client came through.';
COMMENT ON COLUMN affsync.client_books.campaign IS 'The campaign that the client came through.';
COMMENT ON COLUMN affsync.client_books.volume_lots IS 'Volume traded so far, in lots.';
COMMENT ON COLUMN affsync.client_books.earned_usd IS 'What the partner earned with the client so far, in US dollars; a running total of the broker.';
COMMENT ON COLUMN affsync.client_books.rebate_usd IS 'What was passed on to the client so far, in US dollars; a running total of the broker.';
COMMENT ON COLUMN affsync.client_books.last_activity_at IS 'Latest activity in any stream.';
COMMENT ON COLUMN affsync.client_books.has_deposit IS 'Whether the client ever deposited, according to any stream; null if unknown.';
