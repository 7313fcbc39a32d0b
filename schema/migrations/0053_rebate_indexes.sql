-- affsync: outside of a transaction
-- What is asked of some days and of running totals of rebates reads the rows that it is about. The
-- conditions keep these indexes from serving a search by key, as with those of commission.
CREATE INDEX CONCURRENTLY IF NOT EXISTS rebate_passed_on ON affsync.rebate
  (source_id, ((occurred_at AT TIME ZONE 'UTC')::date), stream)
  WHERE (occurred_at AT TIME ZONE 'UTC')::date IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS rebate_without_day ON affsync.rebate (source_id)
  WHERE (occurred_at AT TIME ZONE 'UTC')::date IS NULL AND grain IS DISTINCT FROM 'lifetime';
CREATE INDEX CONCURRENTLY IF NOT EXISTS rebate_running_totals ON affsync.rebate
  (source_id, stream, external_id) WHERE grain = 'lifetime';
