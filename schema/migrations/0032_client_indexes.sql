-- affsync: outside of a transaction
-- What is asked of one client, or of a page of them, reads their rows.
-- An empty reference and none are the same client: nobody. An index cannot hold a text of any length, so
-- the few long ones are found apart.
CREATE INDEX CONCURRENTLY IF NOT EXISTS commission_of_client ON affsync.commission
  (source_id, (nullif(client_ref, '')))
  WHERE nullif(client_ref, '') IS NOT NULL AND (octet_length(coalesce(client_ref, '')) > 1000)::integer <> 1;
CREATE INDEX CONCURRENTLY IF NOT EXISTS commission_of_long_ref ON affsync.commission (source_id)
  WHERE (octet_length(coalesce(client_ref, '')) > 1000)::integer = 1;
CREATE INDEX CONCURRENTLY IF NOT EXISTS rebate_of_client ON affsync.rebate
  (source_id, (nullif(client_ref, '')))
  WHERE nullif(client_ref, '') IS NOT NULL AND (octet_length(coalesce(client_ref, '')) > 1000)::integer <> 1;
CREATE INDEX CONCURRENTLY IF NOT EXISTS rebate_of_long_ref ON affsync.rebate (source_id)
  WHERE (octet_length(coalesce(client_ref, '')) > 1000)::integer = 1;
CREATE INDEX CONCURRENTLY IF NOT EXISTS client_of_client ON affsync.client
  (source_id, (nullif(client_ref, '')))
  WHERE nullif(client_ref, '') IS NOT NULL AND (octet_length(coalesce(client_ref, '')) > 1000)::integer <> 1;
CREATE INDEX CONCURRENTLY IF NOT EXISTS client_of_long_ref ON affsync.client (source_id)
  WHERE (octet_length(coalesce(client_ref, '')) > 1000)::integer = 1;
-- PostgreSQL takes no statistics of an expression from an index that leaves rows out.
CREATE STATISTICS IF NOT EXISTS affsync.commission_clients ON (nullif(client_ref, '')) FROM affsync.commission;
CREATE STATISTICS IF NOT EXISTS affsync.rebate_clients ON (nullif(client_ref, '')) FROM affsync.rebate;
CREATE STATISTICS IF NOT EXISTS affsync.client_refs ON (nullif(client_ref, '')) FROM affsync.client;
COMMENT ON STATISTICS affsync.commission_clients IS 'Rows by client.';
COMMENT ON STATISTICS affsync.rebate_clients IS 'Rows by client.';
COMMENT ON STATISTICS affsync.client_refs IS 'Rows by client.';
