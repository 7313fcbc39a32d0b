-- affsync: outside of a transaction
-- What is asked of some days, of one client and of running totals reads the rows that it is about.
-- The conditions keep these indexes from serving a search by key: while the statistics do not know a
-- stream, PostgreSQL takes any index that could for as good as the key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS commission_earned_on ON affsync.commission
  (source_id,
   (coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date, (occurred_to AT TIME ZONE 'UTC')::date)),
   stream)
  WHERE coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date, (occurred_to AT TIME ZONE 'UTC')::date) IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS commission_without_day ON affsync.commission (source_id)
  WHERE coalesce(occurred_on, (occurred_at AT TIME ZONE 'UTC')::date, (occurred_to AT TIME ZONE 'UTC')::date) IS NULL
    AND grain IS DISTINCT FROM 'lifetime';
CREATE INDEX CONCURRENTLY IF NOT EXISTS commission_running_totals ON affsync.commission
  (source_id, stream, external_id) WHERE grain = 'lifetime';
DROP INDEX CONCURRENTLY IF EXISTS affsync.commission_by_day;

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
